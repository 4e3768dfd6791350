"""The durable inbox: what is put here is accepted, and is processed later, once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from django.db import connection
from django.db.models import F, QuerySet

from apps.core import claims, storable
from apps.core.claims import Mark
from apps.events.models import InboxItem

MAX_BATCH_BYTES = 1_000_000  # a body may hold thousands of events
MAX_RETRIES = 60  # one a minute: so long nobody is called inactive, as it may tell of them


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

_OLDEST = claims.free("events_inboxitem", where="dead_at IS NULL AND retry_at IS NULL AND id >= %s", order="id")
CLAIM = f"""
SELECT id, source_id::text, dialect, CASE WHEN before < %s THEN body END, envelope, received_at FROM (
    SELECT *, sum(octet_length(body)) OVER (ORDER BY id) - octet_length(body) AS before FROM ({_OLDEST}) AS oldest
) AS summed ORDER BY id
"""  # noqa: S608 - no value is part of the text
_mark = Mark()


def put(items: Sequence[Item]) -> None:
    """Store the items in one statement; they are accepted once the caller's transaction has committed."""
    with connection.cursor() as cursor:
        cursor.execute(PUT, [storable.dumps([item._asdict() for item in items])])


def claim(limit: int) -> tuple[list[Claimed], int]:
    """Lock the oldest items that nobody else works on; they stay until `done` or set aside, and return on a crash.

    Returns no more of them than fit into MAX_BATCH_BYTES, but always one; and how many are locked, at most `limit`.
    """
    rows = _mark.find(lambda first_id: _lock(limit, first_id=first_id or 0))
    if not rows:
        return [], 0
    items = [
        Claimed(pk, source_id, dialect, body, orjson.loads(envelope), received_at)
        for pk, source_id, dialect, body, envelope, received_at in rows
        if body is not None
    ]
    return items, len(rows)


def _lock(limit: int, *, first_id: int) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, [MAX_BATCH_BYTES, first_id, limit])
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def done(ids: Sequence[int]) -> None:
    """Delete what has been processed, in the transaction that processed it."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM events_inboxitem WHERE id = ANY(%s)", [list(ids)])


def give_up(pk: int, *, error: str, at: datetime) -> None:
    """Make a dead letter of an item that fails on its own: an operator looks at it, the others go on."""
    InboxItem.objects.filter(pk=pk).update(attempts=F("attempts") + 1, error=error, dead_at=at)


def postpone(pk: int, *, error: str, at: datetime, until: datetime) -> None:
    """Set an item aside that found no room: it is tried again by itself, see `wake`; a dead letter after an hour."""
    again = InboxItem.objects.filter(pk=pk, attempts__lt=MAX_RETRIES)
    if not again.update(attempts=F("attempts") + 1, error=error, retry_at=until):
        give_up(pk, error=error, at=at)


def release(items: QuerySet[InboxItem]) -> int:
    """Let items that were set aside be processed again, and return their number."""
    _mark.rewind()
    return items.exclude(dead_at=None, retry_at=None).update(dead_at=None, retry_at=None)


def wake(*, at: datetime) -> int:
    """Release what was set aside until now."""
    return release(InboxItem.objects.filter(retry_at__lte=at))
