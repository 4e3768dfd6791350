"""What an editor shows on the nodes and edges of a version while people go through it, asked again every few seconds.

Many may look at once, and some of it is counted from all runs of the period: so an answer is kept for a while, in each
process, for the longer the longer it took.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from apps.core.limits import TooSlow, at_most
from apps.core.memory import Memory
from apps.flows.describing import figures, goal_rates, run_path
from apps.flows.describing.figures import NodeFigures
from apps.flows.describing.goal_rates import Reached, Split
from apps.flows.describing.periods import Period
from apps.flows.models import FlowVersion, Run

KEPT_SECS: Final = 2.0
_TIMES: Final = 10  # so many times as long as it took is an answer good: counting takes a tenth of the time at most
_MOST: Final = 200  # answers that are kept
_COUNT_SECS: Final = 4.0  # of one statement


@dataclass(frozen=True, slots=True)
class Counts:
    """How people go through a version; null where counting takes too long."""

    at: datetime
    n_inside: int
    n_elsewhere: int
    nodes: tuple[NodeFigures, ...] | None
    endings: Mapping[Run.Status, int]

    def edges(self, definition: Mapping[str, Any]) -> dict[str, int]:
        """Return {an edge as `from.port -> to`: how many went by it}; all edges of a port have its count."""
        left = {each.node: each.left for each in self.nodes or ()}
        ways = run_path.edges_of(definition).items()
        return {edge: left.get(node, {}).get(port, 0) for (node, port), edges in ways for edge in edges}


@dataclass(frozen=True, slots=True)
class Results:
    """What comes of a version."""

    reached: Reached
    splits: tuple[Split, ...]


class _Answers(Memory):
    """The answers that were given last, by what was asked."""

    def __init__(self) -> None:
        super().__init__()
        self._found: OrderedDict[Any, tuple[float, Any]] = OrderedDict()  # until when it is good, and what it is
        self._asking: dict[Any, threading.Lock] = {}
        self._lock = threading.Lock()

    def get(self, asked: Any, count: Callable[[], Any]) -> Any:
        """Return what is known, or count it; who asks for it meanwhile waits for that."""
        with self._lock:
            asking = self._asking.setdefault(asked, threading.Lock())
        with asking:
            good_until, answer = self._found.get(asked, (0.0, None))
            if time.monotonic() >= good_until:
                began = time.monotonic()
                answer = count()
                took = time.monotonic() - began
                self._keep(asked, began + took + max(KEPT_SECS, _TIMES * took), answer)
        return answer

    def forget(self) -> None:
        """Count anew."""
        with self._lock:
            self._found.clear()
            self._asking.clear()

    def _keep(self, asked: Any, good_until: float, answer: Any) -> None:
        with self._lock:
            self._found[asked] = good_until, answer
            self._found.move_to_end(asked)
            while len(self._found) > _MOST:
                self._asking.pop(self._found.popitem(last=False)[0], None)


_answers: Final = _Answers()


def counts(version: FlowVersion, period: Period, *, asked: str, now: datetime) -> Counts:
    """Return how people go through a version.

    `asked` names the period: one that lasts until now is another one each time, and yet the same question.
    """

    def count() -> Counts:
        try:
            with at_most(_COUNT_SECS):
                nodes = tuple(figures.nodes(version, period))
        except TooSlow:
            nodes = None
        ended = figures.endings(version, period)
        return Counts(now, *figures.n_inside(version), nodes, ended)

    found: Counts = _answers.get(("counts", version.pk, asked), count)
    return found


def results(version: FlowVersion, period: Period, *, asked: str) -> Results | None:
    """Return what comes of a version; null: counting takes too long."""

    def count() -> Results | None:
        try:
            with at_most(_COUNT_SECS):
                return Results(goal_rates.reached(version, period), tuple(goal_rates.splits(version, period)))
        except TooSlow:
            return None

    found: Results | None = _answers.get(("results", version.pk, asked), count)
    return found
