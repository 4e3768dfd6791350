"""Configuration that every request needs, kept in memory and at most seconds old.

What this process changes itself it sees at once: saving or deleting rows of the models that a snapshot reads makes it
read again, when the transaction has committed; until then, and if it rolls back, nobody is told of what it wrote.
Others learn of it by the clock.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, Final, Generic, TypeVar

from django.db import DatabaseError, connection, models
from django.db.models.signals import post_delete, post_save
from django.db.transaction import on_commit
from django.dispatch import Signal

from apps.core.memory import Memory

logger = logging.getLogger(__name__)
Value = TypeVar("Value")
Row = TypeVar("Row", bound=models.Model)
_written: Final = Signal()  # many rows at once, of which Django says nothing
_NEVER: Final = float("-inf")


class _QuerySet(models.QuerySet[Row]):
    """A query set whose writes of many rows are noticed as those of one are."""

    def update(self, **values: Any) -> int:
        """Update all rows."""
        n_updated = super().update(**values)
        rows_changed(self.model)
        return n_updated

    def bulk_create(self, *args: Any, **options: Any) -> list[Row]:
        """Insert rows, or update them."""
        made = super().bulk_create(*args, **options)
        rows_changed(self.model)
        return made


class RememberedManager(models.Manager[Row]):
    """The manager of rows that are remembered."""

    def get_queryset(self) -> models.QuerySet[Row]:
        """Return all rows; what is written through it is noticed."""
        return _QuerySet(self.model, using=self._db)


class Remembered(models.Model):
    """A model whose rows snapshots read: no way of Django's to write them goes unnoticed."""

    objects = RememberedManager()

    class Meta:
        abstract = True


def rows_changed(model: type[models.Model]) -> None:
    """Tell that SQL of our own has written rows of a model."""
    _written.send(sender=model)


class Snapshot(Memory, Generic[Value]):
    """A value read from the database, and read again when it is older than `refresh_secs`, or rows `of` models changed.

    One thread reads, and the others go on with the old value; only when it is known to be wrong do they wait. It stays
    in force while the database is away, or does not answer: it is better to be late than to fail.
    """

    def __init__(self, read: Callable[[], Value], *, of: Iterable[type[Remembered]], refresh_secs: float) -> None:
        super().__init__()
        self.of = tuple(of)
        self._read = read
        self._refresh_secs = refresh_secs
        self._reading = threading.Lock()
        self._guard = threading.Lock()  # of what follows, for a moment only
        self._value: Value | None = None
        self._read_at = _NEVER  # when the reading of the value began: it may not have what was committed since
        self._good_until = _NEVER
        self._n_forgotten = 0
        self._failed_at = _NEVER  # when a reading began that failed, and why it did
        self._failure = DatabaseError()
        for model in self.of:
            for written in (post_save, post_delete, _written):
                written.connect(self._on_written, sender=model)

    def get(self) -> Value:
        """Return the value. Raises DatabaseError when it was never read and cannot be read now."""
        asked_at = time.monotonic()
        if asked_at > self._good_until:
            if self._has_unsaved():
                return self._read()  # and keep nothing: no other thread may ever see what may be rolled back
            if self._reading.acquire(blocking=self._good_until == _NEVER):
                try:
                    if time.monotonic() > self._good_until:
                        self._try_to_refresh(asked_at)
                finally:
                    self._reading.release()
        assert self._value is not None
        return self._value

    def latest(self) -> Value:
        """Return the value as it is now, or later: threads that ask at once share what one reads after all have asked.

        Raises DatabaseError when it cannot be read now.
        """
        asked_at = time.monotonic()
        if self._has_unsaved():
            return self._read()
        with self._reading:
            if self._read_at < asked_at:
                self._refresh(asked_at)
        assert self._value is not None
        return self._value

    def forget(self) -> None:
        """Read anew at the next look; whoever is reading just now may have seen what there was before."""
        with self._guard:
            self._good_until = _NEVER
            self._n_forgotten += 1

    def _on_written(self, **_signal: Any) -> None:
        on_commit(self.forget)
        # Before the callbacks of others: of those that stand behind one that raises, none is called.
        connection.run_on_commit.sort(key=lambda callback: callback[1] != self.forget)

    def _has_unsaved(self) -> bool:
        """Tell whether the transaction of this thread has written what is read; Django drops what was rolled back."""
        return any(callback[1] == self.forget for callback in connection.run_on_commit)

    def _try_to_refresh(self, asked_at: float) -> None:
        n_forgotten, began_at = self._n_forgotten, time.monotonic()
        try:
            self._refresh(asked_at)
        except DatabaseError:
            if self._value is None:
                raise
            logger.warning("Configuration could not be read again; the old one stays in force", exc_info=True)
            self._go_on(n_forgotten, began_at)

    def _refresh(self, asked_at: float) -> None:
        if self._failed_at >= asked_at:  # each would wait for a silent database after the other
            raise type(self._failure)(*self._failure.args) from self._failure.__cause__
        n_forgotten, began_at = self._n_forgotten, time.monotonic()
        try:
            self._value = self._read()
        except DatabaseError as error:
            self._failed_at, self._failure = began_at, error.with_traceback(None)
            raise
        self._read_at = began_at
        self._go_on(n_forgotten, began_at)

    def _go_on(self, n_forgotten: int, began_at: float) -> None:
        """Take the value for good until it is old, unless it was forgotten meanwhile."""
        with self._guard:
            if n_forgotten == self._n_forgotten:
                self._good_until = began_at + self._refresh_secs
