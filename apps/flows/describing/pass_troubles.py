"""What is wrong with flows over everybody: a version that cannot be used, a pass that nobody begins, or that stalls."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from apps.core.models import Task
from apps.core.tasks import RESUMABLE
from apps.flows import definition, segmenting
from apps.flows.models import Flow, FlowVersion
from apps.flows.triggers import trigger_index

LATE: Final = timedelta(minutes=10)
NOBODY: Final = "It is time to begin, and nobody does."
STUCK: Final = "It gets no further: no page has come to an end for a while."


def troubles(*, now: datetime) -> Iterator[tuple[Flow, str]]:
    """Yield the flows over everybody that are on and do not go through everybody as they should, each with why."""
    for row in segmenting.on().select_related("version__flow").order_by("name"):
        if why := _trouble(row, now=now):
            yield row, why


def why_unusable(version: FlowVersion) -> str:
    """Say why nobody can go through a version; empty where nothing is in the way."""
    return trigger_index.why_left_out(version) or segmenting.why_unfit(definition.compile(version))


def _trouble(row: Flow, *, now: datetime) -> str:
    assert row.version
    if why := why_unusable(row.version):
        return f"What is published cannot be used: {why}"
    task = segmenting.passes_of(row).filter(params__version=str(row.version_id)).order_by("-created_at").first()
    if task is None or task.state in (Task.State.DONE, Task.State.CANCELLED):
        return NOBODY if (row.next_pass_at or row.updated_at) < now - LATE else ""
    if task.state in RESUMABLE:
        return f"The last time {'was paused' if task.state == Task.State.PAUSED else 'failed'}: {task.message}"
    return STUCK if _advanced_at(task) < now - LATE else ""


def _advanced_at(task: Task) -> datetime:
    """Return when a page was begun last that came to an end: who sends workers to a task again advances nothing."""
    if task.samples:
        return max(datetime.fromtimestamp(task.samples[-1][0], UTC), task.rests_until or task.created_at)
    return task.advanced_at if task.started_at else task.created_at
