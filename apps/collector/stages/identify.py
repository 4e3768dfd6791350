"""After this stage the payload knows whose it is."""

import copy

from apps.collector.track import Batch, Track
from apps.core.refusal import Refusal


def identify(track: Track, batch: Batch) -> None:
    """Resolve what a payload claims to a profile, an old or a new one, and merge those that turn out to be one person.

    In memory, payload after payload: each finds what those before it made.
    """
    if track.is_profileless:
        return
    directory, owner_id = batch.directory, batch.owner_of(track)
    if not track.going or track.is_emitted:
        track.profile = directory.find(track.claim, session_profile_id=owner_id)
    if not track.going:  # a repetition gets the same answer, and changes nothing
        return
    if track.is_emitted and track.profile is None:
        track.refusal = Refusal("unknown_profile", "There is no profile of this id.", "profile.id")
        return
    n_causes = len(directory.causes)
    track.profile, track.raw_profile_id = directory.resolve(
        track.claim,
        session_profile_id=owner_id,
        now=batch.stored_at,
        merges=track.saves_profile,
        hand=track.hand,
    )
    batch.causes += [(cause, track) for cause in directory.causes[n_causes:]]
    if not track.saves_profile:
        track.profile = copy.deepcopy(track.profile)  # another track of the batch may store what this one must not
    elif track.session_key and track.saves_session:
        batch.owners[track.session_key] = directory.raw_id_of(owner_id, track.profile, otherwise=track.raw_profile_id)
