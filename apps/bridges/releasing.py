"""Connections that are held, or rest, go on: what waited for them, and has not expired, is due again."""

from datetime import datetime
from typing import Any, Final

from django.db import connection as database
from django.db import transaction

from apps.bridges import jobs
from apps.bridges.models import Connection, Delivery

# One statement, whatever their number: who was held for days may have a million rows. Locked by id, as everybody does.
_GO_ON: Final = """
WITH waiting AS MATERIALIZED (
    SELECT id FROM bridges_delivery WHERE connection_id = %(connection_id)s AND due_at > %(rests)s
    ORDER BY id FOR NO KEY UPDATE
)
UPDATE bridges_delivery AS it SET due_at = %(now)s FROM waiting WHERE it.id = waiting.id
"""


def release(connection: Connection, *, now: datetime) -> bool:
    """Let a connection that is held, or rests, send again at once; tell whether it was held.

    What rests by itself, for longer than a minute, is tried at once.
    """
    with transaction.atomic():
        # What is due within a lease may be on its way.
        held_at = Connection.sending.filter(pk=connection.pk).values_list("held_at", flat=True).get()
        values: dict[str, Any] = {"now": now, "rests": now + Delivery.LEASE, "connection_id": connection.pk}
        with database.cursor() as cursor:
            cursor.execute(_GO_ON, values)
        Connection.sending.filter(pk=connection.pk).update(held_at=None, held_because="", rests_until=None, failures=0)
        jobs.nudge()
    connection.refresh_from_db()
    return held_at is not None
