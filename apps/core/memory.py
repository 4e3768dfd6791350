"""What a process keeps in memory from one request to the next, all of it known, so that a test begins with none."""

from typing import ClassVar
from weakref import WeakSet


class Memory:
    """Something that a process remembers; it is known from when it is made until nobody holds it any more."""

    _all: ClassVar[WeakSet["Memory"]] = WeakSet()

    def __init__(self) -> None:
        self._all.add(self)

    def forget(self) -> None:
        """Drop what is remembered."""
        raise NotImplementedError


def forget_all() -> None:
    """Drop all that this process remembers of the database, and what it has counted for it: it may be another one."""
    for memory in list(Memory._all):
        memory.forget()
