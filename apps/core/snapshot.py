"""Configuration that every request needs, kept in memory and at most seconds old."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from django.db import DatabaseError

logger = logging.getLogger(__name__)
Value = TypeVar("Value")


class Snapshot(Generic[Value]):
    """A value read from the database, and read again when it is older than `refresh_secs`.

    One thread reads, and the others go on with the old value. It stays in force while the database is away, or does not
    answer: it is better to be late than to fail.
    """

    def __init__(self, read: Callable[[], Value], *, refresh_secs: float) -> None:
        self._read = read
        self._refresh_secs = refresh_secs
        self._guard = threading.Lock()
        self._value: Value | None = None
        self._read_at = float("-inf")

    def get(self, *, max_age_secs: float | None = None) -> Value:
        """Return the value, of an age that the caller may limit further.

        Raises DatabaseError when it was never read and cannot be read now.
        """
        limit = self._refresh_secs if max_age_secs is None else max_age_secs
        if time.monotonic() - self._read_at > limit:
            must_wait = self._value is None or max_age_secs is not None
            if self._guard.acquire(blocking=must_wait):
                try:
                    if time.monotonic() - self._read_at > limit:
                        self._refresh()
                finally:
                    self._guard.release()
        assert self._value is not None
        return self._value

    def forget(self) -> None:
        """Read anew at the next look: after a change in this process, and between tests."""
        self._value, self._read_at = None, float("-inf")

    def _refresh(self) -> None:
        try:
            self._value = self._read()
        except DatabaseError:
            if self._value is None:
                raise
            logger.warning("Configuration could not be read again; the old one stays in force", exc_info=True)
        self._read_at = time.monotonic()
