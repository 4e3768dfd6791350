"""The form of a connection: what all have, what its kind asks for, and that once more for tests.

Secrets go in, and never out.
"""

from typing import Any, Final

from django import forms
from unfold.widgets import UnfoldBooleanSwitchWidget

from apps.bridges import connections
from apps.bridges.connection_kind import kinds
from apps.bridges.models import Connection
from apps.core.admin.settings_form import form_fields, initial_of, read_from, shown_while
from apps.core.encryption import Unreadable
from apps.core.typed_settings import secret_names, settings_of

LIVE: Final = "live_"
TEST: Final = "test_"
TESTS: Final = "Of another system, to try the connection by. Flows send by the settings above alone."
TESTS_OF_READING: Final = "Of another system, to try the connection by. Bridges read by the settings above alone."
OFF_OF_READING: Final = "Off: bridges read nothing by it, and the other side keeps it."


class ConnectionForm(forms.ModelForm[Connection]):
    """A connection; `kind` is the name of its kind."""

    kind = ""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        row, cls = self.instance, kinds[self.kind].settings
        row.kind = self.kind
        self.kept = {LIVE: _kept(row, is_test=False), TEST: _kept(row, is_test=True)}
        for prefix, document in ((LIVE, row.settings), (TEST, row.test_settings)):
            made = form_fields(cls, prefix=prefix, kept=self.kept[prefix])
            self.fields.update({name: field for name, field in made.items() if name in self.fields})
            self.initial.update(initial_of(cls, document, prefix=prefix))
        for name, field in self.fields.items():
            if name.startswith(TEST):
                field.required = False  # the settings say so themselves, where there are any for tests
                shown_while(field, "tests_send", [True])
        self.initial["tests_send"] = bool(row.test_settings)
        if not kinds[self.kind].sends and "is_enabled" in self.fields:
            self.fields["is_enabled"].help_text = OFF_OF_READING

    def clean(self) -> dict[str, Any]:
        """Put what was typed into the row, secrets where no page reads them."""
        cleaned = super().clean() or {}
        cls = kinds[self.kind].settings
        live = read_from(self, cls, prefix=LIVE, kept=self.kept[LIVE])
        if live is not None:
            connections.fill(self.instance, live)
        if not cleaned.get("tests_send"):
            connections.fill(self.instance, None, is_test=True)
            return cleaned
        test = read_from(self, cls, prefix=TEST, kept=self.kept[TEST])
        if test is not None:
            connections.fill(self.instance, test, is_test=True)
        return cleaned

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # its stubs do not have it
        for problem in connections.problems(self.instance):
            if problem.path not in self.errors:
                self.add_error(problem.path, problem.message)

    @property
    def typed_secrets(self) -> list[str]:
        """The names of the secrets that somebody typed."""
        names = secret_names(kinds[self.kind].settings)
        return [name for name in self.changed_data if name.removeprefix(LIVE).removeprefix(TEST) in names]


def form_of(name: str) -> type[ConnectionForm]:
    """Make the form of a kind."""
    cls = kinds[name].settings
    told = TESTS if kinds[name].sends else TESTS_OF_READING
    tests_send = forms.BooleanField(
        label="It has settings for tests, too", required=False, widget=UnfoldBooleanSwitchWidget, help_text=told
    )
    fields = {"tests_send": tests_send, **form_fields(cls, prefix=LIVE), **form_fields(cls, prefix=TEST)}
    return type("ConnectionForm", (ConnectionForm,), {"kind": name, **fields})


def kind_title(row: Connection) -> str:
    """Say what a connection is, as people call it."""
    return kinds[row.kind].title if row.kind in kinds else row.kind


def names_of(kind: str, prefix: str) -> list[str]:
    """Name the fields of a kind."""
    return [prefix + setting.name for setting in settings_of(kinds[kind].settings)]


def _kept(row: Connection, *, is_test: bool) -> dict[str, str]:
    """Return the secrets that may stay; none where no key opens them: they have to be entered anew."""
    try:
        return connections.stored_secrets(row, is_test=is_test)
    except Unreadable:
        return {}
