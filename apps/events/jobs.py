"""Background jobs of the event tables, and the long ones that people start."""

from datetime import UTC, datetime, timedelta
from typing import Final

from apps.core import queues, tasks
from apps.core.jobs import job, start_task
from apps.core.models import Task
from apps.core.tasks import Kind
from apps.events.computed_traits import recomputing
from apps.events.event_types import backfill
from apps.events.resolution import moving
from apps.events.store.maintenance import maintain

MOVE_SECS = 60.0  # then other jobs have their turn
# The names that operators know from elsewhere, spelling included.
COPY_TO_PROFILES: Final = queues.declare("event_to_profile_coping:worker")
INDEX_TRAITS: Final = queues.declare("event_props_to_event_traits:worker")

tasks.register(Kind(backfill.TRAITS, "Traits of stored events", INDEX_TRAITS, backfill.index_traits))
tasks.register(Kind(backfill.PROFILES, "Stored events to profiles", COPY_TO_PROFILES, backfill.copy_to_profiles))
tasks.register(Kind(recomputing.KIND, "Compute traits", queues.DEFAULT, recomputing.step))


@job(queue=queues.DEFAULT, every=timedelta(hours=1))
def maintain_events(**_newer: object) -> str:
    """Run the daily maintenance; RQ keeps its sentence as the job's result."""
    return str(maintain(now=datetime.now(UTC)))


@job(queue=queues.DEFAULT, every=timedelta(hours=1))
def compute_traits(**_newer: object) -> str:
    """Start the task of computed traits when there is something to do and nobody is at it. Safe to run twice."""
    if Task.objects.unfinished().filter(kind=recomputing.KIND).exists():
        return "It is under way."
    if not recomputing.is_needed(now=datetime.now(UTC)):
        return "All is up to date."
    start_task(recomputing.KIND, params={}, requested_by="clock")
    return "A task was started."


@job(queue=queues.DEFAULT, every=timedelta(seconds=10))
def move_merged(**_newer: object) -> str:
    """Let events and sessions follow the profiles that were merged, or separated. Safe to run twice, also at once."""
    return f"{moving.move(secs=MOVE_SECS)} merges are finished."
