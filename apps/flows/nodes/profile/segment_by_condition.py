"""Let a condition say whether the person is in a segment."""

from dataclasses import dataclass
from typing import Final

from apps.core.typed_settings import choice, condition, reference
from apps.flows.engine.moves import Go, Membership, Move
from apps.flows.engine.step import Step
from apps.flows.node import Effects, Node, Place, register
from apps.flows.nodes.profile.of_segment import check_segment

LEAVES, STAYS = "leaves", "stays"
_UNKNOWN: Final = {LEAVES: "They are not in it", STAYS: "It stays as it is"}


@register
class SegmentByCondition(Node):
    """Whoever meets a condition enters a segment that goes by flows, everybody else leaves it.

    It is judged once, when they come: a segment that goes by a condition itself is judged whenever something changes.
    Here the condition may ask about what only a flow knows: the event, the payload, and what was remembered.
    """

    key, group, title, icon, order = "segment-by-condition", "profile", "Segment by a condition", "rule", 80
    effects = Effects.SEGMENTS
    has_error_port = True
    needs_person = True
    example = {"segment": "big-spenders", "condition": "event@properties.total > 100"}

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """Which segment, and who is in it."""

        segment: str = reference("Segment", to="segment", help="One whose members go by flows.")
        condition: str = condition("Who is in it", help="As in the node Condition: event@properties.total > 100.")
        unknown: str = choice("Where it cannot be told", _UNKNOWN, default=LEAVES)

    def __init__(self, settings: Settings, place: Place) -> None:
        self._settings = settings
        self._holds = place.condition("condition", settings.condition)
        check_segment(place, "segment", settings.segment)

    @classmethod
    def segments_of(cls, settings: Settings) -> tuple[tuple[str, bool], ...]:
        """Name the segment: people enter it, and leave it."""
        return (settings.segment, True), (settings.segment, False)

    def run(self, step: Step) -> Move:
        """Judge, and let them enter or leave."""
        holds = self._holds(step)
        if holds is None and self._settings.unknown == STAYS:
            return Go()
        return Go(memberships=(Membership(self._settings.segment, is_in=holds is True),))
