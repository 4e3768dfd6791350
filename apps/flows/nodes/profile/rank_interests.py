"""Let what the person cares about most decide on their segments."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from apps.core.typed_settings import Problem, items, number, reference, text
from apps.flows.engine.moves import Go, Membership, Move
from apps.flows.engine.step import Step
from apps.flows.node import Effects, Node, Place, register
from apps.flows.nodes.profile.of_segment import check_segment
from apps.flows.nodes.results import into, placed


@dataclass(frozen=True, kw_only=True)
class Ranked:
    """An interest, and the segment of those who care about it most."""

    interest: str = text("Interest", max_length=100, help="Its name: shoes for interests.shoes.")
    segment: str = reference("Segment", to="segment", help="One whose members go by flows.")


@register
class RankInterests(Node):
    """The interests of a table are ranked by their scores; the person enters the segments of the first few.

    They leave the segments of the others. Of equal scores that comes first which stands above in the table; scores
    below the least do not count. The payload gets the names of those that came first, the highest score first.
    """

    key, group, title, icon, order = "rank-interests", "profile", "Rank interests", "leaderboard", 90
    effects = Effects.SEGMENTS
    has_error_port = True
    needs_person = True
    example = {
        "interests": [
            {"interest": "shoes", "segment": "likes-shoes"},
            {"interest": "hats", "segment": "likes-hats"},
        ],
        "top": 1,
    }

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """Which interests, and how many come first."""

        interests: tuple[Ranked, ...] = items("Interests", Ranked, least=1, most=50)
        top: int = number("How many", least=1, most=50, default=1)
        least: float = number("Least score", is_whole=False, default=1.0)
        into: str = into("interests")

        def problems(self) -> Iterator[Problem]:
            """Refuse two rows of an interest."""
            names = [each.interest for each in self.interests]
            for place, name in enumerate(names):
                if name in names[:place]:
                    yield Problem(f"interests.{place}.interest", f"{name} is there twice.")

    def __init__(self, settings: Settings, place: Place) -> None:
        self._settings = settings
        for nth, each in enumerate(settings.interests):
            check_segment(place, f"interests.{nth}.segment", each.segment)

    @classmethod
    def segments_of(cls, settings: Settings) -> tuple[tuple[str, bool], ...]:
        """Name all segments: people enter them, and leave them."""
        return tuple((each.segment, is_in) for each in settings.interests for is_in in (True, False))

    def run(self, step: Step) -> Move:
        """Rank, and let them enter and leave."""
        said, scores = self._settings, (step.scope.get("profile") or {}).get("interests")
        scored = [(each, score) for each in said.interests if (score := _score(scores, each.interest)) is not None]
        ranked = sorted((each for each in scored if each[1] >= said.least), key=lambda each: -each[1])
        first = [each for each, _ in ranked[: said.top]]
        entered = {each.segment for each in first}
        segments = dict.fromkeys(each.segment for each in said.interests)
        return Go(
            payload=placed(step.payload, said.into, [each.interest for each in first]),
            memberships=tuple(Membership(segment, is_in=segment in entered) for segment in segments),
        )


def _score(scores: Any, interest: str) -> float | None:
    found = scores.get(interest) if isinstance(scores, dict) else None
    return found if isinstance(found, int | float) and not isinstance(found, bool) else None
