"""Let the person change from one segment to another."""

from collections.abc import Iterator
from dataclasses import dataclass

from apps.core.typed_settings import Problem, reference, yes_no
from apps.flows.engine.moves import Go, Membership, Move
from apps.flows.engine.step import Step
from apps.flows.node import Effects, Node, Place, register
from apps.flows.nodes.profile.of_segment import check_segment, is_member


@register
class MoveSegment(Node):
    """The person leaves one segment and enters another, both of which go by flows: a step of a funnel, or of a life.

    Whoever is not in the first stays where they are, unless the node says that it does not matter. Both are announced,
    as with any segment.
    """

    key, group, title, icon, order = "move-segment", "profile", "Move to a segment", "move_group", 70
    effects = Effects.SEGMENTS
    has_error_port = True
    needs_person = True
    example = {"leaves": "newcomers", "enters": "regulars"}

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """From where, and whereto."""

        leaves: str = reference("From segment", to="segment", help="One whose members go by flows.")
        enters: str = reference("To segment", to="segment", help="One whose members go by flows.")
        only_members: bool = yes_no("Only who is in the first", default=True)

        def problems(self) -> Iterator[Problem]:
            """Refuse a move that is none."""
            if self.leaves == self.enters:
                yield Problem("enters", "It is the segment that they leave.")

    def __init__(self, settings: Settings, place: Place) -> None:
        self._settings = settings
        self._moves = (Membership(settings.leaves, is_in=False), Membership(settings.enters, is_in=True))
        for name in ("leaves", "enters"):
            check_segment(place, name, getattr(settings, name))

    @classmethod
    def segments_of(cls, settings: Settings) -> tuple[tuple[str, bool], ...]:
        """Name both."""
        return (settings.leaves, False), (settings.enters, True)

    def run(self, step: Step) -> Move:
        """Move them."""
        if self._settings.only_members and not is_member(step, self._settings.leaves):
            return Go()
        return Go(memberships=self._moves)
