"""What an event does to its person's profile: it counts, and what it says is copied.

The pipeline does this to each event once; the undoing of a merge does it again to the events that came since.
"""

from datetime import datetime

from apps.events import copying, system_events
from apps.events.copying import Said
from apps.events.rules import EventRules
from apps.profiles import consents
from apps.profiles.models import Profile
from apps.profiles.provenance import entry

IDENTIFY = "identify"  # Segment's call: its traits, which are the event's properties, become free traits of the profile


def apply(
    profile: Profile, type: str, said: Said, rules: EventRules | None, *, is_valid: bool = True
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
    if type == IDENTIFY:
        for name, value in said.properties.items():
            copying.put(("traits", name), value, said, document=document, provenance=provenance)
    if rules is None:
        return []
    copied = copying.copy(rules, said, document=document, provenance=provenance)
    profile.primary_id = document["primary_id"]
    return [{"field": path, "message": message} for path, message in copied.problems]


def _count(profile: Profile, *, seen_at: datetime) -> None:
    # Until its first event a profile is as old as its row.
    is_new = not profile.event_count
    profile.event_count += 1
    profile.first_seen_at = seen_at if is_new else min(profile.first_seen_at, seen_at)
    profile.last_seen_at = seen_at if is_new else max(profile.last_seen_at, seen_at)
