"""Open sessions that are silent, in the order of their last activity, and how they end."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection

from apps.core import locks
from apps.heartbeats.silent import Look, Page, Silent, Table, page_of, read
from apps.sessions.models import Session

_TOLD_OF: Final = ("entry_page", "exit_page", "event_count", "visit_count")
_SESSIONS: Final = Table(
    "cdp_sessions_session",
    "row.open_hour",
    ("row.original_profile_id", "row.started_at", "row.last_seen_at", *(f"row.{name}" for name in _TOLD_OF)),
)
# What somebody works on just now is anything but silent: it is left, so that nobody waits for anybody in a circle.
_LOCK: Final = """
SELECT row.id FROM cdp_sessions_session AS row
JOIN unnest(%s::uuid[], %s::timestamptz[]) AS silent (id, last_active_at) USING (id, last_active_at)
WHERE row.open_hour IS NOT NULL ORDER BY row.id FOR NO KEY UPDATE OF row SKIP LOCKED
"""


def find(look: Look) -> Page:
    """Return the next open sessions that have been silent since."""
    heartbeat = look.heartbeat
    conditions = [] if heartbeat.includes_bots else ["NOT row.is_bot"]
    conditions += ["row.source_id = %(source)s"] if heartbeat.source_id else []
    rows = read(look, _SESSIONS, *conditions, source=heartbeat.source_id)
    silent = [_silent(id, last_active_at, *rest) for id, last_active_at, is_told, *rest in rows if not is_told]
    return page_of(look, rows, silent)


def _silent(id: UUID, last_active_at: datetime, profile_id: UUID | None, *values: Any) -> Silent:
    started_at, ended_at, *rest = values
    facts = {
        "started_at": started_at.isoformat(),
        "ended_at": ended_at.isoformat(),
        "duration_secs": (ended_at - started_at).total_seconds(),
        **dict(zip(_TOLD_OF, rest, strict=True)),
    }
    return Silent(id, last_active_at, profile_id, session_id=id, facts=facts)


def close(found: Sequence[Silent]) -> set[UUID]:
    """End sessions, in the caller's transaction, and return those that were still open and silent.

    Whoever goes on with a session holds the lock of its key, or where they name none that of the device that has it
    (collector's prepare), so that nobody has read it before us and writes it after us.
    """
    keys = [silent.id for silent in found]
    devices = Session.objects.filter(id__in=keys).values_list("device_key", flat=True)
    locks.by_key([*keys, *filter(None, devices)])
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [[silent.id for silent in found], [silent.last_active_at for silent in found]])
        ids = {id for (id,) in cursor.fetchall()}
    Session.objects.filter(id__in=ids).update(status=Session.Status.ENDED)
    return ids
