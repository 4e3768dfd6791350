"""What became of tries, written by the hundred: each row by whoever leased it last, and those that planned it told."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction

from apps.bridges import endings, verdicts
from apps.bridges.models import Delivery
from apps.bridges.models.delivery import KEPT_TRIES
from apps.bridges.transport import Reply
from apps.bridges.verdicts import Verdict
from apps.core import metrics, storable

Outcome = Delivery.Outcome
TOO_LATE: Final = "Its time was over before it was delivered."
_COLUMNS: Final = {
    "due_at": "timestamptz",
    "dead_at": "timestamptz",
    "attempts": "smallint",
    "error": "text",
    "outcome": "text",
    "answer": "jsonb",
    "tries": "jsonb",
    "n_tries": "integer",
    "ended_at": "timestamptz",
}
_TYPES: Final = ", ".join(f"{name} {type}" for name, type in _COLUMNS.items())
_SETS: Final = ", ".join(f"{name} = new.{name}" for name in _COLUMNS)
# What was cancelled while it was on its way is shown as delivered, if it was. Locked by id, as everybody does.
_WRITE: Final = f"""
WITH new AS MATERIALIZED (SELECT * FROM jsonb_to_recordset(%s::jsonb) AS new (id uuid, leases integer, {_TYPES})),
ours AS MATERIALIZED (
    SELECT it.id FROM bridges_delivery AS it JOIN new ON new.id = it.id
    WHERE it.leases = new.leases AND (
        it.due_at IS NOT NULL OR (it.outcome = 'cancelled' AND new.outcome IN ('delivered', 'refused'))
    )
    ORDER BY it.id FOR NO KEY UPDATE OF it
)
UPDATE bridges_delivery AS it SET {_SETS} FROM new JOIN ours ON ours.id = new.id WHERE it.id = new.id
"""  # noqa: S608 - names are ours
_STILL_OURS: Final = """
SELECT it.id FROM bridges_delivery AS it
JOIN unnest(%s::uuid[], %s::integer[]) AS lease (id, number) ON lease.id = it.id
WHERE it.leases = lease.number AND it.due_at IS NOT NULL
"""


def note(row: Delivery, reply: Reply, *, now: datetime) -> None:
    """Say in a row what became of a try of it."""
    tried = {"at": now.isoformat(), "said": reply.said, "status": reply.status, "ms": reply.took_ms}
    row.tries = [*row.tries, tried][-KEPT_TRIES:]
    row.answer, row.n_tries = reply.answer, row.n_tries + 1
    match reply.verdict:
        case Verdict.DELIVERED:
            row.end()
            row.outcome, row.ended_at, row.dead_at = Outcome.DELIVERED, now, None
        case Verdict.REFUSED:
            row.give_up(reply.said, now=now)
            row.outcome, row.ended_at = Outcome.REFUSED, now
        case Verdict.HOLD:  # it waits with its connection
            give_back(row, now=now)
            row.error = reply.said
        case _:
            row.due_at = verdicts.next_try(row.n_tries, now=now, deadline=row.deadline_at, asked=reply.asked)
            row.error, row.attempts = reply.said, 0


def give_back(row: Delivery, *, now: datetime) -> None:
    """Let somebody else send it, who is not us any more: it was not tried."""
    row.due_at, row.attempts = now, 0


def expire(row: Delivery, *, now: datetime) -> None:
    """Set aside what was not delivered in time."""
    row.give_up(f"{TOO_LATE} {row.error}".strip(), now=now)
    row.outcome, row.ended_at = Outcome.EXPIRED, now


def write(rows: Sequence[Delivery], *, kind: str) -> None:
    """Write how leased rows go on, in the caller's transaction, where the lease is the last one that there was.

    Who planned those that end is told first: they lock what they planned before what it was planned for.
    """
    ended = [row for row in rows if row.due_at is None and row.origin in endings.endings]
    if ended:
        ours = _still_ours(ended)
        endings.tell(row for row in ended if row.pk in ours)
    document = storable.dumps([_shaped(row) for row in rows])
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, [document])
    transaction.on_commit(lambda: _count(rows, kind))


def _shaped(row: Delivery) -> dict[str, Any]:
    return {"id": row.pk, "leases": row.leases, **{name: getattr(row, name) for name in _COLUMNS}}


def _still_ours(rows: Sequence[Delivery]) -> set[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(_STILL_OURS, [[row.pk for row in rows], [row.leases for row in rows]])
        return {pk for (pk,) in cursor.fetchall()}


def _count(rows: Sequence[Delivery], kind: str) -> None:
    for row in rows:
        if row.due_at is None:
            metrics.add(metrics.DELIVERIES, kind, row.outcome)
        elif row.error:
            metrics.add(metrics.DELIVERY_TRIES_FAILED, kind)
