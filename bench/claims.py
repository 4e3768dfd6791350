"""Rows that wait for workers, leased and finished by one process, with and without an old snapshot open."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime

from django.db import connection, transaction

from apps.core import claims as claiming
from apps.core.garbage import collect_less_often
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
    best = {"claims_update_per_s": 0.0, "claims_per_s": 0.0, "claims_snapshot_per_s": 0.0}
    with chores():
        for _ in range(REPEATS):  # in turn, as what else the machine does comes and goes
            for key, per_sec in zip(best, (_measure(_update), _measure(_work), _beside_snapshot()), strict=True):
                best[key] = max(best[key], per_sec)
    return {
        **best,
        "claims_ratio": best["claims_per_s"] / best["claims_update_per_s"],
        "claims_snapshot_ratio": best["claims_snapshot_per_s"] / best["claims_per_s"],
    }


def _beside_snapshot() -> float:
    """Measure while somebody holds what a backup holds: all rows as they were before."""
    other = connection.copy()
    other.set_autocommit(False)
    try:
        with other.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            return _measure(_work, before=lambda: cursor.execute("SELECT count(*) FROM chores_chore"))
    finally:
        other.close()


def _measure(work: Callable[[datetime], None], *, before: Callable[[], object] = lambda: None) -> float:
    """Return how many rows a second it works on."""
    now = datetime.now(UTC)
    claiming._marks.clear()
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE chores_chore")
        cursor.execute(FILL, [json.dumps(STATE), now, ROWS])
        cursor.execute("VACUUM ANALYZE chores_chore")
        cursor.execute("CHECKPOINT")
    before()
    started = time.perf_counter()
    work(now)
    return ROWS / (time.perf_counter() - started)


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
