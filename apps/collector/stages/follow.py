"""After this stage each payload belongs to the profile that is left when all merges of the batch are done."""

from apps.collector import compliance
from apps.collector.track import Batch, TrackedEvent
from apps.profiles import consents, standing


def follow(batch: Batch) -> None:
    """Lead payloads on whose profile a later one merged away; no query, and nothing where nobody was merged.

    What was decided about consents before a later payload said by whom is taken back if they have decided elsewhere.
    """
    if not batch.directory.merges:
        return
    for track in batch.tracks:
        if track.profile and track.saves_profile:
            track.profile = batch.directory.profiles[batch.directory.living_id(track.profile.id)]
    for track in batch.deciding:
        if track.profile is None or not track.saves_profile:
            continue
        foreign = batch.directory.objections.foreign(track.profile, track.hand)
        for event in track.going:
            _leave_out(event, foreign)


def _leave_out(event: TrackedEvent, foreign: set[str]) -> None:
    left_out = [decision.consent_id for decision in event.decisions if decision.consent_id in foreign]
    if left_out:
        event.decisions = [decision for decision in event.decisions if decision.consent_id not in foreign]
        event.properties = {**event.properties, consents.PROPERTY: consents.stored(event.decisions)}
        event.problems += [
            compliance.problem(consents.path_of(consent_id), standing.DECIDED_ELSEWHERE) for consent_id in left_out
        ]
