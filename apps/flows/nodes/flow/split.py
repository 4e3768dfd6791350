"""Several ways: by chance."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from apps.core.typed_settings import Problem, items, number, text, yes_no
from apps.flows.engine.moves import Ask, Go, Move
from apps.flows.engine.step import Step
from apps.flows.node import Node, Place, register
from apps.flows.nodes import chance
from apps.flows.nodes.flow.branches import check_port, named_twice


@dataclass(frozen=True, kw_only=True)
class Branch:
    """One way."""

    port: str = text(
        "Port", max_length=40, format="port", check=check_port, help="Its name, in small letters: a, b, holdout."
    )
    weight: float = number(
        "Weight", least=0, most=1_000_000, is_whole=False, default=1.0, help="As against the others."
    )


@register
class Split(Node):
    """Chance decides by which way people leave, as often as the weights say: for A/B tests, and for holdouts.

    Whoever drew a branch keeps it, each time that they come to this split, through merges, and when weights change. A
    holdout is a branch that leads to an end: what the others do differently shows in the goals. Over everybody nothing
    is kept: each draws the same again, as long as the weights stay.
    """

    key, group, title, icon, order = "split", "flow", "Split", "shuffle", 50
    example = {"branches": [{"port": "mail", "weight": 90}, {"port": "holdout", "weight": 10}]}

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """The ways, and how many take each."""

        branches: tuple[Branch, ...] = items("Branches", Branch, least=2, most=20)
        is_kept: bool = yes_no("Whoever drew a branch keeps it", default=True)

        def problems(self) -> Iterator[Problem]:
            """Refuse two of a name, and that nobody could leave."""
            yield from named_twice("branches", (branch.port for branch in self.branches))
            if not sum(branch.weight for branch in self.branches):
                yield Problem("branches", "All weights are 0: nobody could leave.")

    def __init__(self, settings: Settings, place: Place) -> None:
        self._ports = [branch.port for branch in settings.branches]
        self._bounds = list(accumulate(branch.weight for branch in settings.branches))
        self._is_kept = settings.is_kept

    @classmethod
    def ports_of(cls, settings: Settings) -> tuple[str, ...]:
        """Return one for each branch."""
        return tuple(branch.port for branch in settings.branches)

    def run(self, step: Step) -> Move:
        """Draw; of people who drew already the database knows which branch."""
        profile_id = step.subject.profile_id
        if not self._is_kept or profile_id is None:
            return Go(self._drawn(step.seed))
        drawn = self._drawn(f"{step.flow_id}:{step.node}:{profile_id}")
        if step.answer is None:
            return Ask("assignment", {"branch": drawn})
        return Go(step.answer if step.answer in self._ports else drawn)  # theirs may be there no longer

    def _drawn(self, seed: str) -> str:
        point = chance.drawn(seed) * self._bounds[-1]
        return next(port for port, bound in zip(self._ports, self._bounds, strict=True) if point < bound)
