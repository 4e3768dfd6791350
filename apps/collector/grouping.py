"""Group concurrent requests into one transaction: while one group is committed, the next one gathers."""

import queue
import threading
import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from django.db import connection

Item = TypeVar("Item")

MAX_GROUP = 200
TIMEOUT_SECS = 25.0
# A group costs little more than one item. So where many come at a time, the next group waits for those who were just
# answered, and will soon be back: for this part of the time that the last one took, and no longer than PAUSE_SECS.
PAUSE_PART, PAUSE_SECS = 0.5, 0.005
IDLE_SECS = 1.0  # after which the connection is tried before it is used: that costs a statement


class Busy(Exception):
    """The item was not done in time; one whose group had begun may be done all the same, and a message id tells."""


class _Waiting(Generic[Item]):
    """An item whose caller waits; a bare lock as its gate, since a Future costs several times as much."""

    __slots__ = ("error", "gate", "is_given_up", "item")

    def __init__(self, item: Item) -> None:
        self.item = item
        self.error: Exception | None = None
        self.is_given_up = False
        self.gate = threading.Lock()
        self.gate.acquire()


class Grouper(Generic[Item]):
    """Hand items of many threads to one function, in groups, on one thread with its own database connection.

    A group is what gathered while the one before it was worked on, and shortly after, until its weight has filled the
    room for it. Who comes alone does not wait.
    """

    def __init__(
        self,
        work: Callable[[list[Item]], None],
        *,
        name: str,
        weigh: Callable[[Item], int] = lambda _: 0,
        room: int = 1,
    ) -> None:
        self._work = work
        self._name = name
        self._weigh = weigh
        self._room = room
        self._waiting: queue.SimpleQueue[_Waiting[Item]] = queue.SimpleQueue()
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None
        self._ended_at = 0.0
        self._pause_secs = 0.0

    def submit(self, item: Item, *, timeout_secs: float = TIMEOUT_SECS) -> None:
        """Return when the item's group is done. Raises what the work raised, or Busy when it takes too long."""
        if self._thread is None or not self._thread.is_alive():
            self._start()
        waiting = _Waiting(item)
        self._waiting.put(waiting)
        if not waiting.gate.acquire(timeout=timeout_secs):
            waiting.is_given_up = True
            raise Busy(f"{self._name} took longer than {timeout_secs} seconds")
        if waiting.error:
            raise waiting.error

    def _start(self) -> None:
        # Started by the first request: a server forks its workers before, and threads do not survive a fork.
        with self._guard:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            group = [self._waiting.get()]
            time.sleep(self._pause_secs)
            weight = self._weigh(group[0].item)
            while len(group) < MAX_GROUP and weight < self._room:
                try:
                    group.append(self._waiting.get_nowait())
                except queue.Empty:
                    break
                weight += self._weigh(group[-1].item)
            # Whoever stopped waiting was told so: work on that would be in vain, and delay all others.
            self._finish([waiting for waiting in group if not waiting.is_given_up])

    def _finish(self, group: list[_Waiting[Item]]) -> None:
        database: Any = connection  # the stubs do not know all of it
        began_at = time.monotonic()
        if began_at - self._ended_at < IDLE_SECS:
            database.health_check_done = True
        try:
            self._work([waiting.item for waiting in group])
        except Exception as error:  # noqa: BLE001 - the thread serves everybody: each waiting request gets the error
            for waiting in group:
                waiting.error = error
        for waiting in group:
            waiting.gate.release()
        database.close_if_unusable_or_obsolete()
        self._ended_at = time.monotonic()
        took_secs = self._ended_at - began_at
        self._pause_secs = min(took_secs * PAUSE_PART, PAUSE_SECS) if len(group) > 1 else 0.0
