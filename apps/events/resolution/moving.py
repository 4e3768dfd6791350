"""Events and sessions follow their person after a merge, and after one is undone: in the background, page by page.

The raw id that each came with says whose it is, now as ever; `profile_id` only says so faster. Readers do not wait for
this: see profiles.ledger.belonging_to. What is still to be done is in the ledger: merges that have no `moved_at`.
"""

import time
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from apps.core import claims, keyset, locks
from apps.profiles import dirty, ledger
from apps.profiles.models import Merge

PAGE: Final = 500  # rows of a transaction: what else is committed meanwhile waits for its part of the log
MAX_REST_SECS: Final = 0.1
LOCK: Final = "move-merged"  # two at once could overtake each other, and leave events with a profile that is no more

_LIVING = """coalesce(
    (SELECT alias.profile_id FROM profiles_alias AS alias WHERE alias.id = original_profile_id), original_profile_id
)"""
_PAGE_END = """
SELECT time FROM events_event WHERE profile_id = %s AND time > %s::timestamptz ORDER BY time OFFSET %s LIMIT 1
"""
_MOVE_EVENTS = f"""
UPDATE events_event SET profile_id = {_LIVING}
WHERE profile_id = %s AND time > %s::timestamptz AND time <= %s::timestamptz AND profile_id <> {_LIVING}
"""  # noqa: S608 - no value is part of the text, here or below
_SESSIONS: Final = "cdp_sessions_session"
_MISPLACED = f"profile_id = %s AND profile_id <> {_LIVING}"
_IS_ANY_LEFT = f"SELECT FROM {_SESSIONS} WHERE {_MISPLACED} LIMIT 1"
# Sessions that the pipeline works on just now are left for later: it writes the right id itself.
_FREE = claims.free(_SESSIONS, where=_MISPLACED, order="started_at DESC", columns="id")
_MOVE_SESSIONS = f"UPDATE {_SESSIONS} SET profile_id = {_LIVING} WHERE id IN ({_FREE})"  # noqa: S608


class _Busy(Exception):
    """Somebody else is at it, or there is something left that cannot be moved just now."""


def move(*, secs: float) -> int:
    """Finish what merges have left to do, the oldest first, for that long; return how many are finished.

    Each page is a transaction of its own, short enough that nobody who tracks these people notices. Safe to run twice.
    """
    deadline = time.monotonic() + secs
    n_finished = 0
    for merge in keyset.rows(Merge.objects.filter(moved_at=None), "at", "id"):
        try:
            _move_all(merge, deadline=deadline)
        except _Busy:
            continue
        n_finished += 1
    return n_finished


def _move_all(merge: Merge, *, deadline: float) -> None:
    is_undone = merge.undone_at is not None
    places = ledger.places_of([merge.kept_via, merge.merged_via]) if is_undone else [merge.merged_id]
    for place in places:
        _move_events(place, deadline=deadline)
        _move_sessions(place)
    # One that was undone meanwhile has more to do.
    with transaction.atomic():
        Merge.objects.filter(pk=merge.pk, undone_at=merge.undone_at).update(moved_at=timezone.now())
        # Their past events are in their place only now.
        dirty.mark({ledger.living_id(merge.kept_via), ledger.living_id(merge.merged_via)})


def _move_events(place: UUID, *, deadline: float) -> None:
    after: datetime | str | None = "-infinity"
    while after is not None:
        if time.monotonic() > deadline:
            raise _Busy
        started = time.monotonic()
        with transaction.atomic():
            _take_turn()
            after = _move_page(place, after)
        if after is not None:
            # As long as the page took: at most half of the log, and of a processor, is ours while people are tracked.
            time.sleep(min(time.monotonic() - started, MAX_REST_SECS))


def _move_page(place: UUID, after: datetime | str) -> datetime | None:
    """Move the next events under an id, in the order of their time; return how far that was, None at the end."""
    with connection.cursor() as cursor:
        # The commit need not flush the log, for which tracking would wait, too. Lost in a crash, a page is moved again:
        # that a merge is finished is written later, and flushed.
        cursor.execute("SET LOCAL synchronous_commit = off")
        cursor.execute(_PAGE_END, [place, after, PAGE - 1])
        row: tuple[Any, ...] | None = cursor.fetchone()
        end = row[0] if row else None
        cursor.execute(_MOVE_EVENTS, [place, after, end or "infinity"])
    return end


def _move_sessions(place: UUID) -> None:
    n_moved = PAGE
    while n_moved == PAGE:
        with transaction.atomic(), connection.cursor() as cursor:
            _take_turn()
            cursor.execute(_MOVE_SESSIONS, [place, PAGE])
            n_moved = cursor.rowcount
    with connection.cursor() as cursor:
        cursor.execute(_IS_ANY_LEFT, [place])
        if cursor.fetchone():
            raise _Busy


def _take_turn() -> None:
    if not locks.try_by_name(LOCK):
        raise _Busy
