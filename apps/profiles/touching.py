"""Who was changed outside of the pipeline, and is to be looked at again by what follows profiles: segments.

The pipeline decides what it changes itself. Whoever else writes a profile, or events that profiles are decided by,
says so here, in the transaction that does it.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection

# Later than the time before, whatever clocks say: see `settle`.
TOUCH = """
INSERT INTO profiles_touched AS known (profile_id, touched_at)
SELECT id, clock_timestamp() FROM unnest(%s::uuid[]) AS id
ON CONFLICT (profile_id) DO UPDATE
SET touched_at = greatest(EXCLUDED.touched_at, known.touched_at + interval '1 microsecond')
"""
SETTLE = """
DELETE FROM profiles_touched AS known USING unnest(%s::uuid[], %s::timestamptz[]) AS seen (profile_id, touched_at)
WHERE known.profile_id = seen.profile_id AND known.touched_at = seen.touched_at
"""


def touch(ids: Iterable[UUID]) -> None:
    """Note that profiles were changed, be they alive or gone; in one statement."""
    wanted = sorted(set(ids))  # in one order: two who touch the same profiles must not wait for each other
    if wanted:
        with connection.cursor() as cursor:
            cursor.execute(TOUCH, [wanted])


def settle(seen: Sequence[tuple[UUID, datetime]]) -> None:
    """Forget profiles that were looked at; those that were touched again meanwhile stay."""
    with connection.cursor() as cursor:
        cursor.execute(SETTLE, [[id for id, _ in seen], [at for _, at in seen]])
