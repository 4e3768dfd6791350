"""What stands for a value in a table."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from apps.core.typed_settings import Problem, template, yes_no
from apps.flows.engine.moves import Go, Move
from apps.flows.engine.step import Step
from apps.flows.node import Node, Place, register
from apps.flows.nodes.data.given import given, said
from apps.flows.nodes.json_checks import check_object
from apps.flows.nodes.results import into, placed

MAX_ENTRIES: Final = 1_000
MAX_CHARS: Final = 2_000


def _check_table(value: Any) -> None:
    check_object(value)
    if not 0 < len(value) <= MAX_ENTRIES:
        raise ValueError(f"A table has 1 to {MAX_ENTRIES:,} entries.")


@register
class MapValue(Node):
    """A value is looked up in a table, and what stands there goes into the payload: the name of a country by its code.

    Numbers are looked up as they are written, yes and no as true and false. Whoever has a value that is not in the
    table, or none, leaves by else.
    """

    key, group, title, icon, order = "map-value", "data", "Look up in a table", "table_view", 40
    ports = ("found", "else")
    has_error_port = True
    example = {
        "value": "event@properties.country",
        "table": {"no": "Norway", "se": "Sweden", "dk": "Denmark"},
        "otherwise": "Elsewhere",
        "into": "country",
    }

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """What is looked up, and where."""

        value: str = given("Value")
        table: Any = template(
            "Table", check=_check_table, help='{"no": "Norway", "se": "Sweden"}: text by text, or JSON.'
        )
        ignores_case: bool = yes_no("Capitals and small letters are the same", default=True)
        otherwise: Any = template("For all others", default=None, help="What stands in the payload at else.")
        into: str = into("result")

        def problems(self) -> Iterator[Problem]:
            """Refuse entries that mean the same."""
            seen: dict[str, str] = {}
            for name in self.table:
                other = seen.setdefault(_folded(name, ignores_case=self.ignores_case), name)
                if other != name:
                    yield Problem(f"table.{name}", f"It is the same as {other}.")

    def __init__(self, settings: Settings, place: Place) -> None:
        self._ignores_case, self._into = settings.ignores_case, settings.into
        self._value = place.value("value", settings.value)
        self._table = {
            _folded(name, ignores_case=self._ignores_case): place.value(f"table.{name}", entry)
            for name, entry in settings.table.items()
        }
        self._otherwise = place.value("otherwise", settings.otherwise)

    def run(self, step: Step) -> Move:
        """Look it up."""
        value = self._value(step.scope)
        text = str(value).lower() if isinstance(value, bool) else said(value, most=MAX_CHARS)
        entry = None if text is None else self._table.get(_folded(text, ignores_case=self._ignores_case))
        found = (entry or self._otherwise)(step.scope)
        return Go("found" if entry else "else", payload=placed(step.payload, self._into, found))


def _folded(text: str, *, ignores_case: bool) -> str:
    return text.strip().casefold() if ignores_case else text.strip()
