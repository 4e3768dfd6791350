"""What is kept of a task's way: the lines of its log, the rows that failed, and how many of them may.

Both are bounded: of the log the newest lines are kept, of the rows that failed the first; the task counts all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from apps.core.models import Task, TaskFailure, TaskLogLine
from apps.core.storable import cleaned_text

MAX_LINES: Final = 1_000
MAX_FAILURES: Final = 10_000


@dataclass(frozen=True, slots=True)
class Failure:
    """A row that a step could do nothing with: its id, and why, without anything that the row says of a person."""

    row: str
    reason: str


@dataclass(frozen=True, slots=True)
class Budget:
    """How many rows may fail before a task is paused: a share of those that it went through, between two numbers."""

    least: int = 10
    share: float = 0.01
    most: int = 1_000

    def allows(self, n_failed: int, *, n_done: int) -> bool:
        """Tell whether a task may go on after so many failures."""
        return n_failed <= min(self.most, max(self.least, int(self.share * n_done)))


def log(task: Task, lines: Sequence[str], *, at: datetime) -> None:
    """Add lines to the log of a task, whose row the caller holds and saves."""
    first = task.n_lines + 1
    task.n_lines += len(lines)
    numbered = list(enumerate(lines, start=first))[-MAX_LINES:]
    TaskLogLine.objects.bulk_create(
        [TaskLogLine(task=task, number=number, at=at, text=_fitting(line, 500)) for number, line in numbered]
    )
    if task.n_lines > MAX_LINES:
        TaskLogLine.objects.filter(task=task, number__lte=task.n_lines - MAX_LINES).delete()


def note_failures(task: Task, failures: Sequence[Failure], *, at: datetime) -> None:
    """Add rows that failed to those of a task, whose row the caller holds and saves."""
    kept = failures[: max(0, MAX_FAILURES - task.n_failed)]
    TaskFailure.objects.bulk_create(
        [
            TaskFailure(task=task, number=number, at=at, row=_fitting(each.row, 200), reason=_fitting(each.reason, 500))
            for number, each in enumerate(kept, start=task.n_failed + 1)
        ]
    )
    task.n_failed += len(failures)


def _fitting(text: str, letters: int) -> str:
    return cleaned_text(text)[:letters]
