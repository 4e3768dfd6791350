"""Background jobs of the event tables, and the long ones that people start."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from apps.core import audit, queues, tasks
from apps.core.audit import Actor
from apps.core.jobs import enqueue, job, start_task
from apps.core.models import Task
from apps.core.tasks import Kind
from apps.events.backfill import holds, images, profiles, traits, undoing
from apps.events.backfill.selection import PROFILES, TRAITS, UNDO, Selection, plan
from apps.events.backfill.wording import told_of_run, told_of_undo
from apps.events.computed_traits import recomputing
from apps.events.event_types.rules import EventRules
from apps.events.models import EventType
from apps.events.resolution import by_hand, moving, unmerging
from apps.events.store.maintenance import maintain
from apps.profiles.models import Merge

MOVE_SECS = 60.0  # then other jobs have their turn
# The names that operators know from elsewhere, spelling included.
COPY_TO_PROFILES: Final = queues.declare("event_to_profile_coping:worker")
INDEX_TRAITS: Final = queues.declare("event_props_to_event_traits:worker")

_OF_TYPE: Final[dict[str, Any]] = {"about": "type", "failed_page": "events_event", "gives_way": True}
tasks.register(Kind(TRAITS, "Index traits of stored events", INDEX_TRAITS, traits.step, told=told_of_run, **_OF_TYPE))
tasks.register(
    Kind(PROFILES, "Copy stored events to profiles", COPY_TO_PROFILES, profiles.step, told=told_of_run, **_OF_TYPE)
)
tasks.register(
    Kind(UNDO, "Undo a back-fill", COPY_TO_PROFILES, undoing.step, about="type", told=told_of_undo, gives_way=True)
)
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


@job(queue=queues.DEFAULT, every=timedelta(hours=1))
def forget_backfills(**_newer: object) -> str:
    """Forget what was before runs that ended too long ago to be undone. Safe to run twice."""
    return f"{images.expire(now=datetime.now(UTC))} rows were forgotten."


@job(queue=queues.DEFAULT, every=timedelta(seconds=10))
def move_merged(**_newer: object) -> str:
    """Let events and sessions follow the profiles that were merged, or separated. Safe to run twice, also at once."""
    return f"{moving.move(secs=MOVE_SECS)} merges are finished."


def merge(one_id: UUID, other_id: UUID, *, actor: Actor, now: datetime) -> Merge:
    """Merge two profiles because a person says so; what they did follows soon. Raises as `by_hand.merge` does."""
    with transaction.atomic():
        row = by_hand.merge(one_id, other_id, actor=actor, now=now)
        enqueue(move_merged)
    return row


def undo(merge_id: UUID, *, actor: Actor, rules: Mapping[str, EventRules], now: datetime) -> None:
    """Undo a merge; what both did follows soon. Raises as `unmerging.undo` does."""
    unmerging.undo(merge_id, actor=actor, rules=rules, now=now)
    enqueue(move_merged)


def start_backfill(selection: Selection, *, actor: Actor, now: datetime, max_rate: int | None = None) -> Task:
    """Start to apply the mapping of a type to stored events, so many a second at most. Raises CannotBackfill."""
    planned = plan(selection, at=now)
    row = EventType.objects.get(type=planned.type)
    with transaction.atomic():
        task = start_task(planned.kind, params=planned.params, requested_by=actor.name, max_rate=max_rate)
        holds.hold(task, planned.holds)
        audit.record("backfilled", actor=actor, at=now, object=row, name=planned.type, task=str(task.pk))
    return task


def undo_backfill(run_id: UUID, *, actor: Actor, now: datetime) -> Task:
    """Start to undo what a run changed and nobody changed since. Raises CannotBackfill."""
    run = undoing.run_of(run_id)
    with transaction.atomic():
        params = {"run": str(run.pk), "type": run.params["type"]}
        task = start_task(UNDO, params=params, requested_by=actor.name)
        holds.hold(task, undoing.holds_of(run))
        audit.record("backfill undone", actor=actor, at=now, object=run, task=str(task.pk))
    return task
