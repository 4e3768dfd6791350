"""Work out something of all that the person has done."""

from dataclasses import dataclass

from apps.core.typed_settings import long_text
from apps.flows.engine.moves import Go, Move
from apps.flows.engine.step import Step
from apps.flows.node import Node, Place, register
from apps.flows.nodes.results import into, placed


@register
class CountEvents(Node):
    """Past events of the person are counted, or something is made of what they say: a sum, an average, the first one.

    What is counted is written as in conditions: COUNT("page-view" LAST 7 DAYS), SUM(event@properties.total OF
    "order-completed"), and so AVERAGE, MIN, MAX, FIRST, LAST and DISTINCT, of some types or of ANY EVENT, WHERE they
    say something. A condition asks for it directly; this is for who wants to have it: in a message, in a field.
    """

    key, group, title, icon, order = "count-events", "past", "Count events", "functions", 10
    has_error_port = True
    needs_person = True
    example = {"value": 'SUM(event@properties.total OF "order-completed" LAST 90 DAYS)', "into": "spent"}

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """What is counted."""

        value: str = long_text("Value", max_length=5_000, help='COUNT("order-completed" LAST 90 DAYS), for example.')
        into: str = into("count")

    def __init__(self, settings: Settings, place: Place) -> None:
        self._into = settings.into
        self._value = place.counted("value", settings.value)

    def run(self, step: Step) -> Move:
        """Count, and hand it on."""
        return Go(payload=placed(step.payload, self._into, self._value(step)))
