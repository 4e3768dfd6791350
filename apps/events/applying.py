"""What an event does to its person's profile: it counts, and what it says is copied.

The pipeline does this to each event once, and the undoing of a merge to those that came since, again.
"""

from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from apps.core.paths import PathError
from apps.events import copying
from apps.events.rules import EventRules
from apps.profiles.models import Profile

IDENTIFY = "identify"  # Segment's call: its traits, which are the event's properties, become free traits of the profile


class Happened(NamedTuple):
    """What a profile has to know of an event."""

    id: UUID
    type: str
    time: datetime
    source_id: UUID
    properties: dict[str, Any]
    traits: dict[str, Any]
    is_system: bool = False
    visit_started_at: datetime | None = None  # of the event that says that a visit began


def apply(profile: Profile, event: Happened, rules: EventRules | None) -> list[dict[str, str]]:
    """Change the profile as the event says, and return the fields that could not be copied, with the reason."""
    _count(profile, event)
    document = profile.document
    said = {
        "time": event.time,
        "event_id": event.id,
        "source_id": event.source_id,
        "document": document,
        "provenance": profile.provenance,
    }
    problems = []
    if event.type == IDENTIFY:
        for name, value in event.properties.items():
            try:
                copying.put(("traits", name), value, **said)
            except PathError as error:
                problems.append((f"traits.{name}", str(error)))
    if rules is not None:
        problems += copying.copy(rules, properties=event.properties, traits=event.traits, **said).problems
        profile.primary_id = document["primary_id"]
    return [{"field": path, "message": message} for path, message in problems]


def _count(profile: Profile, event: Happened) -> None:
    if not profile.event_count:
        # Until its first event a profile is as old as its row.
        profile.first_seen_at = profile.last_seen_at = event.time
    profile.event_count += 1
    if event.visit_started_at:
        profile.visit_count += 1
        times = {profile.visit_started_at, profile.previous_visit_at, event.visit_started_at} - {None}
        profile.previous_visit_at, profile.visit_started_at = ([None, None, *sorted(times)])[-2:]
    if not event.is_system:
        profile.first_seen_at = min(profile.first_seen_at, event.time)
        profile.last_seen_at = max(profile.last_seen_at, event.time)
