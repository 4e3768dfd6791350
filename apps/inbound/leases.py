"""Who reads, where only one may: by a lease that lasts seconds and is taken anew, by the database's clock."""

from typing import Final
from uuid import UUID

from django.db import connection

LASTS: Final = 6  # seconds, taken anew every two; whoever was killed is followed by another one after them
TAKE: Final = """
UPDATE inbound_bridge SET holder = %(replica)s, held_until = statement_timestamp() + make_interval(secs => %(secs)s)
WHERE id = %(bridge)s AND (holder IN ('', %(replica)s) OR held_until IS NULL OR held_until < statement_timestamp())
"""
KEEP: Final = """
UPDATE inbound_bridge SET held_until = statement_timestamp() + make_interval(secs => %(secs)s)
WHERE id = %(bridge)s AND holder = %(replica)s
"""
GIVE_BACK: Final = "UPDATE inbound_bridge SET holder = '', held_until = NULL WHERE id = %s AND holder = %s"


def take(bridge_id: UUID, replica: str) -> bool:
    """Take the lease of a bridge, or keep it; False where another one has it."""
    with connection.cursor() as cursor:
        cursor.execute(TAKE, {"replica": replica, "bridge": bridge_id, "secs": LASTS})
        return bool(cursor.rowcount)


def keep(bridge_id: UUID, replica: str) -> None:
    """Let a lease last longer, where it is ours: one that was given back in this moment is not taken again."""
    with connection.cursor() as cursor:
        cursor.execute(KEEP, {"replica": replica, "bridge": bridge_id, "secs": LASTS})


def give_back(bridge_id: UUID, replica: str) -> None:
    """Give it back, where it is ours."""
    with connection.cursor() as cursor:
        cursor.execute(GIVE_BACK, [bridge_id, replica])
