"""Background jobs of the event tables."""

from datetime import UTC, datetime

from apps.core.jobs import start_task
from apps.core.models import Task
from apps.events.computed_traits import recomputing
from apps.events.resolution import moving
from apps.events.store.maintenance import maintain

MOVE_SECS = 60.0  # then other jobs have their turn


def maintain_events(**_newer: object) -> str:
    """Run the daily maintenance; RQ keeps its sentence as the job's result."""
    return str(maintain(now=datetime.now(UTC)))


def compute_traits(**_newer: object) -> str:
    """Start the task of computed traits when there is something to do and nobody is at it. Safe to run twice."""
    if Task.objects.unfinished().filter(kind=recomputing.KIND).exists():
        return "It is under way."
    if not recomputing.is_needed(now=datetime.now(UTC)):
        return "All is up to date."
    start_task(recomputing.KIND, params={}, requested_by="clock")
    return "A task was started."


def move_merged(**_newer: object) -> str:
    """Let events and sessions follow the profiles that were merged, or separated. Safe to run twice, also at once."""
    return f"{moving.move(secs=MOVE_SECS)} merges are finished."
