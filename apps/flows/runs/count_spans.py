"""The spans by which runs are counted: short while they are young, and longer as they become old.

What is counted is counted within the span in which it lies; a row says when its span ends. Spans of five minutes
become whole hours after two hours, and these whole days (of UTC) after eight days, each with one row for all slots.
How runs end is counted by five minutes for longer: the alarm looks at it.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from django.db import connection

SPAN: Final = timedelta(minutes=5)
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
FINE: Final = timedelta(hours=2)  # for so long nodes are counted by five minutes
HOURLY: Final = timedelta(days=8)  # and for so long by hours
ENDINGS_FINE: Final = timedelta(days=35)
_LOOK_BACK: Final = timedelta(days=35)  # so long the clock may have stood still, and nothing is forgotten
# The rows that stay, those of slot 0 at the end of their longer span, are not deleted: others are added to them.
_FOLD: Final = """
WITH old AS (
    SELECT count.id, count.slot, count.at,
        date_bin(CASE WHEN at <= %(days)s THEN interval '1 day' ELSE interval '1 hour' END,
            at - interval '1 microsecond', timestamptz '1970-01-01 00:00:00+00')
        + CASE WHEN at <= %(days)s THEN interval '1 day' ELSE interval '1 hour' END AS whole
    FROM {owners} AS owner JOIN {counts} AS count ON count.{owner} = owner.id
    WHERE at > %(since)s AND at <= %(until)s
    FOR UPDATE OF count SKIP LOCKED
), gone AS (
    DELETE FROM {counts} AS count USING old WHERE count.id = old.id AND (old.slot <> 0 OR old.at <> old.whole)
    RETURNING {columns}, old.whole, n
)
INSERT INTO {counts} AS known ({columns}, at, slot, n)
SELECT {columns}, whole, 0, sum(n) FROM gone GROUP BY {columns}, whole ORDER BY {columns}, whole
ON CONFLICT ({unique}) DO UPDATE SET n = known.n + EXCLUDED.n
"""
_NODES: Final = _FOLD.format(
    owners="flows_flowversion",
    owner="version_id",
    counts="flows_nodecount",
    columns="version_id, node, port",
    unique="version_id, at, node, port, slot",
)
_ENDINGS: Final = _FOLD.format(
    owners="flows_flow",
    owner="flow_id",
    counts="flows_endingcount",
    columns="flow_id, version_id, status",
    unique="flow_id, at, version_id, status, slot",
)


def span_of(now: datetime) -> datetime:
    """Return the end of the span in which a time lies: what is counted is counted before it."""
    return _end_of(now, SPAN)


def end_of(at: datetime, *, now: datetime) -> datetime:
    """Return the end of the span in which a time lies, as nodes are counted by then."""
    if now - at < FINE:
        return span_of(at)
    return _end_of(at, HOUR if now - at < HOURLY else DAY)


def fold(*, now: datetime) -> None:
    """Add what is old enough up in longer spans. Safe to run twice, also at once."""
    with connection.cursor() as cursor:
        for statement, fine, hourly in ((_NODES, FINE, HOURLY), (_ENDINGS, ENDINGS_FINE, ENDINGS_FINE)):
            # Only what lies in a longer span that is over.
            until = _end_of(now - fine, HOUR) - HOUR
            days = _end_of(now - hourly, DAY) - DAY
            values = {"until": min(until, days) if fine == hourly else until, "days": days}
            cursor.execute(statement, {**values, "since": days - _LOOK_BACK})


def _end_of(at: datetime, span: timedelta) -> datetime:
    secs = span.total_seconds()
    return datetime.fromtimestamp((at.timestamp() // secs + 1) * secs, UTC)
