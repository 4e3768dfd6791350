"""Runs end, or go on at once, by what happens elsewhere: what they wait for is told, or they are ended from outside."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection

from apps.bridges import outbox
from apps.bridges.models import Delivery
from apps.core import storable
from apps.flows.models import Run, Wait
from apps.flows.runs import run_counts

ORIGIN: Final = "flow"  # of what runs send
GONE: Final = "The run that started it went on without it."
_PARENTS: Final = "SELECT DISTINCT run_id FROM flows_wait WHERE kind = %s AND type = ANY(%s)"
# The last end counts: a delivery may have been tried again by hand before its run, of a paused flow, has gone on.
_TELL: Final = """
UPDATE flows_wait SET met = jsonb_build_array(told.said)
FROM unnest(%s::text[], %s::jsonb[]) AS told (type, said) WHERE kind = %s AND flows_wait.type = told.type
"""
# The runs that these started, and so on. It ends, as a run starts others after itself alone.
_DESCENDANTS: Final = f"""
WITH RECURSIVE started (id) AS (
    SELECT * FROM unnest(%s::uuid[]) UNION
    SELECT type::uuid FROM flows_wait JOIN started ON run_id = started.id WHERE kind = {Wait.Kind.CHILD:d}
) SELECT id FROM started
"""  # noqa: S608 - a number of ours
_LOCK: Final = "SELECT id FROM flows_run WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"
_DUE: Final = f"""
UPDATE flows_run SET
    due_at = CASE WHEN held_due_at IS NULL THEN least(due_at, %(now)s) END,
    held_due_at = CASE WHEN held_due_at IS NOT NULL THEN least(held_due_at, %(now)s) END, attempts = 0
WHERE id = ANY(%(ids)s) AND status = {Run.Status.LIVE:d} AND dead_at IS NULL
"""  # noqa: S608
_END: Final = f"""
UPDATE flows_run SET status = %s, reason = %s, ended_at = %s, due_at = NULL, held_due_at = NULL, dead_at = NULL,
    attempts = 0, error = ''
WHERE id = ANY(%s) AND status = {Run.Status.LIVE:d} RETURNING id, parent_id, flow_id, version_id
"""  # noqa: S608
# Goals that may be reached after the end are waited for until then.
_FORGET: Final = f"""
DELETE FROM flows_wait WHERE run_id = ANY(%s) AND (kind <> {Wait.Kind.GOAL:d} OR expires_at IS NULL)
"""  # noqa: S608


def tell(kind: Wait.Kind, said: dict[str, Any], *, now: datetime) -> int:
    """Tell those who wait for these, {id as text: what is to be said}, and let them go on; return how many runs do.

    In the caller's transaction, who wakes a worker. The runs are locked first, in their order.
    """
    if not said:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_PARENTS, [kind, list(said)])
        run_ids = [id for (id,) in cursor.fetchall()]
        if not run_ids:
            return 0
        cursor.execute(_LOCK, [run_ids])
        cursor.execute(_TELL, [list(said), [storable.dumps(each) for each in said.values()], kind])
    make_due(run_ids, now=now)
    return len(run_ids)


def said_of(delivery: Delivery) -> dict[str, Any]:
    """Return what is said of a delivery that has ended to the run that waits for it."""
    return {"outcome": delivery.outcome, "answer": delivery.answer, "error": delivery.error}


def make_due(run_ids: Collection[UUID], *, now: datetime) -> None:
    """Let runs that are under way go on at once; those of a paused flow once it goes on."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [list(run_ids)])
        cursor.execute(_DUE, {"ids": list(run_ids), "now": now})


def cancel(run_ids: Collection[UUID], *, now: datetime) -> None:
    """End runs for which nobody waits any longer."""
    end(run_ids, Run.Status.REMOVED, GONE, now=now)


def end(run_ids: Collection[UUID], status: Run.Status, reason: str, *, now: datetime) -> list[UUID]:
    """End runs that are under way, with those that they have started; return which it were.

    What they wait for and were about to send goes, but for the goals that they may still reach. In the caller's
    transaction, which may hold their people. Who waits for their ends goes on; a worker has to be woken by the caller.
    """
    if not run_ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_DESCENDANTS, [list(run_ids)])
        ids = [id for (id,) in cursor.fetchall()]
        cursor.execute(_LOCK, [ids])
        cursor.execute(_END, [status, reason, now, ids])
        rows = cursor.fetchall()
        parents = {id: parent_id for id, parent_id, *_ in rows}
        cursor.execute(_FORGET, [list(parents)])
    outbox.cancel(ORIGIN, list(parents), now=now)
    said = {"status": status, "reason": reason}
    orphans = [id for id, parent_id in parents.items() if parent_id and parent_id not in parents]
    tell(Wait.Kind.CHILD, {str(id): said for id in orphans}, now=now)
    run_counts.count(((*of_what, status) for _, _, *of_what in rows), now=now)
    return list(parents)
