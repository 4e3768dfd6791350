"""People who are silent, in the order of their last activity, by an index that few events have to write."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from django.db import connection

from apps.heartbeats.silent import Look, Place, Silent, where

_FIND: Final = """
SELECT row.last_active_hour, row.id, row.last_active_at FROM profiles_profile AS row
WHERE {where} ORDER BY row.last_active_hour, row.id LIMIT %(limit)s
"""
# Whose sessions are all of bots. Few are, and an index has them.
_BOTS: Final = """
SELECT DISTINCT profile_id FROM cdp_sessions_session AS bot WHERE is_bot AND profile_id = ANY(%s) AND NOT EXISTS (
    SELECT FROM cdp_sessions_session AS other WHERE other.profile_id = bot.profile_id AND NOT other.is_bot
)
"""


def find(look: Look) -> list[Silent]:
    """Return the next people who have been silent since, and were not told of, in their order."""
    condition, params = where(look, hour="row.last_active_hour")
    with connection.cursor() as cursor:
        cursor.execute(_FIND.format(where=condition), params)
        found = cursor.fetchall()
    robots = set() if look.heartbeat.includes_bots else bots([id for _, id, _ in found])
    return [
        Silent(Place(hour, id), last_active_at, profile_id=id, is_bot=id in robots)
        for hour, id, last_active_at in found
    ]


def bots(ids: Sequence[UUID]) -> set[UUID]:
    """Return those of living profiles that only bots have."""
    with connection.cursor() as cursor:
        cursor.execute(_BOTS, [list(ids)])
        return {id for (id,) in cursor.fetchall()}
