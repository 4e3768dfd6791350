"""How flows go, in figures: who is inside, how many ended and failed; and of each node who came, waits, and left how.

All of it is counted from the rows; nothing is kept beside them but what engine and runner count at each node.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar
from uuid import UUID

from django.db import connection
from django.db.models import Count, Q, QuerySet, Sum

from apps.core.spans import in_words
from apps.flows.changing.publishing import names_of
from apps.flows.describing.periods import WHOLE, Period
from apps.flows.models import EndingCount, FlowVersion, NodeCount, Run

Counted = TypeVar("Counted", EndingCount, NodeCount)
DAY: Final = timedelta(days=1)
N_PATHS: Final = 1_000  # runs of which the time at each node is known well enough
# A branch each: somebody may wait at two nodes at once.
_WAITING: Final = f"""
SELECT token ->> 'node', count(*) FROM flows_run, jsonb_array_elements(state -> 'tokens') AS token
WHERE version_id = %(version)s AND flow_id = %(flow)s AND status = {Run.Status.LIVE:d} GROUP BY 1
"""  # noqa: S608 - a number of ours
_FAILED: Final = f"""
SELECT place, count(*) FROM flows_run
WHERE version_id = %(version)s AND flow_id = %(flow)s AND status = {Run.Status.FAILED:d}
    AND (%(since)s::timestamptz IS NULL OR ended_at >= %(since)s)
    AND (%(until)s::timestamptz IS NULL OR ended_at < %(until)s)
GROUP BY 1
"""  # noqa: S608
# How long after the step before it: of branches that go on at once this is less than each waited.
_MEDIANS: Final = f"""
SELECT node, percentile_cont(0.5) WITHIN GROUP (ORDER BY ms - before) / 1000
FROM (
    SELECT part.value ->> 0 AS node, (part.value ->> 2)::float AS ms,
        coalesce(lag((part.value ->> 2)::float) OVER (PARTITION BY run.id ORDER BY part.ordinality), 0) AS before
    FROM (
        SELECT id, state FROM flows_run
        WHERE version_id = %(version)s AND flow_id = %(flow)s AND id >= %(first)s AND id < %(last)s
        ORDER BY id DESC LIMIT {N_PATHS}
    ) AS run, jsonb_array_elements(run.state -> 'path') WITH ORDINALITY AS part
) AS step GROUP BY node
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Overview:
    """How a flow goes."""

    n_inside: int = 0
    n_ended: int = 0  # in the last 24 hours
    n_failed: int = 0  # of these

    @property
    def failed_percent(self) -> float | None:
        """How many of those that ended have failed; none ended: null."""
        return 100 * self.n_failed / self.n_ended if self.n_ended else None


@dataclass(slots=True)
class NodeFigures:
    """How people go through a node."""

    node: str
    name: str
    entered: int = 0
    waiting: int = 0
    failed: int = 0  # runs that ended here with a failure
    left: dict[str, int] = field(default_factory=dict)  # by port
    median_secs: float | None = None

    @property
    def time(self) -> str:
        """How long half of them stayed at most, in words."""
        if self.median_secs is None:
            return ""
        return in_words(self.median_secs) if self.median_secs >= 1 else "no time"


def overviews(flow_ids: Iterable[UUID], *, now: datetime) -> dict[UUID, Overview]:
    """Return how flows go; the endings of the last day are counted by five minutes."""
    ids = list(flow_ids)
    inside = Run.objects.filter(status=Run.Status.LIVE, flow_id__in=ids).values_list("flow_id").annotate(n=Count("id"))
    is_failed = Q(status=Run.Status.FAILED)
    ended = (
        EndingCount.objects.filter(flow_id__in=ids, at__gt=now - DAY)
        .values_list("flow_id")
        .annotate(n_ended=Sum("n"), n_failed=Sum("n", filter=is_failed, default=0))
    )
    n_inside, n_ended = dict(inside.order_by()), {id: counts for id, *counts in ended.order_by()}
    return {id: Overview(n_inside.get(id, 0), *n_ended.get(id, ())) for id in ids}


def statuses(flow_id: UUID) -> list[tuple[str, int]]:
    """Count the runs of a flow by how they go, or ended; the commonest first."""
    counted = Run.objects.filter(flow_id=flow_id).values_list("status").annotate(n=Count("id")).order_by("-n", "status")
    return [(Run.Status(status).label, n) for status, n in counted]


def n_inside(version: FlowVersion) -> tuple[int, int]:
    """Count who is inside of the flow: on a version, and on others."""
    inside = Run.objects.filter(flow_id=version.flow_id, status=Run.Status.LIVE)
    found = inside.aggregate(number=Count("id"), here=Count("id", filter=Q(version=version)))
    return found["here"], found["number"] - found["here"]


def endings(version: FlowVersion, period: Period = WHOLE) -> dict[Run.Status, int]:
    """Count how the runs of a version ended in a period; {status: 0} of what nobody did."""
    found = _within(EndingCount.objects.filter(flow_id=version.flow_id, version_id=version.pk), period)
    counted = dict(found.values_list("status").annotate(number=Sum("n")).order_by())
    return {status: counted.get(status, 0) for status in Run.Status if status != Run.Status.LIVE}


def nodes(version: FlowVersion, period: Period = WHOLE) -> list[NodeFigures]:
    """Return how people went through the nodes of a version in a period, in the order of its definition.

    Who waits does so now, whatever the period; times are those of the last runs that began in it.
    """
    names = names_of(version.definition)
    found = {node: NodeFigures(node, name) for node, name in names.items()}
    counted = _within(NodeCount.objects.filter(version=version), period)
    for node, port, n in counted.values_list("node", "port").annotate(number=Sum("n")).order_by():
        figures = found.get(node)
        if figures is None:  # of another version, in which those were who have moved to this one
            continue
        if port:
            figures.left[port] = n
        else:
            figures.entered = n
    first, last = period.ids
    of_version = {"version": version.pk, "flow": version.flow_id}
    values = {**of_version, "since": period.since, "until": period.until, "first": first, "last": last}
    for name, statement in (("waiting", _WAITING), ("failed", _FAILED), ("median_secs", _MEDIANS)):
        for node, value in _pairs(statement, values):
            if node in found:
                setattr(found[node], name, value)
    return list(found.values())


def _within(counts: QuerySet[Counted], period: Period) -> QuerySet[Counted]:
    """Leave the spans that lie in a period, be it in part."""
    if period.since:
        counts = counts.filter(at__gt=period.since)
    return counts.filter(at__lte=period.counted_until) if period.counted_until else counts


def _pairs(statement: str, values: dict[str, Any]) -> list[tuple[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())
