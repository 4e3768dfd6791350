"""What an event does to its person's profile: it counts, if they did it, and what it says is copied.

The pipeline does this to each event once; the undoing of a merge does it again to the events that came since.
"""

from datetime import datetime
from typing import Any, Final

from apps.events import platform_events
from apps.events.event_types import copying
from apps.events.event_types.copying import Said
from apps.events.event_types.rules import EventRules
from apps.profiles import consents
from apps.profiles.models import Profile
from apps.profiles.provenance import entry
from apps.profiles.room import Room

IDENTIFY = "identify"  # Segment's call: its traits, which are the event's properties, become free traits of the profile

MAX_PROBLEMS: Final = 50


def apply(
    profile: Profile,
    type: str,
    said: Said,
    rules: EventRules | None,
    *,
    is_valid: bool = True,
    room: Room | None = None,
) -> list[dict[str, str]]:
    """Change the profile as the event says, and return the fields that could not be copied, with the reason.

    An event that is not as its type wants it only counts. Visits are counted where they begin, see Profile.start_visit.
    """
    if type not in platform_events.unseen():
        _count(profile, seen_at=platform_events.caused_at(type, said.time))
    provenance = profile.provenance
    if type in consents.EVENT_TYPES:  # which has its own idea of what is valid: a withdrawal counts in any case
        said_by = entry(time=said.time, setter=said.event_id, source=said.source)
        decided = said.properties.get(consents.PROPERTY)
        consents.settle(decided, said_by, consents=profile.consents, provenance=provenance)
    if not is_valid or (type != IDENTIFY and not (rules and rules.says_something)):
        return []
    document = profile.document
    held: dict[str, Any] = {"document": document, "provenance": provenance, "room": room or Room(document)}
    problems = copying.put_traits(said.properties, said, **held).problems if type == IDENTIFY else []
    if rules is not None:
        problems += copying.copy(rules, said, **held).problems
        profile.primary_id = document["primary_id"]
    return _told(problems, rules) if problems else []


def _told(problems: list[tuple[str, str]], rules: EventRules | None) -> list[dict[str, str]]:
    """Name fields that were left out, but no more than anybody reads: each is kept with the event."""
    told = []
    for path, message in problems[:MAX_PROBLEMS]:
        said = rules.property_for(path) if rules else ""
        if not said and path.startswith("traits."):
            said = path.replace("traits", "properties", 1)
        told.append({"field": path, "message": message, "property": said})
    n_more = len(problems) - MAX_PROBLEMS
    return told if n_more <= 0 else [*told, {"field": "", "message": f"{n_more} further fields were left out."}]


def _count(profile: Profile, *, seen_at: datetime) -> None:
    # Until its first event a profile is as old as its row.
    is_new = not profile.event_count
    profile.event_count += 1
    profile.first_seen_at = seen_at if is_new else min(profile.first_seen_at, seen_at)
    profile.last_seen_at = seen_at if is_new else max(profile.last_seen_at, seen_at)
