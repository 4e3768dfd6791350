"""Of two back-fills of the same fields one would undo what the other does: the second is refused."""

from collections.abc import Collection
from typing import Final
from uuid import UUID

from apps.core import locks, tasks
from apps.core.ids import digest
from apps.core.models import Task
from apps.events.backfill.selection import Held, overlap
from apps.events.models import BackfillHold

_ALL: Final = digest("backfill-holds")


def hold(task: Task, fields: Collection[str]) -> None:
    """Let a task have fields until it has ended, however often it asks. Raises Held, and says who has one.

    Two who ask at once do so one after the other. A task that failed and is tried again asks anew: others may have
    taken the fields meanwhile.
    """
    if set(BackfillHold.objects.filter(task_id=task.pk).values_list("field", flat=True)) >= set(fields):
        return
    locks.by_key([_ALL])
    taken = dict(BackfillHold.objects.exclude(task_id=task.pk).values_list("field", "task_id"))
    running = {each.pk: each for each in Task.objects.unfinished().filter(pk__in=set(taken.values()))}
    for held, task_id in taken.items():
        if task_id in running and any(overlap(held, field) for field in fields):
            raise Held(f"{held}: {_told(running[task_id])} Wait until it has ended, or cancel it.")
    BackfillHold.objects.exclude(task_id__in=running).delete()
    BackfillHold.objects.bulk_create([BackfillHold(field=field, task_id=task.pk) for field in sorted(fields)])


def release(task_id: UUID) -> None:
    """Let others have the fields of a task that has come to its end."""
    BackfillHold.objects.filter(task_id=task_id).delete()


def _told(task: Task) -> str:
    return (
        f"another run works on it: {tasks.title_of(task)}, which "
        f"{task.requested_by} started at {task.created_at:%Y-%m-%d %H:%M} UTC (task {task.pk})."
    )
