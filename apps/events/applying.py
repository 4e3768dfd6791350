"""What an event does to its person's profile: it counts, and what it says is copied.

The pipeline does this to each event once; the undoing of a merge does it again to the events that came since.
"""

from datetime import datetime

from apps.events import copying, system_events
from apps.events.copying import Document, Said
from apps.events.rules import EventRules
from apps.profiles import consents
from apps.profiles.models import Profile
from apps.profiles.provenance import Provenance, entry
from apps.profiles.room import Room
from apps.profiles.schema import FieldError

IDENTIFY = "identify"  # Segment's call: its traits, which are the event's properties, become free traits of the profile


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
    if type not in system_events.FINDINGS:
        _count(profile, seen_at=system_events.caused_at(type, said.time))
    provenance = profile.provenance
    if type == consents.EVENT_TYPE:  # which has its own idea of what is valid: a withdrawal counts in any case
        said_by = entry(time=said.time, setter=said.event_id, source=said.source_id or "")
        decided = said.properties.get(consents.PROPERTY)
        consents.settle(decided, said_by, consents=profile.consents, provenance=provenance)
    if not is_valid or (rules is None and type != IDENTIFY):
        return []
    document = profile.document
    room = room or Room(document)
    problems = _put_traits(said, document, provenance, room) if type == IDENTIFY else []
    if rules is not None:
        problems += copying.copy(rules, said, document=document, provenance=provenance, room=room).problems
        profile.primary_id = document["primary_id"]
    return [{"field": path, "message": message, "property": _property_for(path, rules)} for path, message in problems]


def _property_for(path: str, rules: EventRules | None) -> str:
    """Name the property that says what could not be copied to a field of the profile."""
    found = rules.property_for(path) if rules else ""
    return found or (path.replace("traits", "properties", 1) if path.startswith("traits.") else "")


def _put_traits(said: Said, document: Document, provenance: Provenance, room: Room) -> list[tuple[str, str]]:
    problems = []
    for name, value in said.properties.items():
        try:
            copying.put(("traits", name), value, said, document=document, provenance=provenance, room=room)
        except FieldError as error:
            problems.append((error.path, error.message))
    return problems


def _count(profile: Profile, *, seen_at: datetime) -> None:
    # Until its first event a profile is as old as its row.
    is_new = not profile.event_count
    profile.event_count += 1
    profile.first_seen_at = seen_at if is_new else min(profile.first_seen_at, seen_at)
    profile.last_seen_at = seen_at if is_new else max(profile.last_seen_at, seen_at)
