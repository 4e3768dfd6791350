"""The monthly partitions of the event table: made ahead, made when history arrives, dropped when it is too old."""

import threading
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Final

from django.db import connection, transaction

from apps.core.memory import Memory

PARENT = "events_event"
_guard = threading.Lock()


class _Months(Memory):
    """The months that are known to have a partition."""

    def __init__(self) -> None:
        super().__init__()
        self.known: set[date] = set()

    def forget(self) -> None:
        """Look at the database again when the next event comes."""
        self.known.clear()


_months: Final = _Months()


def month_of(time: datetime) -> date:
    """Name a month by its first day, in UTC."""
    return date(time.year, time.month, 1) if time.tzinfo is UTC else time.astimezone(UTC).date().replace(day=1)


def next_month(month: date, *, steps: int = 1) -> date:
    """Move by months, forth or back."""
    years, index = divmod(month.month - 1 + steps, 12)
    return date(month.year + years, index + 1, 1)


def name_of(month: date) -> str:
    """Name the partition of a month: events_event_2026_11."""
    return f"{PARENT}_{month:%Y_%m}"


def ensure(months: Iterable[date]) -> list[date]:
    """Make the partitions that are missing, and return their months; in memory, when all are known to be there.

    A new table is attached rather than created as a partition: that way nobody who reads or writes has to wait.
    One of that name that is there, but no partition, was being dropped when we crashed, and is taken back.
    """
    missing = set(months) - _months.known
    if not missing:
        return []
    with _guard, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [PARENT])
        made = sorted(missing - set(existing()))
        for month in made:
            name, first, end = name_of(month), month, next_month(month)
            cursor.execute(
                f"CREATE TABLE IF NOT EXISTS {name} (LIKE {PARENT} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)"
            )
            cursor.execute(
                f"ALTER TABLE {PARENT} ATTACH PARTITION {name} "
                f"FOR VALUES FROM ('{first} 00:00:00+00') TO ('{end} 00:00:00+00')"
            )
    transaction.on_commit(lambda: _months.known.update(missing))
    return made


def ensure_ahead(*, now: datetime, months: int) -> list[date]:
    """Make the partitions of this month and the coming ones."""
    return ensure(next_month(month_of(now), steps=step) for step in range(months + 1))


def existing() -> list[date]:
    """List the months that have a partition, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass", [PARENT])
        names = [name for (name,) in cursor.fetchall()]
    return sorted(datetime.strptime(name[-7:], "%Y_%m").replace(tzinfo=UTC).date() for name in names)


def drop_before(month: date) -> list[date]:
    """Drop the partitions of all months before this one, and return their months; not inside a transaction.

    A partition is detached first, concurrently: dropping it at once would lock out all who read or write events. What
    an interrupted run has left half detached is finished.
    """
    dropped = [old for old in existing() if old < month]
    for old in dropped:
        name = name_of(old)
        with connection.cursor() as cursor:
            cursor.execute("SELECT inhdetachpending FROM pg_inherits WHERE inhrelid = %s::regclass", [name])
            [is_pending] = cursor.fetchone()
            cursor.execute(
                f"ALTER TABLE {PARENT} DETACH PARTITION {name} {'FINALIZE' if is_pending else 'CONCURRENTLY'}"
            )
            cursor.execute(f"DROP TABLE {name}")
    look_again()
    return dropped


def look_again() -> None:
    """Trust no more that months have partitions: some were dropped, here or by another process."""
    _months.known.clear()
