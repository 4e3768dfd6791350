"""People who are silent, in the order of their last activity, by an index that few events have to write."""

from collections.abc import Collection
from typing import Any, Final
from uuid import UUID

from django.db import connection

from apps.heartbeats.silent import Look, Page, Place, Silent, Table, page_of, read

_PEOPLE: Final = Table(
    "profiles_profile",
    "row.last_active_hour",
    ("row.id", "row.last_active_at"),
    # Few are either, and to hand over the ids of all takes longer than to find them.
    {
        "is_merged": "EXISTS (SELECT FROM profiles_alias AS alias WHERE alias.profile_id = row.id)",
        "has_bots": "EXISTS (SELECT FROM cdp_sessions_session AS bot WHERE bot.is_bot AND bot.profile_id = row.id)",
    },
)
# Whose sessions are all of bots.
_BOTS: Final = """
SELECT DISTINCT profile_id FROM cdp_sessions_session AS bot WHERE is_bot AND profile_id = ANY(%s) AND NOT EXISTS (
    SELECT FROM cdp_sessions_session AS other WHERE other.profile_id = bot.profile_id AND NOT other.is_bot
)
"""


def find(look: Look) -> Page:
    """Return the next people who have been silent since."""
    rows = read(look, _PEOPLE)
    suspects = [row["id"] for row in rows if row["has_bots"] and not row["is_told"]]
    robots = bots(suspects) if suspects and not look.heartbeat.includes_bots else set()
    return page_of(look, rows, lambda row: _silent(row, is_bot=row["id"] in robots))


def _silent(row: dict[str, Any], *, is_bot: bool) -> Silent:
    place = Place(row["hour"], row["id"])
    return Silent(place, row["last_active_at"], profile_id=row["id"], is_bot=is_bot, is_merged=row["is_merged"])


def bots(ids: Collection[UUID]) -> set[UUID]:
    """Return those of living profiles that only bots have."""
    with connection.cursor() as cursor:
        cursor.execute(_BOTS, [list(ids)])
        return {id for (id,) in cursor.fetchall()}
