"""After this stage each profile's computed traits have counted its events."""

from collections import defaultdict
from datetime import UTC

from apps.collector.payload import Batch, PayloadEvent
from apps.events.computed_traits import definitions
from apps.events.computed_traits.counter import Counter
from apps.profiles import computed
from apps.profiles.models import NO_EVENTS, Profile


def compute(batch: Batch) -> None:
    """Count the events that are going to be stored, each for its profile; no query.

    What changed after a profile's version is left to the background task: Note [Versions] of their
    definitions.
    """
    people = batch.people
    versions = {profile.computed_version for profile in people} - {NO_EVENTS}
    version = max(versions, default=0)
    counter = Counter(definitions.at_least(version), today=batch.now.astimezone(UTC).date())
    for profile in people:
        computed.begin(profile, version=counter.definitions.version, today=counter.today)
    if not counter.definitions.traits:
        return
    counted: dict[int, set[str]] = defaultdict(set)
    for payload in batch.going:
        if payload.profile and payload.saves_profile and payload.saves_events:
            keys = counted[id(payload.profile)]
            for event in payload.going:
                if event.is_valid:
                    keys.update(_count(payload.profile, event, counter))
    for profile in people:
        computed.settle(profile, counted[id(profile)])


def _count(profile: Profile, event: PayloadEvent, counter: Counter) -> list[str]:
    parts = {"properties": event.properties, "traits": event.traits, "context": event.context}
    return counter.count(
        profile.computed_states,
        {"type": event.type, **parts},
        time=event.happened_at,
        event_id=event.id,
        version=profile.computed_version,
    )
