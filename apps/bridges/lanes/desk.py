"""A few threads that talk to the database for all lanes of a process: many connections outside need few inside."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Final, TypeVar

from django.db import connection

THREADS: Final = 4
Result = TypeVar("Result")


class Desk:
    """What lanes ask of the database is done here, and they wait for it."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="desk")

    def ask(self, function: Callable[[], Result]) -> Result:
        """Call a function on a thread with a connection to the database; return, or raise, what it does."""
        return self._pool.submit(function).result()

    def close(self) -> None:
        """Close all connections, once everything asked is done."""
        together = Barrier(THREADS)  # each thread takes one of these

        def leave() -> None:
            connection.close()
            together.wait()

        for leaving in [self._pool.submit(leave) for _ in range(THREADS)]:
            leaving.result()
        self._pool.shutdown()
