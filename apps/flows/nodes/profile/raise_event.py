"""Say that something has happened."""

from dataclasses import dataclass
from typing import Any

from apps.core.typed_settings import reference, template
from apps.flows.definition import references
from apps.flows.engine.moves import Go, Move, Raised
from apps.flows.engine.step import Step
from apps.flows.node import Effects, Node, Place, register
from apps.flows.nodes.json_checks import check_object


@register
class RaiseEvent(Node):
    """An event of the person is recorded, once for each time that they come here.

    It counts as any other of its type: its mappings apply, segments and computed traits see it, and it starts flows. So
    the type has to be one of your own. Flows that start each other in a circle are stopped after ten of them.
    """

    key, group, title, icon, order = "raise-event", "profile", "Raise event", "bolt", 40
    effects = Effects.PROFILE
    has_error_port = True
    needs_person = True
    example = {"event_type": "cart-reminded", "properties": {"order_id": "event@properties.order_id"}}

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """What has happened."""

        event_type: str = reference("Event", to="event_type", help="Its type, which somebody has defined.")
        properties: Any = template(
            "Properties", default={}, check=check_object, help='An object: {"order_id": "event@properties.order_id"}.'
        )

    def __init__(self, settings: Settings, place: Place) -> None:
        self._type = settings.event_type
        if not place.is_stored and (refusal := references.refusal_of_raised(settings.event_type)):
            place.refuse("event_type", refusal)
        self._properties = place.value("properties", settings.properties)

    def run(self, step: Step) -> Move:
        """Raise it."""
        return Go(raised=(Raised(self._type, self._properties(step.scope)),))
