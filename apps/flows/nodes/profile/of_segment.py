"""What nodes have in common that let people enter segments and leave them."""

from dataclasses import dataclass
from typing import ClassVar

from apps.core.typed_settings import reference
from apps.flows.definition import references
from apps.flows.engine.moves import Go, Membership, Move
from apps.flows.engine.step import Step
from apps.flows.node import Effects, Node, Place


def check_segment(place: Place, field: str, segment: str) -> None:
    """Refuse a segment that there is not, or that does not go by flows."""
    if not place.is_stored and (refusal := references.refusal_of_segment(segment)):
        place.refuse(field, refusal)


def is_member(step: Step, segment: str) -> bool:
    """Tell whether the person is in a segment just now."""
    return segment in (step.scope.get("profile") or {}).get("segments", ())


class OfSegment(Node):
    """A node after which the person is in a segment that goes by flows, or is not."""

    group = "profile"
    effects = Effects.SEGMENTS
    has_error_port = True
    needs_person = True
    example = {"segment": "reminded"}
    is_in: ClassVar[bool]  # afterwards

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """The segment."""

        segment: str = reference("Segment", to="segment", help="One whose members go by flows.")

    def __init__(self, settings: Settings, place: Place) -> None:
        self._segment = settings.segment
        check_segment(place, "segment", settings.segment)

    @classmethod
    def segments_of(cls, settings: Settings) -> tuple[tuple[str, bool], ...]:
        """Name the segment."""
        return ((settings.segment, cls.is_in),)

    def run(self, step: Step) -> Move:
        """Let them enter, or leave."""
        return Go(memberships=(Membership(self._segment, is_in=self.is_in),))
