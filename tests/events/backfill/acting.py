"""What the tests of back-fills share: events that happened long ago, and runs over them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from apps.core import tasks
from apps.core.ids import new_id
from apps.core.models import Task
from apps.events import jobs
from apps.events.backfill.selection import PROFILES, Selection
from apps.events.models import Event, EventType
from apps.events.store import partitions
from apps.profiles.models import Profile
from tests.factories import ANNA, EventTypeFactory

JANUARY = datetime(2026, 1, 10, 12, tzinfo=UTC)


def happened(profile: Profile | UUID | None, properties: dict[str, Any], *, day: float = 0, **parts: Any) -> Event:
    """Store an event, as arrived after all others."""
    at = JANUARY + timedelta(days=day)
    partitions.ensure([partitions.month_of(at)])
    profile_id = profile.id if isinstance(profile, Profile) else profile
    parts = {
        "type": "plan-chosen",
        "source_id": new_id(),
        "profile_id": profile_id,
        "original_profile_id": profile_id,
        **parts,
    }
    return Event.objects.create(id=new_id(), time=at, received_at=at, processed_at=at, properties=properties, **parts)


def plan_type(*, profile: dict[str, Any] | None = None, traits: dict[str, Any] | None = None) -> EventType:
    """Let an event type say something of people, and have traits."""
    return EventTypeFactory(type="plan-chosen", overrides={"profile": profile or {}, "traits": traits or {}})


def start(kind: str = PROFILES, *, max_rate: int | None = None, **options: Any) -> Task:
    """Start a back-fill, and leave it to others."""
    return jobs.start_backfill(
        Selection(kind, "plan-chosen", **options), actor=ANNA, now=timezone.now(), max_rate=max_rate
    )


def carry_on(task: Task) -> Task:
    """Do all that is left of a task that a worker can do."""
    assert tasks.run(task.pk, secs=60) is False
    task.refresh_from_db()
    return task


def run(kind: str = PROFILES, **options: Any) -> Task:
    """Run a back-fill to its end."""
    return carry_on(start(kind, **options))


def undo(task: Task) -> Task:
    """Undo a run."""
    return carry_on(jobs.undo_backfill(task.pk, actor=ANNA, now=timezone.now()))


def traits_of(profile: Profile) -> Any:
    """Read the traits that a profile has now."""
    profile.refresh_from_db()
    return profile.traits
