"""Whether others work with the database just now: long work in the background gives way to them."""

from typing import Final

from django.db import connection

# Who is in the middle of a transaction, be it between two statements. Of other roles nobody tells us the state.
_BUSY: Final = """
SELECT EXISTS (
    SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
    AND backend_type = 'client backend' AND state <> 'idle'
)
"""


def is_busy() -> bool:
    """Tell whether any other connection to our database does something at this moment."""
    with connection.cursor() as cursor:
        cursor.execute(_BUSY)
        return bool(cursor.fetchone()[0])
