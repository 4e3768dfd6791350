"""Writes what was noticed: arrivals, refusals by day, and types that nobody planned. Each in one statement."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from django.db import connection

from apps.core import storable
from apps.core.counters import Count, Counter
from apps.events.models import RefusalCount

MAX_NAMES: Final = 200  # unknown names of sources that are told apart on one day
MAX_TYPES: Final = 10_000  # unplanned types that are told apart
SPAN: Final = timedelta(minutes=5)  # in which arrivals are counted together

# Sorted, as two processes that count the same would otherwise wait for each other in a circle.
COUNT_REFUSALS = """
INSERT INTO events_refusalcount AS row (day, source_id, key, code, count, last_at, message)
SELECT day, source_id, key, code, sum(count), max(last_at), max(message)
FROM jsonb_to_recordset(%s::jsonb)
AS new (day date, source_id uuid, key text, code text, count bigint, last_at timestamptz, message text)
GROUP BY day, source_id, key, code ORDER BY day, source_id, key, code
ON CONFLICT (day, source_id, key, code) DO UPDATE
SET count = row.count + EXCLUDED.count, last_at = EXCLUDED.last_at, message = EXCLUDED.message
"""
COUNT_ARRIVALS = """
INSERT INTO events_arrivalcount AS row (source_id, at, taken, refused, latest_at)
SELECT source_id, at, sum(taken), sum(refused), max(latest_at)
FROM jsonb_to_recordset(%s::jsonb)
AS new (source_id uuid, at timestamptz, taken bigint, refused bigint, latest_at timestamptz)
GROUP BY source_id, at ORDER BY source_id, at
ON CONFLICT (source_id, at) DO UPDATE
SET taken = row.taken + EXCLUDED.taken, refused = row.refused + EXCLUDED.refused,
    latest_at = greatest(row.latest_at, EXCLUDED.latest_at)
"""
COUNT_TYPES = """
INSERT INTO events_unplannedtype AS row (type, source_id, count, first_seen_at, last_seen_at)
SELECT type, source_id, count, first_seen_at, last_seen_at FROM jsonb_to_recordset(%s::jsonb)
AS new (type text, source_id uuid, count bigint, first_seen_at timestamptz, last_seen_at timestamptz)
WHERE (SELECT count(*) FROM events_unplannedtype) < %s
OR EXISTS (SELECT FROM events_unplannedtype AS old WHERE old.type = new.type AND old.source_id = new.source_id)
ORDER BY type, source_id
ON CONFLICT (type, source_id) DO UPDATE
SET count = row.count + EXCLUDED.count, last_seen_at = greatest(row.last_seen_at, EXCLUDED.last_seen_at)
"""


class DayOfRefusals(NamedTuple):
    """What is counted together: refusals of a day, by source, or by the name of one that there is not."""

    day: date
    source_id: UUID | None
    key: str
    code: str


class Arrived(NamedTuple):
    """What is counted together: events of a source in five minutes, those that were taken or those that were not."""

    source_id: UUID
    at: datetime
    is_refused: bool


class Unplanned(NamedTuple):
    """A type that nobody planned, and who sends it."""

    type: str
    source_id: UUID


def count_refusals(counts: Mapping[DayOfRefusals, Count]) -> None:
    """Add to the refusals of the day; of names that strangers make up, only so many are told apart."""
    strangers = RefusalCount.objects.filter(day__in={refused.day for refused in counts}, source_id=None)
    known = set(strangers.exclude(key="").values_list("key", flat=True))
    rows = []
    for refused, count in counts.items():
        if refused.source_id is None and refused.key and len(known | {refused.key}) <= MAX_NAMES:
            known.add(refused.key)
        key = refused.key if refused.key in known else ""
        row = {**refused._asdict(), "key": key, "count": count.number, "last_at": count.last_at, "message": count.note}
        rows.append(row)
    _execute(COUNT_REFUSALS, rows)


def span_of(at: datetime) -> datetime:
    """Return when the five minutes of a moment began."""
    return at - timedelta(minutes=at.minute % 5, seconds=at.second, microseconds=at.microsecond)


def count_arrivals(counts: Mapping[Arrived, Count]) -> None:
    """Add to what arrived."""
    rows: list[dict[str, object]] = [
        {
            "source_id": arrived.source_id,
            "at": arrived.at,
            "taken": 0 if arrived.is_refused else count.number,
            "refused": count.number if arrived.is_refused else 0,
            "latest_at": None if arrived.is_refused else count.last_at,
        }
        for arrived, count in counts.items()
    ]
    _execute(COUNT_ARRIVALS, rows)


def count_types(counts: Mapping[Unplanned, Count]) -> None:
    """Add to what was seen of types that nobody planned."""
    rows = [
        {
            **unplanned._asdict(),
            "count": count.number,
            "first_seen_at": count.first_at,
            "last_seen_at": count.last_at,
        }
        for unplanned, count in counts.items()
    ]
    _execute(COUNT_TYPES, rows, MAX_TYPES)


def _execute(statement: str, rows: list[dict[str, object]], *more: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, [storable.dumps(rows), *more])


arrivals: Final = Counter(count_arrivals)
refusals: Final = Counter(count_refusals)
unplanned: Final = Counter(count_types)


def flush() -> None:
    """Write all that was counted."""
    arrivals.flush()
    refusals.flush()
    unplanned.flush()
