"""The durable inbox: what is put here is accepted, and is processed later, once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from django.db import connection
from django.db.models import F

from apps.events.models import InboxItem

MAX_BATCH_BYTES = 1_000_000  # a body may hold thousands of events


class Item(NamedTuple):
    """A request as it arrived: its source, dialect, body, and what surrounded it."""

    source_id: UUID
    dialect: str
    body: str
    envelope: dict[str, Any]
    received_at: datetime


class Claimed(NamedTuple):
    """An item that this transaction works on."""

    pk: int
    source_id: str
    dialect: str
    body: str
    envelope: dict[str, Any]
    received_at: datetime


PUT = """
INSERT INTO events_inboxitem (source_id, dialect, body, envelope, received_at, attempts, error)
SELECT source_id, dialect, body, envelope, received_at, 0, '' FROM json_to_recordset(%s::json)
AS item(source_id uuid, dialect text, body text, envelope jsonb, received_at timestamptz)
"""

CLAIM = """
SELECT id, source_id::text, dialect, body, envelope, received_at FROM (
    SELECT *, sum(octet_length(body)) OVER (ORDER BY id) - octet_length(body) AS before FROM (
        SELECT * FROM events_inboxitem WHERE parked_at IS NULL ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
    ) AS oldest
) AS summed WHERE before < %s ORDER BY id
"""


def put(items: Sequence[Item]) -> None:
    """Store the items in one statement; they are accepted once the caller's transaction has committed."""
    with connection.cursor() as cursor:
        cursor.execute(PUT, [orjson.dumps([item._asdict() for item in items]).decode()])


def claim(limit: int) -> list[Claimed]:
    """Lock the oldest items that nobody else works on; they stay until `done` or `park`, and return on a crash.

    At most `limit` items, and no more of them than fit into MAX_BATCH_BYTES, but always one.
    """
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, [limit, MAX_BATCH_BYTES])
        return [
            Claimed(pk, source_id, dialect, body, orjson.loads(envelope), received_at)
            for pk, source_id, dialect, body, envelope, received_at in cursor.fetchall()
        ]


def done(ids: Sequence[int]) -> None:
    """Delete what has been processed, in the transaction that processed it."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM events_inboxitem WHERE id = ANY(%s)", [list(ids)])


def park(pk: int, *, error: str, at: datetime) -> None:
    """Set an item aside that fails on its own: an operator looks at it, the others go on."""
    InboxItem.objects.filter(pk=pk).update(attempts=F("attempts") + 1, error=error, parked_at=at)
