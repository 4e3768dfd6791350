"""Advisory locks, held until their transaction ends.

Order of acquisition, which every caller keeps, so that no two transactions can wait for each other:
1. `by_key`, once in a transaction, all keys at once, sorted; 2. rows of profiles, ordered by id; 3. everything else.
"""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import connection
from django.db.backends.utils import CursorWrapper

ASK_SECS = 0.5


def by_key(keys: Iterable[UUID]) -> None:
    """Wait for the locks of all keys; the lowest 64 bits of a key are the lock's number."""
    numbers = sorted({key.int & 0x7FFF_FFFF_FFFF_FFFF for key in keys})
    if numbers:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(key) FROM unnest(%s::bigint[]) AS key", [numbers])


def room() -> int:
    """Ask the server for how many locks it has room, those of all connections together."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('max_locks_per_transaction')::int * (current_setting('max_connections')::int"
            " + current_setting('max_prepared_transactions')::int)"
        )
        return int(cursor.fetchone()[0])


def try_by_name(name: str) -> bool:
    """Take a named lock if it is free; for jobs of which one at a time is enough."""
    with connection.cursor() as cursor:
        return _is_taken(cursor, name)


@contextmanager
def alone(name: str) -> Iterator[None]:
    """Wait for a named lock, and hold it by a transaction of its own, whatever happens in ours.

    Asked for again and again: who waits for a lock in the server has a snapshot, for whose end an index that the holder
    makes concurrently would wait.
    """
    holder = connection.copy()
    holder.set_autocommit(False)
    try:
        with holder.cursor() as cursor:
            while not _is_taken(cursor, name):
                time.sleep(ASK_SECS)
        yield
    finally:
        holder.close()


def _is_taken(cursor: CursorWrapper, name: str) -> bool:
    cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [name])
    return bool(cursor.fetchone()[0])
