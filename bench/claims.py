"""Rows that wait for workers, leased and finished by one process, with and without an old snapshot open."""

import json
from collections.abc import Callable
from datetime import UTC, datetime

from django.db import connection, transaction

from apps.core import claims as claiming
from apps.core.garbage import collect_less_often
from bench.spent import Spent, named, spent
from tests.core.chores import Chore, chores

Figures = dict[str, float]
ROWS = 40_000
BATCH = 500
PLACES = [f"node {number}" for number in range(8)]
STATE = {
    "path": PLACES,
    "memory": {"order": {"total": 12.5, "currency": "EUR", "items": ["a", "b", "c"]}, "note": "x" * 120},
}
REPEATS = 3
FILL = """
INSERT INTO chores_chore (id, owner_id, place, state, due_at, leases, attempts, error)
SELECT uuidv7(), uuidv7(), '', %s::jsonb, %s, 0, 0, '' FROM generate_series(1, %s)
"""


def claims() -> Figures:
    """Claim, read, change and finish rows of 300 bytes in batches of 500; all of them are due at one instant.

    The limit is to update the same rows by their ids, a commit each batch. The snapshot is what a backup holds.
    """
    collect_less_often()
    with chores():
        # In turn, and the best of each, as what else the machine does comes and goes.
        rounds = [(_measure(_update), _measure(_work), _beside_snapshot()) for _ in range(REPEATS)]
    update, plain, snapshot = (min(each, key=lambda took: took.secs) for each in zip(*rounds, strict=True))
    return {
        "claims_update_per_s": ROWS / update.secs,
        "claims_per_s": ROWS / plain.secs,
        "claims_snapshot_per_s": ROWS / snapshot.secs,
        **named("claims", plain.cpu(ROWS)),
        **named("claims_snapshot", snapshot.cpu(ROWS)),
        "claims_ratio": update.secs / plain.secs,
        "claims_snapshot_ratio": plain.secs / snapshot.secs,
    }


def _beside_snapshot() -> Spent:
    """Measure while somebody holds what a backup holds: all rows as they were before."""
    other = connection.copy()
    other.set_autocommit(False)
    try:
        with other.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            return _measure(_work, before=lambda: cursor.execute("SELECT count(*) FROM chores_chore"))
    finally:
        other.close()


def _measure(work: Callable[[datetime], None], *, before: Callable[[], object] = lambda: None) -> Spent:
    """Return what it takes to work on all rows."""
    now = datetime.now(UTC)
    claiming._marks.clear()
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE chores_chore")
        cursor.execute(FILL, [json.dumps(STATE), now, ROWS])
        cursor.execute("VACUUM ANALYZE chores_chore")
        cursor.execute("CHECKPOINT")
    before()
    return spent(lambda: work(now))


def _work(now: datetime) -> None:
    """Do as a worker does."""
    n_done = 0
    while leases := claiming.claim(Chore, BATCH, now=now):
        with transaction.atomic():
            rows = claiming.held(Chore, leases)
            for row in rows:
                row.state["path"] = PLACES[1:]
                row.end()
            claiming.write(rows, "state")
        n_done += len(rows)
    assert n_done == ROWS


def _update(now: datetime) -> None:
    ids = list(Chore.objects.values_list("id", flat=True))
    with connection.cursor() as cursor:
        for start in range(0, ROWS, BATCH):
            cursor.execute("UPDATE chores_chore SET due_at = NULL WHERE id = ANY(%s)", [ids[start : start + BATCH]])
