"""People who are silent, in the order of their last activity, by an index that few events have to write."""

from collections.abc import Collection
from typing import Final
from uuid import UUID

from django.db import connection

from apps.heartbeats.silent import Look, Page, Silent, Table, page_of, read

_PEOPLE: Final = Table(
    "profiles_profile",
    "row.last_active_hour",
    # Few are merged, and few have sessions of bots: to hand over the ids of all takes longer than to find these.
    (
        "EXISTS (SELECT FROM profiles_alias AS alias WHERE alias.profile_id = row.id)",
        "EXISTS (SELECT FROM cdp_sessions_session AS bot WHERE bot.is_bot AND bot.profile_id = row.id)",
    ),
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
    suspects = [id for id, _, is_told, _, has_bots in rows if has_bots and not is_told]
    robots = bots(suspects) if suspects and not look.heartbeat.includes_bots else set()
    silent = [
        Silent(id, last_active_at, profile_id=id, is_bot=has_bots and id in robots, is_merged=is_merged)
        for id, last_active_at, is_told, is_merged, has_bots in rows
        if not is_told
    ]
    return page_of(look, rows, silent)


def bots(ids: Collection[UUID]) -> set[UUID]:
    """Return those of living profiles that only bots have."""
    with connection.cursor() as cursor:
        cursor.execute(_BOTS, [list(ids)])
        return {id for (id,) in cursor.fetchall()}
