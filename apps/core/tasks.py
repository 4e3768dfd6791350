"""Long jobs in steps: each step is a transaction that works on one page and notes where the next one begins.

A task may be carried on by anybody, twice at once or after a crash: a step holds the lock of the task's row, so that
no page is worked on twice, and what it did is stored with how far it got.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import OperationalError, transaction
from django.utils import timezone

from apps.core.models import Task
from apps.core.queues import Queue
from apps.core.registry import Registry

logger = logging.getLogger(__name__)
SILENCE: Final = timedelta(minutes=10)  # after it a task is taken for abandoned; no step may take that long


@dataclass(frozen=True, slots=True)
class Step:
    """What one step did, and where the next one begins."""

    n_done: int
    is_last: bool
    position: dict[str, Any] = field(default_factory=dict)
    total: int | None = None  # once it is counted
    message: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of task: what people call it, its queue, and the function that does one step of it."""

    name: str
    title: str
    queue: Queue
    step: Callable[[Task], Step]


kinds: Final[Registry[Kind]] = Registry("kind of task", module="jobs")


def register(kind: Kind) -> None:
    """Make a kind of task known; an app does so in its module `jobs`. Raises ImproperlyConfigured for a second one."""
    kinds.register(kind.name, kind, stacklevel=2)


def kind_of(task: Task) -> Kind:
    """Return the task's kind. Raises KeyError for one that this version does not know."""
    return kinds[task.kind]


def title_of(task: Task) -> str:
    """Return what people call the task's kind."""
    return kinds[task.kind].title if task.kind in kinds else task.kind


def create(kind: str, *, params: dict[str, Any], requested_by: str, now: datetime) -> Task:
    """Note a task that is to be done. Raises KeyError for a kind that nobody registered."""
    return Task.objects.create(
        kind=kinds[kind].name, params=params, requested_by=requested_by, created_at=now, advanced_at=now
    )


def run(task_id: UUID, *, secs: float) -> bool:
    """Carry a task on for so long, step by step, and tell whether there is more to do.

    A step that fails for a reason of its own ends the task with its message, where an operator finds it. Raises
    OperationalError when the database is away: the task stays as it was.
    """
    deadline = time.monotonic() + secs
    while time.monotonic() < deadline:
        if not _advance(task_id):
            return False
    return True


def _advance(task_id: UUID) -> bool:
    try:
        with transaction.atomic():
            task = Task.objects.unfinished().filter(pk=task_id).select_for_update(no_key=True).first()
            if task is None:
                return False
            task.started_at = task.started_at or timezone.now()
            _note(task, kind_of(task).step(task), at=timezone.now())
            task.save()
    except OperationalError:
        raise
    except Exception as error:
        logger.exception("A task failed", extra={"task": str(task_id)})
        _fail(task_id, error)
        return False
    return task.state in Task.UNFINISHED


def _note(task: Task, step: Step, *, at: datetime) -> None:
    task.state = Task.State.RUNNING
    task.advanced_at = at
    task.progress += step.n_done
    task.position = step.position
    task.total = task.total if step.total is None else step.total
    task.message = step.message or task.message
    if step.is_last:
        task.finish(Task.State.DONE, at=at)


def _fail(task_id: UUID, error: Exception) -> None:
    with transaction.atomic():
        task = Task.objects.select_for_update(no_key=True).get(pk=task_id)
        if task.state in Task.UNFINISHED:
            task.finish(Task.State.FAILED, at=timezone.now(), message=f"{type(error).__name__}: {error}"[:2_000])
            task.save()


def stop(ids: list[UUID], *, now: datetime) -> int:
    """End tasks where they are, and return their number; a step that is under way is still finished."""
    return Task.objects.unfinished().filter(pk__in=ids).update(state=Task.State.STOPPED, finished_at=now)


def resume(ids: list[UUID], *, now: datetime) -> list[Task]:
    """Let tasks that failed or were stopped go on where they ended, and return them."""
    ended = Task.objects.filter(pk__in=ids, state__in=(Task.State.FAILED, Task.State.STOPPED))
    with transaction.atomic():
        found = list(ended.select_for_update(no_key=True).order_by("id"))
        ended.update(state=Task.State.WAITING, finished_at=None, advanced_at=now, message="")
    return found


def abandoned(*, now: datetime) -> list[Task]:
    """Return the tasks that nobody has carried on for a while, and let that while begin anew."""
    silent = Task.objects.unfinished().filter(advanced_at__lt=now - SILENCE)
    with transaction.atomic():
        found = list(silent.select_for_update(no_key=True, skip_locked=True).order_by("advanced_at")[:100])
        Task.objects.filter(pk__in=[task.pk for task in found]).update(advanced_at=now)
    return found
