"""People who are silent, in the order of their last activity, by an index that few events have to write."""

from collections.abc import Collection
from typing import Final
from uuid import UUID

from django.db import connection

from apps.heartbeats.silent import Look, Page, Place, Silent, Table, page_of, read

_PEOPLE: Final = Table("profiles_profile", "row.last_active_hour", ("row.id", "row.last_active_at"))
# Whose sessions are all of bots. Few are, and an index has them.
_BOTS: Final = """
SELECT DISTINCT profile_id FROM cdp_sessions_session AS bot WHERE is_bot AND profile_id = ANY(%s) AND NOT EXISTS (
    SELECT FROM cdp_sessions_session AS other WHERE other.profile_id = bot.profile_id AND NOT other.is_bot
)
"""


def find(look: Look) -> Page:
    """Return the next people who have been silent since."""
    rows = read(look, _PEOPLE)
    untold = [row["id"] for row in rows if not row["is_told"]]
    robots = set() if look.heartbeat.includes_bots or not untold else bots(untold)
    return page_of(
        look,
        rows,
        lambda row: Silent(
            Place(row["hour"], row["id"]), row["last_active_at"], profile_id=row["id"], is_bot=row["id"] in robots
        ),
    )


def bots(ids: Collection[UUID]) -> set[UUID]:
    """Return those of living profiles that only bots have."""
    with connection.cursor() as cursor:
        cursor.execute(_BOTS, [list(ids)])
        return {id for (id,) in cursor.fetchall()}
