"""List what the person did, one after the other."""

from dataclasses import dataclass
from datetime import timedelta

from apps.core.typed_settings import number, yes_no
from apps.flows.engine.moves import Go, Move
from apps.flows.engine.step import Step
from apps.flows.node import Node, Place, register
from apps.flows.nodes.looking_back import how_far
from apps.flows.nodes.results import into, placed


@register
class EventSequence(Node):
    """The types of the person's latest events go into the payload as a list, the oldest first.

    The event that started the flow is one of them. What the platform tells of by itself, such as that somebody entered
    a segment, is left out.
    """

    key, group, title, icon, order = "event-sequence", "past", "List latest events", "format_list_numbered", 40
    has_error_port = True
    needs_person = True
    example = {"most": 10, "within": "1 day", "into": "sequence"}

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """How many of them."""

        most: int = number("At most", least=1, most=how_far.MOST, default=20)
        within: timedelta = how_far.within()
        is_of_session: bool = yes_no("Only since this session began", default=False)
        into: str = into("sequence")

    def __init__(self, settings: Settings, place: Place) -> None:
        self._settings = settings

    def run(self, step: Step) -> Move:
        """Ask for them."""
        said = self._settings
        if step.answer is None:
            within = min(said.within, how_far.of_session(step)) if said.is_of_session else said.within
            return how_far.ask(step, "past_event", within, type="", match=None, most=said.most)
        types = [event["type"] for event in reversed(step.answer)]
        return Go(payload=placed(step.payload, said.into, types))
