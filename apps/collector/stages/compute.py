"""After this stage each profile's computed traits have counted its events."""

from datetime import UTC

from apps.collector import computed_traits
from apps.collector.track import Batch
from apps.events.computed_traits import count


def compute(batch: Batch) -> None:
    """Count the events that are going to be stored, each for its profile; no query.

    What changed after a profile's edition is left to the background task: Note [Editions] in events/computed_traits.py.
    """
    owned = [(track, track.profile) for track in batch.going if track.profile and track.saves_profile]
    newest = max((profile.computed_edition for _, profile in owned), default=0)
    definitions = computed_traits.definitions(edition=newest)
    today = batch.now.astimezone(UTC).date()
    for track, profile in owned:
        if profile._state.adding:  # it has no events yet
            profile.computed_edition = definitions.edition
        for event in track.going if track.saves_events else ():
            tree = {
                "type": event.type,
                "properties": event.properties,
                "traits": event.traits,
                "context": event.context,
            }
            count(profile, definitions, tree, time=event.happened_at, event_id=event.id, today=today)
