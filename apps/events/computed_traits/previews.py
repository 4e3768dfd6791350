"""What a definition of a computed trait would say of real people, before it is saved."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from apps.events import platform_events
from apps.events.computed_traits import recomputing
from apps.events.computed_traits.definitions import Definitions, Trait
from apps.events.models import Event
from apps.profiles import computed
from apps.profiles.models import Profile

N_PROFILES: Final = 10
N_EVENTS: Final = 300  # the latest of each type, whose people are looked at
MAX_EVENTS: Final = 20_000  # of a person: a preview must not take long


def preview(trait: Trait, *, now: datetime) -> list[tuple[Profile, Any]]:
    """Count all stored events of people who did something of the kind lately, and return what it says of each.

    None is said of those of whom no event counts.
    """
    found = Profile.objects.filter(event_count__lte=MAX_EVENTS).in_bulk(list(_lately(trait)))
    profiles = list(found.values())[:N_PROFILES]
    definitions = Definitions(trait.version, (trait,))
    states = recomputing.count_stored([profile.id for profile in profiles], definitions, now=now)
    said = {profile_id: computed.value(trait.key, of[trait.key]) for profile_id, of in states.items() if of}
    return [(profile, said.get(profile.id)) for profile in profiles]


def _lately(trait: Trait) -> Iterable[UUID]:
    events = Event.objects.filter(profile_id__isnull=False).order_by("-id")
    # A query for each type: only then the index on (type, id) serves.
    parts = [events.filter(type=type_) for type_ in sorted(trait.event_types)]
    parts = parts or [events.exclude(type__in=platform_events.types())]
    latest = (profile_id for part in parts for profile_id in part.values_list("profile_id", flat=True)[:N_EVENTS])
    return dict.fromkeys(profile_id for profile_id in latest if profile_id)
