"""Who enters and who leaves: many at once, each change written and announced once, in the caller's transaction.

Whoever lets somebody enter or leave holds their row; what several do with one person has an order then.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from apps.core.ids import new_id
from apps.events.store import emitting
from apps.events.store.emitting import Emission
from apps.segments.models import Cause
from apps.segments.platform_events import ENTERED, LEFT

Pair = tuple[UUID, UUID]  # a segment and a profile

_ENTER = """
WITH entered AS (
    INSERT INTO segments_membership (id, segment_id, profile_id, entered_at, entered_because, left_because)
    SELECT wanted.id, segment_id, profile_id, %s, %s, ''
    FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[]) AS wanted (id, segment_id, profile_id)
    JOIN segments_segment AS segment ON segment.id = segment_id  -- it may have been deleted a moment ago
    ORDER BY segment_id, profile_id
    ON CONFLICT (segment_id, profile_id) WHERE left_at IS NULL DO NOTHING RETURNING id, segment_id, profile_id
)
SELECT entered.id, profile_id, segment.id, key, name FROM entered
JOIN segments_segment AS segment ON segment.id = segment_id
"""
_LEAVE = """
WITH gone AS (
    UPDATE segments_membership AS it SET left_at = greatest(%s, entered_at), left_because = %s
    FROM unnest(%s::uuid[], %s::uuid[]) AS wanted (segment_id, profile_id)
    WHERE it.segment_id = wanted.segment_id AND it.profile_id = wanted.profile_id AND left_at IS NULL
    RETURNING it.id, it.segment_id, it.profile_id
)
SELECT gone.id, profile_id, segment.id, key, name FROM gone JOIN segments_segment AS segment ON segment.id = segment_id
"""


class Change(NamedTuple):
    """Somebody entered a segment, or left it."""

    membership_id: UUID
    profile_id: UUID
    segment_id: UUID
    key: str
    name: str


class Changed(NamedTuple):
    """Who really entered and left; whoever was in already, or out, is not among them."""

    entered: list[Change]
    left: list[Change]


def change(
    *,
    entered: Iterable[Pair] = (),
    left: Iterable[Pair] = (),
    because: Cause,
    now: datetime,
    is_silent: bool,
    chains: Mapping[UUID, int] | None = None,
) -> Changed:
    """Let people enter and leave segments, and announce each change that really is one; three statements.

    Whatever is repeated changes nothing and announces nothing. Silent changes are announced too, and marked: they are
    counted, and no message goes out because of them. `chains` says of people how many flows in a row have led to this.
    """
    coming, going = list(dict.fromkeys(entered)), list(dict.fromkeys(left))
    changed = Changed([], [])
    with connection.cursor() as cursor:
        if coming:
            ids = [new_id() for _ in coming]
            cursor.execute(_ENTER, [now, because, ids, *map(list, zip(*coming, strict=True))])
            changed.entered.extend(map(Change._make, cursor.fetchall()))
        if going:
            cursor.execute(_LEAVE, [now, because, *map(list, zip(*going, strict=True))])
            changed.left.extend(map(Change._make, cursor.fetchall()))
    said = [(ENTERED, each) for each in changed.entered] + [(LEFT, each) for each in changed.left]
    emissions = [
        Emission(
            type=event.type,
            profile_id=each.profile_id,
            key=str(each.membership_id),
            time=now,
            properties={"segment": each.key, "name": each.name, "because": because},
            chain=chains.get(each.profile_id, 0) if chains else 0,
        )
        for event, each in said
    ]
    emitting.emit(emissions, is_silent=is_silent, now=now)
    return changed


# Of the current memberships of one person in one segment, all but the first.
_JOIN = """
DELETE FROM segments_membership WHERE id IN (
    SELECT id FROM (
        SELECT id, row_number() OVER (PARTITION BY segment_id, coalesce(kept, profile_id) ORDER BY entered_at, id) AS n
        FROM segments_membership LEFT JOIN unnest(%s::uuid[], %s::uuid[]) AS merged (gone, kept) ON gone = profile_id
        WHERE left_at IS NULL AND profile_id = ANY(%s)
    ) AS numbered WHERE n > 1
)
"""
_FOLLOW = """
UPDATE segments_membership SET profile_id = kept FROM unnest(%s::uuid[], %s::uuid[]) AS merged (gone, kept)
WHERE profile_id = gone
"""


def adopt(survivors: Mapping[UUID, UUID]) -> None:
    """Give the memberships of profiles that are gone to those into which they were merged; nobody enters or leaves.

    Of two memberships in one segment the one that began first goes on. Two statements.
    """
    gone, kept = list(survivors), list(survivors.values())
    with connection.cursor() as cursor:
        cursor.execute(_JOIN, [gone, kept, gone + kept])
        cursor.execute(_FOLLOW, [gone, kept])
