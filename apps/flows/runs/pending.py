"""Who waits in flows, and what somebody does about it: lets them go on, skips their wait, takes them out."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count, Q, QuerySet

from apps.core.fetch import fetch, new
from apps.core.upsert import insert_new, update
from apps.flows.models import Flow, Run, Wait
from apps.flows.runs import leaving
from apps.flows.runs.pausing import BY_HAND

PAGE: Final = 1_000
HOURS: Final = 24
SOME_TRIES: Final = 3  # after which it is hardly chance: a minute has passed
_HOURS: Final = f"""
SELECT greatest(floor(extract(epoch FROM due_at - %(now)s) / 3600), 0)::int AS hour, count(*)
FROM flows_run AS run JOIN flows_flow AS flow ON flow.id = run.flow_id
WHERE due_at < %(until)s AND status = {Run.Status.LIVE:d} AND (flow.id = %(flow)s OR %(flow)s IS NULL)
    AND flow.state <> '{Flow.State.PAUSED}'
GROUP BY hour
"""  # noqa: S608 - a number of ours


def waiting(
    *,
    flow: Flow | None = None,
    node: str = "",
    person: UUID | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> QuerySet[Run]:
    """Return the runs that wait, those first that go on first: of a flow, at a node, of somebody, due in a while.

    Those of a paused flow have no time, and are in no while.
    """
    found = Run.objects.filter(status=Run.Status.LIVE).filter(Q(due_at__isnull=False) | Q(held_due_at__isnull=False))
    if flow:
        found = found.filter(flow=flow)
    if node:
        found = found.filter(place=node)
    if person:
        found = found.filter(profile_id=person)
    if since or until:
        found = found.exclude(flow__state=Flow.State.PAUSED)
    if since:
        found = found.filter(due_at__gte=since)
    if until:
        found = found.filter(due_at__lt=until)
    return found.order_by("due_at", "id")


def waits_for_time(run: Run) -> bool:
    """Tell whether a run goes on by itself at `due_at`; else only what it waits for lets it, until it expires."""
    waits = list(_pauses(run).values())
    return len(waits) < len(run.state.get("tokens", ())) or not waits or any(wait.get("until") for wait in waits)


def dead() -> QuerySet[Run]:
    """Return the runs that were given up, the latest first: as often as may be they could not go on."""
    return _stuck().filter(dead_at__isnull=False).order_by("-dead_at", "id")


def failing() -> QuerySet[Run]:
    """Return the runs that could not go on some times in a row, and are tried again, the oldest first."""
    return _stuck().filter(due_at__isnull=False, attempts__gte=SOME_TRIES).order_by("id")


class Stuck(NamedTuple):
    """A flow, and how many of its runs were given up, or could not go on some times in a row."""

    flow_id: UUID
    flow: str  # its name
    number: int


def stuck() -> list[Stuck]:
    """List the flows of which runs are stuck, by their names."""
    found = _stuck().filter(Q(dead_at__isnull=False) | Q(attempts__gte=SOME_TRIES)).order_by("flow__name")
    return [Stuck(*row) for row in found.values_list("flow_id", "flow__name").annotate(number=Count("id"))]


def _stuck() -> QuerySet[Run]:
    return Run.objects.filter(status=Run.Status.LIVE).exclude(error="")  # by an index of its own


def histogram(*, now: datetime, flow: Flow | None = None) -> list[int]:
    """Count the runs that go on in each of the next hours; those that are late are in the first one.

    Of a flow that is paused nobody goes on.
    """
    values = {"now": now, "until": now + timedelta(hours=HOURS), "flow": flow.pk if flow else None}
    with connection.cursor() as cursor:
        cursor.execute(_HOURS, values)
        found = dict(cursor.fetchall())
    return [found.get(hour, 0) for hour in range(HOURS)]


def run_now(runs: QuerySet[Run], *, now: datetime) -> int:
    """Let the time have come until which these wait, and return how many there are; the caller wakes a worker.

    Who waits for something that has no time goes on waiting. Those of a paused flow go on as soon as it does, whatever
    becomes of the others.
    """
    return _by_page(runs, lambda page: _let_time_come(page, now=now))


def skip(runs: QuerySet[Run], *, now: datetime) -> int:
    """Let these wait no longer, whatever for, and return how many there are; the caller wakes a worker.

    Those of a paused flow go on as soon as it does, whatever becomes of the others.
    """
    return _by_page(runs, lambda page: _skip(page, now=now))


def cancel(runs: QuerySet[Run], *, by: str, now: datetime) -> int:
    """Take people out of their flows, with all that was about to be sent; return how many."""
    said = f"Removed by {by}."
    return _by_page(runs, lambda page: len(leaving.end([run.id for run in page], Run.Status.REMOVED, said, now=now)))


def revive(runs: QuerySet[Run], *, now: datetime) -> int:
    """Let runs that were given up go on as if they were new; the caller wakes a worker."""
    return _by_page(runs.filter(dead_at__isnull=False), lambda page: _revive(page, now=now))


def _by_page(runs: QuerySet[Run], do: Callable[[Sequence[Run]], int]) -> int:
    """Do something with those that are under way, page by page, each in a transaction that holds its runs."""
    n_done, ids = 0, list(runs.order_by("id").values_list("pk", flat=True))
    for start in range(0, len(ids), PAGE):
        with transaction.atomic():
            rows = fetch(Run, ids[start : start + PAGE], locks=True).values()
            n_done += do([run for run in rows if run.status == Run.Status.LIVE])
    return n_done


def _let_time_come(page: Sequence[Run], *, now: datetime) -> int:
    changed = []
    for run in page:
        pauses = [wait for wait in _pauses(run).values() if wait.get("until")]
        for wait in pauses:
            wait["until"] = min(wait["until"], (now - run.behind).isoformat(), key=datetime.fromisoformat)
            wait[BY_HAND] = True
        if pauses:
            changed.append(run)
    update(Run, changed, ["state"])
    leaving.make_due([run.id for run in changed], now=now)
    return len(changed)


def _skip(page: Sequence[Run], *, now: datetime) -> int:
    waits = [
        new(Wait, run_id=run.id, profile_id=run.profile_id, kind=Wait.Kind.SKIP, type="", token=token, met=[{}])
        for run in page
        for token in _pauses(run)
    ]
    skipped = {wait.run_id for wait in waits}
    insert_new(Wait, waits)
    for run in page:
        for pause in _pauses(run).values():
            pause[BY_HAND] = True
    update(Run, [run for run in page if run.id in skipped], ["state"])
    leaving.make_due(skipped, now=now)
    return len(skipped)


def _revive(page: Sequence[Run], *, now: datetime) -> int:
    revived = [run for run in page if run.dead_at]
    for run in revived:
        run.revive(now=now)
    update(Run, revived, ["due_at", "dead_at", "attempts"])
    return len(revived)


def _pauses(run: Run) -> dict[int, dict[str, Any]]:
    """Return what the branches of a run wait for, by their token."""
    return {token["id"]: token["wait"] for token in run.state.get("tokens", ()) if token.get("wait")}
