"""Events that were set aside: kept once, fixed by people, and sent through the inbox again, once."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection, transaction

from apps.core import storable
from apps.events.models import InboxItem, QuarantinedEvent
from apps.events.store import inbox

# Sorted by id, as two transactions that keep the same repetitions would otherwise wait for each other in a circle.
KEEP = """
INSERT INTO events_quarantinedevent
    (id, type, source_id, time, received_at, problems, properties, context, payload, keys)
SELECT id, type, source_id, time, received_at, problems, properties, context, payload, keys
FROM jsonb_to_recordset(%s::jsonb) AS row(
    id uuid, type text, source_id uuid, time timestamptz, received_at timestamptz,
    problems jsonb, properties jsonb, context jsonb, payload jsonb, keys uuid[])
WHERE NOT EXISTS (SELECT FROM events_messagekey WHERE key = row.id)
ORDER BY id
ON CONFLICT (id) DO NOTHING
"""


class SetAside(NamedTuple):
    """An event that is to be kept; the fields are the columns of the table."""

    id: UUID
    type: str
    source_id: UUID
    time: datetime
    received_at: datetime
    problems: list[dict[str, str]]
    properties: dict[str, Any]
    context: dict[str, Any]
    payload: dict[str, Any]
    keys: list[UUID]


def keep(events: Sequence[SetAside]) -> None:
    """Keep events in one statement; those that are here already, or were stored since, are left alone."""
    if not events:
        return
    with connection.cursor() as cursor:
        cursor.execute(KEEP, [storable.dumps([event._asdict() for event in events])])


def replay(ids: Iterable[UUID]) -> int:
    """Move events to the inbox, as they are now, and return their number; one that has gone already is not moved.

    They keep the key of their message, their time, and when they were received. What is still not valid comes back.
    """
    with transaction.atomic():
        rows = list(QuarantinedEvent.objects.filter(pk__in=ids).order_by("id").select_for_update())
        items = []
        for row in rows:
            said = {"type": row.type, "time": row.time, "properties": row.properties, "context": row.context}
            body = storable.dumps({**row.payload, "event": {"key": row.id, **said}})
            items.append(inbox.Item(row.source_id, InboxItem.Dialect.REPLAY, body, {}, row.received_at))
        inbox.put(items)
        QuarantinedEvent.objects.filter(pk__in=[row.pk for row in rows]).delete()
    return len(rows)
