"""Open sessions that are silent, in the order of their last activity, and how they end."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection

from apps.core import locks
from apps.heartbeats.silent import Look, Place, Silent, where
from apps.sessions.models import Session

_COLUMNS: Final = ("started_at", "last_seen_at", "entry_page", "exit_page", "event_count", "visit_count")
_FIND: Final = f"""
SELECT row.open_hour, row.id, row.last_active_at, row.original_profile_id, {", ".join(_COLUMNS)}
FROM cdp_sessions_session AS row WHERE {{where}} ORDER BY row.open_hour, row.id LIMIT %(limit)s
"""  # noqa: S608 - no value is part of the text
# What somebody works on just now is anything but silent: it is left, so that nobody waits for anybody in a circle.
_LOCK: Final = """
SELECT row.id FROM cdp_sessions_session AS row
JOIN unnest(%s::uuid[], %s::timestamptz[]) AS silent (id, last_active_at) USING (id, last_active_at)
WHERE row.open_hour IS NOT NULL ORDER BY row.id FOR NO KEY UPDATE OF row SKIP LOCKED
"""


def find(look: Look) -> list[Silent]:
    """Return the next open sessions that have been silent since, and were not told of, in their order."""
    condition, params = where(look, hour="row.open_hour")
    if not look.heartbeat.includes_bots:
        condition += " AND NOT row.is_bot"
    if look.heartbeat.source_id:
        condition, params = (
            f"{condition} AND row.source_id = %(source)s",
            {**params, "source": look.heartbeat.source_id},
        )
    with connection.cursor() as cursor:
        cursor.execute(_FIND.format(where=condition), params)
        return [_silent(*found) for found in cursor.fetchall()]


def _silent(hour: datetime, id: UUID, last_active_at: datetime, profile_id: UUID | None, *values: Any) -> Silent:
    started_at, last_seen_at, *rest = values
    facts = {
        "started_at": started_at.isoformat(),
        "ended_at": last_seen_at.isoformat(),
        "duration_secs": (last_seen_at - started_at).total_seconds(),
        **dict(zip(_COLUMNS[2:], rest, strict=True)),
    }
    return Silent(Place(hour, id), last_active_at, profile_id=profile_id, session_id=id, facts=facts)


def close(found: Sequence[Silent]) -> set[UUID]:
    """End sessions, in the caller's transaction, and return those that were still open and silent.

    Whoever goes on with a session holds the lock of its key (collector's prepare), so that nobody has read it before us
    and writes it after us.
    """
    locks.by_key(silent.id for silent in found)
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [[silent.id for silent in found], [silent.last_active_at for silent in found]])
        ids = {id for (id,) in cursor.fetchall()}
    Session.objects.filter(id__in=ids).update(status=Session.Status.ENDED)
    return ids
