"""Several conditions at once, whose answers others use."""

from collections.abc import Iterator
from dataclasses import dataclass

from apps.core.typed_settings import Problem, condition, items, text
from apps.flows.engine.moves import Go, Move
from apps.flows.engine.step import Step
from apps.flows.node import Node, Place, register
from apps.flows.nodes.results import check_name, into, placed


@dataclass(frozen=True, kw_only=True)
class Named:
    """A condition, and what its answer is called."""

    name: str = text("Name", max_length=60, check=check_name, help="Of its answer: payload@judged.name.")
    condition: str = condition("Condition")


@register
class Judge(Node):
    """Conditions are judged, and the payload gets what came of each by its name: true, false, or null.

    Null is what cannot be told, such as a comparison with a value that is missing. The answers can be sent, set in
    fields, or asked for by conditions further on: payload@judged.is_rich = true.
    """

    key, group, title, icon, order = "judge", "flow", "Judge conditions", "checklist", 45
    has_error_port = True
    example = {
        "conditions": [
            {"name": "is_buyer", "condition": "event@properties.total > 0"},
            {"name": "is_pro", "condition": 'profile@traits.plan = "pro"'},
        ]
    }

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """What is asked."""

        conditions: tuple[Named, ...] = items("Conditions", Named, least=1, most=20)
        into: str = into("judged")

        def problems(self) -> Iterator[Problem]:
            """Refuse two of a name."""
            names = [each.name for each in self.conditions]
            for place, name in enumerate(names):
                if name in names[:place]:
                    yield Problem(f"conditions.{place}.name", f"There are two conditions {name}.")

    def __init__(self, settings: Settings, place: Place) -> None:
        self._into = settings.into
        self._conditions = {
            each.name: place.condition(f"conditions.{nth}.condition", each.condition)
            for nth, each in enumerate(settings.conditions)
        }

    def run(self, step: Step) -> Move:
        """Judge them all."""
        judged = {name: holds(step) for name, holds in self._conditions.items()}
        return Go(payload=placed(step.payload, self._into, judged))
