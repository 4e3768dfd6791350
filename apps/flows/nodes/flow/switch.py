"""Many ways: the first whose condition holds."""

from collections.abc import Iterator
from dataclasses import dataclass

from apps.core.typed_settings import Problem, condition, items, text
from apps.flows.engine.moves import Go, Move
from apps.flows.engine.step import Step
from apps.flows.node import ERROR, Node, Place, register
from apps.flows.nodes.flow.branches import check_port, named_twice

ELSE = "else"


@dataclass(frozen=True, kw_only=True)
class Case:
    """One way."""

    port: str = text("Port", max_length=40, format="port", check=check_port, help="Its name, in small letters.")
    condition: str = condition("If")


@register
class Switch(Node):
    """Conditions are judged in their order, and people leave by the first that holds; by else where none does.

    What cannot be told does not hold.
    """

    key, group, title, icon, order = "switch", "flow", "Switch", "call_split", 40
    ports = (ELSE,)
    example = {
        "cases": [
            {"port": "gold", "condition": 'profile@traits.plan = "gold"'},
            {"port": "silver", "condition": 'profile@traits.plan = "silver"'},
        ]
    }

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """The ways, the first that holds counts."""

        cases: tuple[Case, ...] = items("Cases", Case, least=1, most=20)

        def problems(self) -> Iterator[Problem]:
            """Refuse two of a name."""
            yield from named_twice("cases", (case.port for case in self.cases))

    def __init__(self, settings: Settings, place: Place) -> None:
        self._cases = [
            (case.port, place.condition(f"cases.{n}.condition", case.condition))
            for n, case in enumerate(settings.cases)
        ]

    @classmethod
    def ports_of(cls, settings: Settings) -> tuple[str, ...]:
        """Return one for each case, else, and error."""
        return (*(case.port for case in settings.cases), ELSE, ERROR)

    def run(self, step: Step) -> Move:
        """Find the first that holds."""
        return Go(next((port for port, holds in self._cases if holds(step)), ELSE))
