"""After this stage each profile's computed traits have counted its events."""

from collections import defaultdict
from datetime import UTC
from uuid import UUID

from apps.collector import computed_traits
from apps.collector.track import Batch, TrackedEvent
from apps.events.computed_traits import Counter
from apps.profiles import computed
from apps.profiles.models import NO_EVENTS, Profile


def compute(batch: Batch) -> None:
    """Count the events that are going to be stored, each for its profile; no query.

    What changed after a profile's edition is left to the background task: Note [Editions] in events/computed_traits.py.
    """
    owned = [(track, track.profile) for track in batch.going if track.profile and track.saves_profile]
    profiles = {profile.id: profile for _, profile in owned}
    editions = {profile.computed_edition for profile in profiles.values()} - {NO_EVENTS}
    edition = max(editions, default=0)
    counter = Counter(computed_traits.definitions(edition=edition), today=batch.now.astimezone(UTC).date())
    for profile in profiles.values():
        computed.begin(profile, edition=counter.definitions.edition, today=counter.today)
    counted: dict[UUID, set[str]] = defaultdict(set)
    for track, profile in owned:
        for event in track.going if track.saves_events else ():
            if event.is_valid:
                counted[profile.id].update(_count(profile, event, counter))
    for profile_id, keys in counted.items():
        computed.settle(profiles[profile_id], keys)


def _count(profile: Profile, event: TrackedEvent, counter: Counter) -> list[str]:
    parts = {"properties": event.properties, "traits": event.traits, "context": event.context}
    return counter.count(
        profile.tallies,
        {"type": event.type, **parts},
        time=event.happened_at,
        event_id=event.id,
        edition=profile.computed_edition,
    )
