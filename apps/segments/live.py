"""What else decides who is in segments, besides conditions: apps declare it in a module `observers`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Protocol

from apps.core import tasks
from apps.core.models import Task
from apps.core.registry import Registry


class Decider(Protocol):
    """Something that goes through everybody by a task on the queue `segmentation:live`."""

    def begin(self, *, is_full: bool, requested_by: str, now: datetime) -> Sequence[Task]:
        """Begin with what is due, or with all that there is, and return the tasks; safe to call twice, also at once."""
        ...

    def under_way(self) -> Sequence[Task]:
        """Return the tasks that workers carry on."""
        ...


deciders: Final[Registry[Decider]] = Registry("decider of segments", module="observers")


def begin(*, requested_by: str, now: datetime, is_full: bool = False) -> list[Task]:
    """Let all of them begin."""
    return [
        task
        for decider in deciders.values()
        for task in decider.begin(is_full=is_full, requested_by=requested_by, now=now)
    ]


def under_way() -> list[Task]:
    """Return the tasks that workers carry on, of all of them."""
    return [task for decider in deciders.values() for task in decider.under_way()]


def told(task: Task) -> str:
    """Say that one began, in a sentence."""
    return f"{tasks.title_of(task)} began."
