"""Who waits at a node, failed there, or went by an edge."""

from typing import Final
from uuid import UUID

from django.db.models import BooleanField, F, Func, QuerySet, Value

from apps.core import storable
from apps.core.ids import NIL
from apps.flows.describing.periods import WHOLE, Period
from apps.flows.models import Flow, FlowVersion, Run

N_LOOKED: Final = 100_000  # the last runs, of which paths are read
LIVE, FAILED = Run.Status.LIVE, Run.Status.FAILED
# Strict: else each of the arrays that are steps would be taken apart first.
_STEP: Final = 'strict $.path[*] ? (@[0] == $node && ($port == "" || @[1] == $port))'


def runs(
    flow: Flow,
    *,
    node: str = "",
    port: str = "",
    status: Run.Status | None = None,
    version: FlowVersion | None = None,
    period: Period = WHOLE,
) -> QuerySet[Run]:
    """Return runs of a flow that began in a period; those that ended in it, where it is said how they did.

    With a node alone, those that wait there now; with a node and how they ended, those that failed there, or came
    through it; with a node and a port, those that left it by that, of the last N_LOOKED, as far as their paths tell.
    """
    found = Run.objects.filter(flow=flow)
    if version:
        found = found.filter(version=version)
    if status is not None:
        found = found.filter(status=status)
    found = _within(found, period, by_end=status not in (None, LIVE))
    if not node:
        return found
    if port or status not in (None, LIVE, FAILED):
        return found.filter(_passed(node, port), id__gte=_first_looked_at(found))
    return found.filter(place=node) if status == FAILED else _waiting(found, node)


def waiting(flow: Flow, *, node: str, version: FlowVersion | None = None) -> QuerySet[Run]:
    """Return the runs of which a branch waits at a node."""
    return runs(flow, node=node, status=LIVE, version=version)


def _waiting(found: QuerySet[Run], node: str) -> QuerySet[Run]:
    return found.filter(status=LIVE, state__tokens__contains=[{"node": node}])


def _within(found: QuerySet[Run], period: Period, *, by_end: bool) -> QuerySet[Run]:
    if by_end:
        if period.since:
            found = found.filter(ended_at__gte=period.since)
        return found.filter(ended_at__lt=period.until) if period.until else found
    first, last = period.ids
    if period.since:
        found = found.filter(id__gte=first)
    return found.filter(id__lt=last) if period.until else found


def _passed(node: str, port: str) -> Func:
    asked = Value(_STEP), Value(storable.dumps({"node": node, "port": port})), Value(value=True)  # some have no path
    return Func(F("state"), *asked, function="jsonb_path_exists", output_field=BooleanField())


def _first_looked_at(found: QuerySet[Run]) -> UUID:
    """Return the id of the last run but so many, or one before all."""
    ids = found.order_by("-id").values_list("id", flat=True)
    return next(iter(ids[N_LOOKED - 1 : N_LOOKED]), NIL)
