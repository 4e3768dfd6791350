"""The only door to the queues, and the job that carries tasks on."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django_rq import get_queue

from apps.core import tasks
from apps.core.models import Task
from apps.core.queues import QueueName

SLICE_SECS = 60.0  # then a task gives way to the others that wait in its queue


def enqueue(queue: QueueName, job: Callable[..., Any], **arguments: str) -> None:
    """Put a job into its queue once the transaction commits; arguments are ids and ISO times as text.

    When Valkey is away nothing is raised: the row that the job is about is the truth, and a sweeper finds it.
    """
    transaction.on_commit(lambda: _put(queue, job, arguments), robust=True)


def _put(queue: QueueName, job: Callable[..., Any], arguments: dict[str, str]) -> None:
    get_queue(queue.value).enqueue(job, **arguments)


def start_task(kind: str, *, params: dict[str, Any], requested_by: str) -> Task:
    """Create a task and let a worker begin with it."""
    task = tasks.create(kind, params=params, requested_by=requested_by, now=timezone.now())
    _nudge(task)
    return task


def resume_tasks(ids: list[UUID]) -> int:
    """Let tasks that failed or were stopped go on, and return their number."""
    resumed = tasks.resume(ids, now=timezone.now())
    for task in resumed:
        _nudge(task)
    return len(resumed)


def run_task(*, task_id: str, **_newer: object) -> None:
    """Carry a task on for a while. Safe to run twice, also at once."""
    if tasks.run(UUID(task_id), secs=SLICE_SECS):
        _nudge(Task.objects.get(pk=task_id))


def sweep_tasks(**_newer: object) -> str:
    """Put tasks back into their queues that were lost with a queue or a worker."""
    found = tasks.abandoned(now=timezone.now())
    for task in found:
        _nudge(task)
    return f"{len(found)} abandoned tasks go on."


def _nudge(task: Task) -> None:
    enqueue(tasks.kind_of(task).queue, run_task, task_id=str(task.pk))
