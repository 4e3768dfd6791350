"""Who was changed outside of the pipeline, and is to be looked at again by what follows profiles: segments.

The pipeline evaluates what it changes itself. Whoever else writes a profile, or events that segments ask about,
says so here, in the transaction that does it.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection

# Later than the time before, whatever clocks say: see `clear`.
MARK = """
INSERT INTO profiles_dirty AS known (profile_id, marked_at)
SELECT id, clock_timestamp() FROM unnest(%s::uuid[]) AS id
ON CONFLICT (profile_id) DO UPDATE
SET marked_at = greatest(EXCLUDED.marked_at, known.marked_at + interval '1 microsecond')
"""
CLEAR = """
DELETE FROM profiles_dirty AS known USING unnest(%s::uuid[], %s::timestamptz[]) AS seen (profile_id, marked_at)
WHERE known.profile_id = seen.profile_id AND known.marked_at = seen.marked_at
"""


def mark(ids: Iterable[UUID]) -> None:
    """Note that profiles were changed, be they alive or gone; in one statement."""
    wanted = sorted(set(ids))  # in one order: two who mark the same profiles must not wait for each other
    if wanted:
        with connection.cursor() as cursor:
            cursor.execute(MARK, [wanted])


def clear(seen: Sequence[tuple[UUID, datetime]]) -> None:
    """Forget profiles that were looked at; those that were marked again meanwhile stay."""
    with connection.cursor() as cursor:
        cursor.execute(CLEAR, [[id for id, _ in seen], [at for _, at in seen]])
