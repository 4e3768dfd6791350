"""Who enters and who leaves: many at once, each change written and announced once, in the caller's transaction.

Whoever decides that somebody enters or leaves holds his row; what several decide of one person has an order then.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import connection

from apps.core import storable
from apps.core.ids import new_id
from apps.events import internal
from apps.events.models import InboxItem
from apps.events.store import inbox
from apps.segments.models import Cause

Pair = tuple[UUID, UUID]  # a segment and a profile
ENTERED, LEFT = "segment-entered", "segment-left"  # types of the events
PER_MESSAGE: Final = 500  # changes: the inbox processes a message as a whole

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
    is_silent: bool = False,
) -> Changed:
    """Let people enter and leave segments, and announce each change that really is one; three statements.

    Whatever is repeated changes nothing and announces nothing. Silent changes are announced too, and marked: they are
    counted, and no message goes out because of them.
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
    said = [*_said(ENTERED, changed.entered), *_said(LEFT, changed.left)]
    if said:
        inbox.put(
            [_message(said[i : i + PER_MESSAGE], because, now, is_silent) for i in range(0, len(said), PER_MESSAGE)]
        )
    return changed


def _said(type: str, changes: list[Change]) -> Iterator[dict[str, Any]]:
    for each in changes:
        yield {
            "type": type,
            "membership": each.membership_id,
            "profile": each.profile_id,
            "segment": each.key,
            "name": each.name,
        }


def _message(said: list[dict[str, Any]], because: Cause, now: datetime, is_silent: bool) -> inbox.Item:  # noqa: FBT001
    body = {"because": because, "time": now, "is_silent": is_silent, "changes": said}
    return inbox.Item(internal.SOURCE_ID, InboxItem.Dialect.MEMBERSHIP, storable.dumps(body), {}, now)


# Of the stays of one person in one segment, all but the first.
_JOIN_STAYS = """
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

    Of two stays in one segment the one that began first goes on. Two statements.
    """
    gone, kept = list(survivors), list(survivors.values())
    with connection.cursor() as cursor:
        cursor.execute(_JOIN_STAYS, [gone, kept, gone + kept])
        cursor.execute(_FOLLOW, [gone, kept])
