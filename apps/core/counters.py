"""Counts of what happens often: kept in memory, and added to the database every few seconds, in one statement."""

import logging
import threading
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Generic, TypeVar

from django.db import DatabaseError, connection

from apps.core.memory import Memory

logger = logging.getLogger(__name__)
Key = TypeVar("Key", bound=Hashable)
FLUSH_SECS: Final = 3.0
MAX_KEYS: Final = 2_000  # between two writes; what strangers make up must not fill the memory


@dataclass(slots=True)
class Count:
    """How often something happened, when at first and at last, and what was said the last time."""

    number: int
    first_at: datetime
    last_at: datetime
    note: str = ""

    def add(self, other: "Count") -> None:
        """Count what came later in."""
        self.number += other.number
        self.last_at, self.note = max(self.last_at, other.last_at), other.note or self.note


class Counter(Memory, Generic[Key]):
    """Counts by key until they are written; what was not written yet is lost with the process: they are figures."""

    def __init__(self, write: Callable[[Mapping[Key, Count]], None]) -> None:
        super().__init__()
        self._write = write
        self._lock = threading.Lock()
        self._counts: dict[Key, Count] = {}
        self._is_due = False

    def add(self, key: Key, *, at: datetime, number: int = 1, note: str = "") -> None:
        """Count what happened."""
        with self._lock:
            self._merge({key: Count(number, at, at, note)})
            must_start = not self._is_due
            self._is_due = True
        if must_start:
            self._start()

    def flush(self) -> None:
        """Write what was counted; it is kept when the database is away."""
        with self._lock:
            counts, self._counts, self._is_due = self._counts, {}, False
        try:
            if counts:
                self._write(counts)
        except DatabaseError:
            logger.warning("Counts could not be written yet", exc_info=True)
            with self._lock:
                later, self._counts = self._counts, counts
                self._merge(later)

    def forget(self) -> None:
        """Drop what was counted."""
        with self._lock:
            self._counts, self._is_due = {}, False

    def _merge(self, counts: Mapping[Key, Count]) -> None:
        for key, count in counts.items():
            if key in self._counts:
                self._counts[key].add(count)
            elif len(self._counts) < MAX_KEYS:
                self._counts[key] = count

    def _start(self) -> None:
        # Only now: a server forks its workers before, and threads do not survive a fork. Tests start none.
        timer = threading.Timer(FLUSH_SECS, self._flush_and_leave)
        timer.daemon = True
        timer.start()

    def _flush_and_leave(self) -> None:
        try:
            self.flush()
        finally:
            connection.close()
