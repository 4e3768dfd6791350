"""Fetch what the person did before."""

from dataclasses import dataclass
from datetime import timedelta

from apps.core.typed_settings import number, reference
from apps.flows.engine.moves import Go, Move
from apps.flows.engine.step import Step
from apps.flows.node import Node, Place, register
from apps.flows.nodes.looking_back import how_far
from apps.flows.nodes.results import into, placed


@register
class GetEvent(Node):
    """An event that the person caused before goes into the payload: the latest of a type, or the second latest.

    It is there as event@ is: payload@event.properties, payload@event.time. The event that started the flow does not
    count. Whoever has caused no such event leaves by not_found.
    """

    key, group, title, icon, order = "get-event", "past", "Get an earlier event", "history", 20
    ports = ("found", "not_found")
    has_error_port = True
    needs_person = True
    example = {"event": "order-completed", "into": "order"}

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """Which event."""

        event: str = reference("Event", to="event_type", help="Its type.")
        nth: int = number("Which one", least=1, most=100, default=1, help="1 is the latest, 2 the one before it.")
        within: timedelta = how_far.within()
        into: str = into("event")

    def __init__(self, settings: Settings, place: Place) -> None:
        self._settings = settings

    def run(self, step: Step) -> Move:
        """Ask for it."""
        said, own = self._settings, how_far.started_by(step)
        if step.answer is None:
            return how_far.ask(step, "past_event", said.within, type=said.event, match=None, most=said.nth + 1)
        found = [event for event in step.answer if own is None or event.get("id") != own]
        if len(found) < said.nth:
            return Go("not_found")
        return Go("found", payload=placed(step.payload, said.into, found[said.nth - 1]))
