"""Finds what is due and lets lanes send it, for a while; of all workers, one alone serves a connection at a time."""

import time
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.utils import timezone

from apps.bridges.lanes.desk import Desk
from apps.bridges.lanes.lane import Lane
from apps.bridges.lanes.speed import SLACK, Speed

MOST_LANES: Final = 64
LOOK_SECS: Final = 0.1
SPARED: Final = 10  # times as long as a look took, it is not made again
ASK_SECS: Final = 1.0
END_SECS: Final = 120.0  # for what is slow, which may take longer than we may last
BROKEN_SECS: Final = 5.0
STOP_SECS: Final = 9.0  # for what is on its way, when the worker is told to stop: its supervisor waits for 20
BREAK_SECS: Final = 3.0  # for what is broken off then, to be written

# Connection by connection: of one that has been dead for days, a million rows may be due.
_DUE: Final = """
SELECT it.id FROM bridges_connection AS it CROSS JOIN LATERAL (
    SELECT FROM bridges_delivery AS row WHERE row.connection_id = it.id AND row.due_at <= %(now)s
    ORDER BY row.due_at LIMIT 1
) AS first
WHERE it.is_enabled AND it.held_at IS NULL AND (it.rests_until IS NULL OR it.rests_until <= %(now)s)
"""
_NEXT: Final = """
SELECT min(greatest(first.due_at, it.rests_until)) FROM bridges_connection AS it CROSS JOIN LATERAL (
    SELECT row.due_at FROM bridges_delivery AS row WHERE row.connection_id = it.id AND row.due_at IS NOT NULL
    ORDER BY row.due_at LIMIT 1
) AS first
WHERE it.is_enabled AND it.held_at IS NULL
"""


class Dispatcher:
    """The lanes of one process. Its connection to the database holds the locks of those that it serves."""

    def __init__(self) -> None:
        self._desk = Desk()
        self._lanes: dict[UUID, Lane] = {}
        self._ending: set[UUID] = set()  # connections whose lanes were told to end
        self._is_due = False  # whether anything was, at the last look: a lane may be about to take it
        self.n_lanes = 0  # that were opened
        self._speeds: defaultdict[UUID, Speed] = defaultdict(Speed)
        # By one transaction, which lasts as long as we do: it reads, and has no snapshot in between.
        self._holder = connection.copy()
        self._holder.set_autocommit(False)

    def serve(
        self, *, secs: float, idle_secs: float, is_stopping: Callable[[], bool], is_relieved: Callable[[], bool]
    ) -> bool:
        """Send what is due and what becomes due, until nothing was for so long, or the time is over; tell which.

        It ends sooner when it is told to stop, or when another waits to do the same. At the end, what is fast goes on,
        or begins, while what is slow comes to its end; what does not is broken off, and tried again.
        """
        now = time.monotonic()
        ends_at, idle_at, asks_at = now + secs, now + idle_secs, now + ASK_SECS
        while now < min(ends_at, idle_at):
            took = self._look()
            is_busy = self._is_due or any(lane.is_busy for lane in self._lanes.values())
            if is_busy:
                idle_at = now + idle_secs
            if now > asks_at:
                asks_at = now + ASK_SECS
                if is_stopping():
                    return False
                if not is_busy and is_relieved():
                    return True
            time.sleep(max(LOOK_SECS, SPARED * took))
            now = time.monotonic()
        self._end(is_stopping)
        return now >= idle_at

    def close(self) -> None:
        """Let all lanes come to their end, and give up the locks."""
        for lane in self._lanes.values():
            lane.end()
        until = time.monotonic() + STOP_SECS
        for lane in self._lanes.values():
            lane.join(max(until - time.monotonic(), 0))
        late = [lane for lane in self._lanes.values() if not lane.is_over]
        for lane in late:
            lane.break_off()
        until = time.monotonic() + BREAK_SECS
        for lane in late:
            lane.join(max(until - time.monotonic(), 0))
        # Whoever serves a connection next knows nothing of what we sent in this second.
        latest = max((speed.opens_at for speed in self._speeds.values()), default=0.0)
        time.sleep(min(max(latest - time.monotonic(), 0.0), 1 + SLACK))
        self._desk.close()
        self._holder.close()

    def _look(self) -> float:
        """Tell lanes what is due, and open those that there are not yet; return how many seconds the look took."""
        began_at = time.monotonic()
        due = [pk for (pk,) in self._ask(_DUE, {"now": timezone.now()})]
        took, self._is_due = time.monotonic() - began_at, bool(due)
        self._sweep()
        for pk in due:
            if pk in self._lanes:
                self._lanes[pk].poke()
            elif pk not in self._ending and len(self._lanes) < MOST_LANES and self._hold(pk):
                self._lanes[pk] = Lane(pk, self._desk, self._speeds[pk])
                self.n_lanes += 1
        return took

    def _sweep(self) -> None:
        """Forget lanes that have ended; one that broke down is not opened anew at once."""
        for pk, lane in list(self._lanes.items()):
            if lane.is_over and not (lane.is_broken and time.monotonic() < lane.ended_at + BROKEN_SECS):
                del self._lanes[pk]

    def _hold(self, pk: UUID) -> bool:
        """Serve a connection alone; a lock that we have is given to us again."""
        [(is_ours,)] = self._ask("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [f"deliveries of {pk}"])
        return bool(is_ours)

    def _end(self, is_stopping: Callable[[], bool]) -> None:
        until = time.monotonic() + END_SECS
        while (slow := self._let_slow_ones_end()) and not is_stopping():
            if time.monotonic() > until:
                for lane in slow:
                    lane.break_off()
                return
            time.sleep(LOOK_SECS)

    def _let_slow_ones_end(self) -> list[Lane]:
        """Tell lanes to end whose answers take long, and return those that have not ended yet."""
        self._look()
        slow = {pk: lane for pk, lane in self._lanes.items() if lane.is_slow and not lane.is_over}
        for pk, lane in slow.items():
            self._ending.add(pk)
            lane.end()
        return list(slow.values())

    def _ask(self, statement: str, values: Any) -> list[tuple[Any, ...]]:
        with self._holder.cursor() as cursor:
            cursor.execute(statement, values)
            found: list[tuple[Any, ...]] = cursor.fetchall()
            return found


def next_due() -> datetime | None:
    """Return when something is to be sent next, if anything waits for a time."""
    with connection.cursor() as cursor:
        cursor.execute(_NEXT)
        at: datetime | None = cursor.fetchone()[0]
        return at
