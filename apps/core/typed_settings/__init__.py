"""Settings that people fill in, declared once: one dataclass, of which form, JSON schema, checks and docs are made.

    @dataclass(frozen=True, kw_only=True)
    class Call:
        url: str = text("Address", help="Where the request goes.", max_length=2_000)
        method: str = choice("Method", {"GET": "GET", "POST": "POST"}, default="POST")
        body: Any = template("Body", default=None, when=("method", "POST"))
        time_out: timedelta = duration("Time-out", default=timedelta(seconds=10), most=timedelta(minutes=1))
        token: str = secret("Token", default="")

        def problems(self) -> Iterator[Problem]:  # optional: what no field can tell alone
            if self.token and not self.url.startswith("https:"):
                yield Problem("url", "A token travels by https alone.")

    settings = read(Call, {"url": "https://example.com"})  # Call, or SettingsError with *all* problems, by path
    write(settings)                                        # the document again: read(Call, write(x)) == x
    schema_of(Call)                                        # JSON schema, in the order of the fields
    rows_of(Call)                                          # what a document tells of each field

Every field takes `label`, `help`, `default`, `check` and `when`:

- Without `default` it has to be filled in. With `default=None` it may be null.
- `check(value)` raises ValueError with a whole sentence where the value is wrong in a way of its own.
- `when=("method", "POST", "PUT")`: it is there only while another field has one of these values, and required only
  then. At all other times it has its default, or what is nothing of its kind, and a document must not name it.
- A field whose name is a word of Python ends in an underscore (`from_`), which the document does not have (`from`).

The kinds of fields, with what a dataclass holds and a document says:

| function | in Python | in a document |
|---|---|---|
| `text`, `long_text`, `secret` | str | a text; only a long one has line breaks |
| `number` | int, float if not whole | a number |
| `duration` | timedelta | "15 minutes", "1h30m" |
| `yes_no` | bool | true, false |
| `choice` | str | one of its choices |
| `texts` | tuple of str | a list of texts |
| `mapping` | dict of str | an object of texts |
| `template` | any JSON | any JSON, in which texts may refer to values |
| `condition` | str | a text of the condition language; its syntax is checked, names are for `check` |
| `reference` | str | the key of something that operators name: `to="segment"` |
| `items` | tuple of another such dataclass | a list of objects |

`apps/core/admin/settings_form.py` makes fields of an admin form of it, and reads what was typed into them.
"""

from apps.core.typed_settings.declaring import (
    choice,
    condition,
    duration,
    items,
    long_text,
    mapping,
    number,
    reference,
    secret,
    template,
    text,
    texts,
    yes_no,
)
from apps.core.typed_settings.described import rows_of, schema_of
from apps.core.typed_settings.documents import read, secret_names, unknown, write
from apps.core.typed_settings.problem import Problem, SettingsError
from apps.core.typed_settings.setting import Setting, settings_of

__all__ = [
    "Problem",
    "Setting",
    "SettingsError",
    "choice",
    "condition",
    "duration",
    "items",
    "long_text",
    "mapping",
    "number",
    "read",
    "reference",
    "rows_of",
    "schema_of",
    "secret",
    "secret_names",
    "settings_of",
    "template",
    "text",
    "texts",
    "unknown",
    "write",
    "yes_no",
]
