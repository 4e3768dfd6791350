"""Long jobs in steps: each step is a transaction that works on one page and notes where the next one begins.

A task may be carried on by anybody, twice at once or after a crash: a step holds the lock of the task's row, so that
no page is worked on twice, and what it did is stored with how far it got, its log, and the rows that failed.
"""

import logging
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import DatabaseError, OperationalError, transaction
from django.utils import timezone

from apps.core import load, pace
from apps.core.models import Task, TaskQuerySet
from apps.core.queues import OutOfTime, Queue
from apps.core.registry import Registry
from apps.core.task_journal import Budget, Failure, log, note_failures

logger = logging.getLogger(__name__)
State = Task.State
RESUMABLE: Final = (State.PAUSED, State.FAILED)
SILENCE: Final = timedelta(minutes=1)  # after it a task on which no step is at work is taken for abandoned
# Who gives way has a fifth of the time, and whoever else is there the rest.
REST_TIMES: Final = 4
MAX_REST: Final = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Step:
    """What one step did, and where the next one begins. Nothing in it may say anything of a person."""

    n_done: int  # rows that it went through, those that failed among them
    is_last: bool
    position: dict[str, Any] = field(default_factory=dict)
    total: int | None = None  # once it is counted
    message: str = ""
    log: Sequence[str] = ()
    failures: Sequence[Failure] = ()


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of task: what people call it, its queue, and the function that does one step of it."""

    name: str
    title: str
    queue: Queue
    step: Callable[[Task], Step]
    is_cancellable: bool = True  # False: what has begun has to be brought to its end
    budget: Budget = field(default_factory=Budget)
    about: str = ""  # the parameter that says of what, such as an event type
    told: Callable[[Task], list[tuple[str, str]]] | None = None  # says its parameters in words
    failed_page: str = ""  # of the rows that fail, by the ids that they end with, as `app_model`
    gives_way: bool = False  # True: it rests between its steps while others work with the database (see load.py)


kinds: Final[Registry[Kind]] = Registry("kind of task", module="jobs")


def register(kind: Kind) -> None:
    """Make a kind of task known; an app does so in its module `jobs`. Raises ImproperlyConfigured for a second one."""
    kinds.register(kind.name, kind, stacklevel=2)


def kind_of(task: Task) -> Kind:
    """Return the task's kind. Raises KeyError for one that this version does not know."""
    return kinds[task.kind]


def title_of(task: Task) -> str:
    """Return what people call the task: its kind, and what it is about."""
    if task.kind not in kinds:
        return task.kind
    kind = kinds[task.kind]
    about = task.params.get(kind.about)
    return f"{kind.title}: {about}" if about else kind.title


def create(kind: str, *, params: dict[str, Any], requested_by: str, now: datetime, max_rate: int | None = None) -> Task:
    """Note a task that is to be done, at so many rows a second at most. Raises KeyError for a kind of nobody's."""
    return Task.objects.create(
        kind=kinds[kind].name,
        params=params,
        requested_by=requested_by,
        created_at=now,
        advanced_at=now,
        max_rate=max_rate,
    )


def run(task_id: UUID, *, secs: float) -> bool:
    """Carry a task on for so long, step by step, and tell whether there is more to do.

    A step that fails for a reason of its own ends the task with its message, where an operator finds it. Raises
    OperationalError when the database is away: the task stays as it was.
    """
    deadline = time.monotonic() + secs
    while (left := deadline - time.monotonic()) > 0:
        rest_secs = _advance(task_id)
        if rest_secs is None:
            return False
        time.sleep(min(rest_secs, left))
    return True


def _advance(task_id: UUID) -> float | None:
    """Do one step, and return for how many seconds to rest then; None when there is no more to do."""
    try:
        with transaction.atomic():
            task = Task.objects.runnable().filter(pk=task_id).select_for_update(no_key=True).first()
            if task is None:
                return None
            began = timezone.now()
            if task.rests_until and task.rests_until > began:
                return (task.rests_until - began).total_seconds()
            kind = kind_of(task)
            is_busy = kind.gives_way and load.is_busy()
            task.samples = pace.sampled(task.samples, at=began, progress=task.progress)
            if task.started_at is None:
                task.started_at = began
                log(task, ["Began."], at=began)
            _note(task, kind.step(task), began=began, at=timezone.now())
            if is_busy or (kind.gives_way and load.is_busy()):
                _give_way(task, began=began)
            task.save()
    except OperationalError:
        raise
    except (Exception, OutOfTime) as error:  # a step that takes too long would do so at each try
        logger.exception("A task failed", extra={"task": str(task_id)})
        _fail(task_id, error)
        return None
    return 0.0 if task.state == State.RUNNING else None


def _note(task: Task, step: Step, *, began: datetime, at: datetime) -> None:
    task.state = State.RUNNING
    task.advanced_at = at
    task.progress += step.n_done
    task.position = step.position
    task.total = task.total if step.total is None else step.total
    task.message = step.message or task.message
    task.rests_until = began + timedelta(seconds=step.n_done / task.max_rate) if task.max_rate else None
    log(task, step.log, at=at)
    note_failures(task, step.failures, at=at)
    if step.is_last:
        _end(task, State.DONE, "Done.", at=at)
    elif step.failures and not kind_of(task).budget.allows(task.n_failed - task.n_pardoned, n_done=task.progress):
        task.state = State.PAUSED
        task.message = f"{task.message}. {_why_paused(task)}" if task.message else _why_paused(task)
        log(task, [f"Paused, as {task.n_failed} rows failed."], at=at)


def _why_paused(task: Task) -> str:
    return f"{task.n_failed} rows failed: look at why, then let it go on, or cancel it."


def _give_way(task: Task, *, began: datetime) -> None:
    """Let a task rest for a multiple of the time that its step took."""
    if task.state == State.RUNNING:
        rested = task.advanced_at + min(REST_TIMES * (task.advanced_at - began), MAX_REST)
        task.rests_until = max(rested, task.rests_until or rested)


def _fail(task_id: UUID, error: Exception | OutOfTime) -> None:
    with transaction.atomic():
        task = Task.objects.select_for_update(no_key=True).get(pk=task_id)
        if task.state in Task.RUNNABLE:
            # What the database says may quote a value of a row; the log has it with the task's id.
            why = "look into the log" if isinstance(error, DatabaseError) else str(error)
            told = f"{type(error).__name__}: {why}".splitlines()[0]
            task.message = told[:2_000]
            _end(task, State.FAILED, f"Failed: {told}", at=timezone.now())
            task.save()


def _end(task: Task, state: Task.State, line: str, *, at: datetime) -> None:
    task.state, task.finished_at, task.advanced_at, task.rests_until = state, at, at, None
    log(task, [line], at=at)


def pause(ids: list[UUID], *, by: str, now: datetime) -> list[Task]:
    """Let tasks rest until somebody lets them go on, and return them; a step that is under way is still finished."""
    found = Task.objects.runnable().filter(pk__in=ids)
    return _change(found, lambda task: _set(task, State.PAUSED, f"Paused by {by}.", at=now))


def cancel(ids: list[UUID], *, by: str, now: datetime) -> list[Task]:
    """End tasks where they are, for good, and return them; what they did stays.

    Those whose kind has to come to its end stay as they are.
    """
    lasting = [name for name, kind in kinds.items() if not kind.is_cancellable]
    found = Task.objects.unfinished().exclude(kind__in=lasting).filter(pk__in=ids)

    def end(task: Task) -> None:
        task.message = _what_was_done(task)
        _end(task, State.CANCELLED, f"Cancelled by {by}.", at=now)

    return _change(found, end)


def resume(ids: list[UUID], *, by: str, now: datetime) -> list[Task]:
    """Let tasks that were paused or failed go on where they were, and return them; their budget begins anew."""

    def go_on(task: Task) -> None:
        is_failed = task.state == State.FAILED
        verb, task.message = ("Tried again", "") if is_failed else ("Let go on", _what_was_done(task))
        _set(task, State.WAITING, f"{verb} by {by}.", at=now)
        task.finished_at, task.n_pardoned = None, task.n_failed

    found = Task.objects.filter(pk__in=ids, state__in=RESUMABLE, kind__in=list(kinds))
    return _change(found, go_on)


def _what_was_done(task: Task) -> str:
    """Return what the last step said, without the question to a person."""
    return task.message.removesuffix(_why_paused(task)).removesuffix(". ")


def _set(task: Task, state: Task.State, line: str, *, at: datetime) -> None:
    task.state, task.advanced_at, task.samples, task.rests_until = state, at, [], None
    log(task, [line], at=at)


def _change(tasks: TaskQuerySet, change: Callable[[Task], None]) -> list[Task]:
    """Change tasks under the lock that a step holds, and return those that are still as they were asked for."""
    with transaction.atomic():
        found = list(tasks.select_for_update(no_key=True).order_by("id"))
        for task in found:
            change(task)
            task.save()
    return found


def abandoned(*, now: datetime, queued: Collection[UUID]) -> list[Task]:
    """Return the tasks that nobody has carried on for a while, and let that while begin anew.

    Nobody: neither does a step hold the lock of the row, nor does the task rest, nor is it among those `queued`.
    """
    silent = Task.objects.runnable().filter(advanced_at__lt=now - SILENCE, kind__in=list(kinds))
    free = silent.exclude(rests_until__gt=now).exclude(pk__in=queued)
    with transaction.atomic():
        found = list(free.select_for_update(no_key=True, skip_locked=True).order_by("advanced_at")[:100])
        for task in found:
            task.advanced_at = now
            log(task, ["Nobody carried it on: it was put into its queue again."], at=now)
            task.save()
    return found
