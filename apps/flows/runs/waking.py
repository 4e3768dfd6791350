"""A worker that was woken stays for a while: what becomes due meanwhile goes on within a tenth of a second.

So a wake-up need not come in time: one that comes too early waits here, and most that happens needs none.
"""

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, NamedTuple

from django.db import InterfaceError, OperationalError, connection

from apps.core.garbage import collect_less_often
from apps.flows.models import Run
from apps.flows.runs import batches

logger = logging.getLogger(__name__)
LOOK_SECS: Final = 0.1
IDLE_SECS: Final = 20.0  # longer than the rest between two wake-ups
STAY_SECS: Final = 60.0
AWAY_SECS: Final = 1.0  # between two tries while the database is away

COUNTED: Final = 10_000  # of what is due no more is counted
_DUE: Final = f"""
SELECT count(*), min(due_at) FROM (
    SELECT due_at FROM flows_run WHERE due_at <= %s AND attempts < %s ORDER BY due_at, id LIMIT {COUNTED}
) AS due
"""  # noqa: S608 - a number of ours
_NEXT: Final = "SELECT min(due_at) FROM flows_run WHERE due_at IS NOT NULL AND attempts < %s"


def work(*, is_relieved: Callable[[], bool], is_stopping: Callable[[], bool]) -> int:
    """Let runs go on until none was due for a while, or the time is over; return how many there were.

    It ends earlier where it is relieved by another worker while nothing is due, or its process is to stop. A database
    that goes away meanwhile is waited for. Raises OperationalError when it is away at the end.
    """
    collect_less_often()
    began = busy_at = asked_at = time.monotonic()
    n_runs = 0
    while True:
        try:
            n_due = batches.go_on(now=datetime.now(UTC))
        except (OperationalError, InterfaceError) as error:
            logger.warning("The database is away: runs wait", extra={"error": type(error).__name__})
            connection.close()
            time.sleep(AWAY_SECS)
            n_due = 0
        n_runs += n_due
        now = time.monotonic()
        if n_due:
            busy_at = now
        if now - began > STAY_SECS or now - busy_at > IDLE_SECS:
            return n_runs
        if now - asked_at > AWAY_SECS:
            asked_at = now
            if is_stopping() or (not n_due and is_relieved()):
                return n_runs
        if not n_due:
            time.sleep(LOOK_SECS)


class Due(NamedTuple):
    """Runs that are to go on, and do not yet."""

    number: int
    since: datetime | None  # of the one that waits longest


def due(*, now: datetime) -> Due:
    """Count the runs that are due."""
    with connection.cursor() as cursor:
        cursor.execute(_DUE, [now, Run.MAX_ATTEMPTS])
        return Due(*cursor.fetchone())


def next_due(*, now: datetime) -> datetime | None:
    """Return when the next run is due, or now when some are already; None when there is none."""
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [Run.MAX_ATTEMPTS])
        [next_at] = cursor.fetchone()
    return max(next_at, now) if next_at else None
