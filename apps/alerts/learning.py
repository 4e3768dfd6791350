"""What is usual of a source at this time of the week: how many events came then, in each of the last weeks."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final
from uuid import UUID

from django.db import connection

from apps.events.store.noticed import SPAN

WEEKS: Final = 8  # that are looked at
LEAST_WEEKS: Final = 3  # with less nothing is learned
# Of so many that are expected, by chance none comes once in twenty thousand times.
LEAST_EVENTS: Final = 10
# Of the weeks: one in four may have been a holiday, or a failure.
MOST: Final = 0.75

# Only spans that lie in the time as a whole, which is after that of the last event; and only weeks in
# which the source was known already.
COUNT = """
SELECT coalesce(sum(row.taken), 0)::bigint
FROM unnest(%s::timestamptz[], %s::timestamptz[]) AS week (begins, ends)
LEFT JOIN events_arrivalcount AS row ON row.source_id = %s AND row.at > week.begins AND row.at <= week.ends
WHERE week.begins >= (SELECT min(at) FROM events_arrivalcount WHERE source_id = %s)
GROUP BY week.begins
ORDER BY week.begins DESC
"""


def usual(source_id: UUID, begin: datetime, end: datetime, *, zone: tzinfo) -> list[int]:
    """Count the events of the same time of each of the last weeks of which there are counts, the latest first."""
    begins = [_weeks_before(begin, number, zone) for number in range(1, WEEKS + 1)]
    # Each as long as the silence is: by the clock on the wall it would be shorter when that is put back.
    ends = [then + (end - begin) - SPAN for then in begins]
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [begins, ends, source_id, source_id])
        return [count for (count,) in cursor.fetchall()]


def is_unusual(counts: Sequence[int]) -> bool:
    """Tell whether silence is out of the ordinary, where there were so many events in each of some weeks."""
    n_busy = sum(count >= LEAST_EVENTS for count in counts)
    return n_busy >= MOST * len(counts)


def _weeks_before(at: datetime, number: int, zone: tzinfo) -> datetime:
    """Go back by weeks on the clock on the wall: noon stays noon when the clocks change."""
    return (at.astimezone(zone) - timedelta(weeks=number)).astimezone(UTC)
