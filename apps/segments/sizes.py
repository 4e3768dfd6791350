"""How many members segments have, now and day by day."""

from collections.abc import Iterable
from datetime import UTC, datetime

from django.db import connection

COUNT = """
WITH counted AS (
    UPDATE segments_segment AS segment SET size = (
        SELECT count(*) FROM segments_membership WHERE segment_id = segment.id AND left_at IS NULL
    )
    WHERE key = ANY(%s) RETURNING id, size
)
INSERT INTO segments_segmentsize (segment_id, day, size) SELECT id, %s, size FROM counted
ON CONFLICT (segment_id, day) DO UPDATE SET size = EXCLUDED.size
"""


def count(keys: Iterable[str], *, now: datetime) -> None:
    """Count the members of segments, and note their number for the day."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [list(keys), now.astimezone(UTC).date()])
