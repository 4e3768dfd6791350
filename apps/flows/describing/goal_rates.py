"""What comes of flows: how many of those who entered reached the goal, of each version, and by each branch of a split.

All of it is counted from the rows of runs: `goal_at`, which a run has once it has reached a goal, and its path.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import connection

from apps.flows.changing.publishing import names_of
from apps.flows.describing.periods import WHOLE, Period
from apps.flows.describing.proportions import Difference, Share, Verdict, difference
from apps.flows.models import FlowVersion

N_SPLIT: Final = 100_000  # the last runs, of which the branches are read from their paths
N_VERSIONS: Final = 10
SPLIT: Final = "split"  # the kind of node
_UNTREATED: Final = ("holdout", "control")  # branches that others are compared with
_VERSIONS: Final = f"""
SELECT version.number, count(*), count(*) FILTER (WHERE goal_at <= coalesce(ended_at, 'infinity')),
    count(*) FILTER (WHERE goal_at > ended_at)
FROM flows_run AS run JOIN flows_flowversion AS version ON version.id = version_id
WHERE run.flow_id = %s
GROUP BY version.number ORDER BY version.number DESC LIMIT {N_VERSIONS:d}
"""  # noqa: S608 - a number of ours
_LAST_RUNS: Final = f"""
SELECT id, ended_at, goal_at, state FROM flows_run
WHERE version_id = %(version)s AND flow_id = %(flow)s AND id >= %(first)s AND id < %(last)s
ORDER BY id DESC LIMIT {N_SPLIT}
"""  # noqa: S608
_REACHED: Final = f"""
SELECT count(*), count(*) FILTER (WHERE goal_at <= coalesce(ended_at, 'infinity')),
    count(*) FILTER (WHERE goal_at > ended_at)
FROM ({_LAST_RUNS}) AS run
"""  # noqa: S608
_BY_GOAL: Final = f"""
SELECT goal, count(*) FROM ({_LAST_RUNS}) AS run, jsonb_object_keys(run.state -> 'goals') AS goal
WHERE goal_at IS NOT NULL GROUP BY goal
"""  # noqa: S608
# Of somebody who came to a split more than once the first branch counts.
_BRANCHES: Final = f"""
SELECT node, port, count(*), count(goal_at) FROM (
    SELECT DISTINCT ON (run.id, part.value ->> 0) part.value ->> 0 AS node, part.value ->> 1 AS port, goal_at
    FROM ({_LAST_RUNS}) AS run, jsonb_array_elements(run.state -> 'path') WITH ORDINALITY AS part
    WHERE part.value ->> 0 = ANY(%(splits)s)
    ORDER BY run.id, part.value ->> 0, part.ordinality
) AS first GROUP BY node, port
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Version:
    """How many entered a version, and reached the goal."""

    number: int
    entered: int
    reached_during: int  # while they were in it
    reached_after: int  # within the time of the goal, when their run had ended

    @property
    def reached(self) -> int:
        """All of them."""
        return self.reached_during + self.reached_after

    @property
    def reached_percent(self) -> float | None:
        """Of those who entered; nobody did: null."""
        return 100 * self.reached / self.entered if self.entered else None


@dataclass(frozen=True, slots=True)
class Goal:
    """How many reached one of the goals."""

    id: str
    name: str
    share: Share


@dataclass(frozen=True, slots=True)
class Reached:
    """How many of those who began in a period reached a goal."""

    version: Version
    goals: tuple[Goal, ...]

    @property
    def share(self) -> Share:
        """Of all goals."""
        return Share(self.version.reached, self.version.entered)


@dataclass(frozen=True, slots=True)
class Branch:
    """How many took a branch, and reached the goal."""

    port: str
    entered: int = 0
    reached: int = 0

    @property
    def reached_percent(self) -> float | None:
        """Of those who took it; nobody did: null."""
        return 100 * self.reached / self.entered if self.entered else None

    @property
    def range_percent(self) -> tuple[float, float] | None:
        """Between what the true percentage is, by what was seen so far, in 95 of 100 cases (Wilson's interval)."""
        interval = self.share.interval
        return (100 * interval[0], 100 * interval[1]) if interval else None

    @property
    def share(self) -> Share:
        """Of those who took it."""
        return Share(self.reached, self.entered)

    @property
    def said(self) -> str:
        """Say it."""
        if self.range_percent is None:
            return ""
        least, most = self.range_percent
        return f"{self.reached_percent:.1f} %, between {least:.1f} and {most:.1f} % by what is known"


@dataclass(frozen=True, slots=True)
class Split:
    """What came of the branches of a split."""

    node: str
    name: str
    branches: tuple[Branch, ...]

    @property
    def against(self) -> Branch:
        """The one with which others are compared: a holdout or a control, if one is called so, else the first."""
        return next((each for each in self.branches if each.port in _UNTREATED), self.branches[0])

    def compared(self, branch: Branch) -> Difference | None:
        """Compare a branch with that one; null: it is the one, or nobody took one of them."""
        return None if branch.port == self.against.port else difference(branch.share, self.against.share)

    @property
    def verdict(self) -> str:
        """Say whether a branch does better, or whether that may be chance."""
        taken = sorted((each for each in self.branches if each.entered), key=lambda each: -each.reached / each.entered)
        if len(taken) < 2:
            return "Nothing to compare yet: people have taken one branch at most."
        best, *others = taken
        found = {each.port: difference(best.share, each.share) for each in others}
        verdicts = {port: each.verdict for port, each in found.items() if each}
        beaten = [port for port, verdict in verdicts.items() if verdict is Verdict.BETTER]
        if beaten:
            return f"More reach the goal by {best.port} than by {', '.join(beaten)}: hardly by chance."
        if Verdict.EARLY in verdicts.values():
            return "Too early to tell: of so few people what differs may be chance."
        return "No branch is ahead for sure: what differs may be chance."


def versions(flow_id: UUID) -> list[Version]:
    """Return what came of the last versions that somebody entered, the latest first."""
    with connection.cursor() as cursor:
        cursor.execute(_VERSIONS, [flow_id])
        return [Version(*row) for row in cursor.fetchall()]


def reached(version: FlowVersion, period: Period = WHOLE) -> Reached:
    """Return how many of the last runs of a version that began in a period reached its goals."""
    values = _values(version, period)
    with connection.cursor() as cursor:
        cursor.execute(_REACHED, values)
        whole = Version(version.number, *cursor.fetchone())
        goals = version.definition.get("goals", ())
        by_id = {goal["id"]: whole.reached for goal in goals}
        if len(goals) > 1:  # to look into what each run remembers takes long
            cursor.execute(_BY_GOAL, values)
            by_id = dict.fromkeys(by_id, 0) | dict(cursor.fetchall())
    named = [(goal["id"], goal.get("name") or goal["id"]) for goal in goals]
    return Reached(whole, tuple(Goal(id, name, Share(by_id[id], whole.entered)) for id, name in named))


def splits(version: FlowVersion, period: Period = WHOLE) -> list[Split]:
    """Return what came of each branch of the splits of a version, of its last runs that began in a period."""
    names, ports = names_of(version.definition), _ports_of(version.definition)
    if not ports:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_BRANCHES, {**_values(version, period), "splits": list(ports)})
        found = {(node, port): Branch(port, n, n_reached) for node, port, n, n_reached in cursor.fetchall()}
    return [
        Split(node, names[node], tuple(found.get((node, port), Branch(port)) for port in of_node))
        for node, of_node in ports.items()
    ]


def has_goals(version: FlowVersion) -> bool:
    """Tell whether a version has a goal, without which there is nothing to tell of its results."""
    return bool(version.definition.get("goals"))


def _values(version: FlowVersion, period: Period) -> dict[str, Any]:
    first, last = period.ids
    return {"version": version.pk, "flow": version.flow_id, "first": first, "last": last}


def _ports_of(document: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return {split: its branches}."""
    return {
        node["id"]: [branch["port"] for branch in node["settings"]["branches"]]
        for node in document.get("nodes", ())
        if node["kind"] == SPLIT and not node.get("is_disabled")
    }
