"""How sending goes, over all connections, for those who watch: metrics, the doctor, alerts."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import connection as database
from django.db.models import QuerySet

from apps.bridges.models import Connection, Delivery

COUNTED: Final = 10_000  # of what waits for one connection
LATE: Final = timedelta(minutes=5)  # after which something that is due should be on its way

# Connection by connection, by the index of what is due.
_WAITING: Final = """
SELECT it.id, it.name, it.kind, it.is_enabled, it.held_at IS NOT NULL, it.rests_until, first.due_at, (
    SELECT count(*) FROM (
        SELECT FROM bridges_delivery AS row WHERE row.connection_id = it.id AND row.due_at IS NOT NULL LIMIT %s
    ) AS counted
)
FROM bridges_connection AS it CROSS JOIN LATERAL (
    SELECT row.due_at FROM bridges_delivery AS row WHERE row.connection_id = it.id AND row.due_at IS NOT NULL
    ORDER BY row.due_at LIMIT 1
) AS first
ORDER BY it.name
"""


@dataclass(frozen=True, slots=True)
class Line:
    """What waits for a connection."""

    id: UUID
    name: str
    kind: str
    is_enabled: bool
    is_held: bool
    rests_until: datetime | None
    first_due_at: datetime
    number: int  # counted up to COUNTED

    def is_late(self, now: datetime) -> bool:
        """Tell whether something should have been sent, and nobody has."""
        may_send = self.is_enabled and not self.is_held and (self.rests_until is None or self.rests_until < now - LATE)
        return may_send and self.first_due_at < now - LATE


def lines() -> list[Line]:
    """List the connections for which something waits, by their names."""
    with database.cursor() as cursor:
        cursor.execute(_WAITING, [COUNTED])
        return [Line(*found) for found in cursor.fetchall()]


def n_expired(held: Connection) -> int:
    """Count, up to COUNTED, what has expired since a connection is held."""
    expired = Delivery.objects.filter(outcome=Delivery.Outcome.EXPIRED, connection=held, ended_at__gte=held.held_at)
    return expired[:COUNTED].count()


def told(number: int, expired: int = 0) -> str:
    """Say how many wait for a connection, and how many have expired meanwhile."""
    more = "1 has expired" if expired == 1 else f"{_counted(expired)} have expired"
    waits = "1 delivery waits" if number == 1 else f"{_counted(number)} deliveries wait"
    return f"{waits}, and {more}." if expired else f"{waits}."


def _counted(number: int) -> str:
    return f"{number:,}" + (" or more" if number == COUNTED else "")


def held() -> QuerySet[Connection]:
    """Select the connections that are held, by their names."""
    return Connection.sending.filter(is_enabled=True, held_at__isnull=False).order_by("name")
