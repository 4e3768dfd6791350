"""After this stage the people of the batch are in the segments that they belong to."""

from collections import defaultdict
from uuid import UUID

from apps.collector import segments
from apps.collector.track import Batch, Track
from apps.events import platform_events
from apps.profiles import touching
from apps.segments import at_once
from apps.segments.at_once import Subject


def segment(batch: Batch) -> None:
    """Decide people by the segments that read what has changed; one query, and more only where somebody changes.

    That somebody entered or left decides nothing at once, or segments that ask about that could chase each other
    without end: a live run looks at such people, in its time.
    """
    observed = batch.observed
    index = observed.index
    by_profile: dict[UUID, list[Track]] = defaultdict(list)
    for track in batch.going:
        if track.profile and track.saves_profile:
            by_profile[track.profile.id].append(track)
    subjects, later = [], []
    undecided = platform_events.undecided()
    for profile_id, tracks in by_profile.items():
        subject = _subject(profile_id, tracks, batch)
        if any(event.type not in undecided for track in tracks for event in track.going):
            subjects.append(subject)
        elif subject.bits:
            later.append(profile_id)
    if subjects:
        at_once.decide(subjects, index, now=batch.now, fresh=segments.fresh)
    if later:
        touching.touch(later)


def _subject(profile_id: UUID, tracks: list[Track], batch: Batch) -> Subject:
    observed = batch.observed
    profile = batch.directory.profiles[profile_id]
    bits = observed.bits[profile_id] | observed.index.changed(observed.seen[profile_id], profile)
    happened = {event.type for track in tracks if track.saves_events for event in track.going if event.is_valid}
    bits |= observed.index.happened(happened)
    if any(track.claim.user_id for track in tracks):
        bits |= observed.index.reading_primary_id  # which may have been learned before anybody looked
    return Subject(profile, bits, is_silent=all(track.is_silent for track in tracks))
