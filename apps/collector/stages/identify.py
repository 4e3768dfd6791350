"""After this stage the payload knows whose it is."""

import copy

from apps.collector.payload import Batch, Payload
from apps.core.refusal import Refusal


def identify(payload: Payload, batch: Batch) -> None:
    """Resolve what a payload claims to a profile, an old or a new one, and merge those that turn out to be one person.

    In memory, payload after payload: each finds what those before it made.
    """
    if payload.is_profileless:
        return
    directory, owner_id = batch.directory, batch.owner_of(payload)
    if not payload.going or payload.is_emitted:
        payload.profile = directory.find(payload.claim, session_profile_id=owner_id)
    if not payload.going:  # a repetition gets the same answer, and changes nothing
        return
    if payload.is_emitted and payload.profile is None:
        payload.refusal = Refusal("unknown_profile", "There is no profile of this id.", "profile.id")
        return
    n_causes = len(directory.causes)
    settled = directory.settled(payload.claim, session_profile_id=owner_id)
    payload.profile, payload.raw_profile_id = settled or directory.resolve(
        payload.claim,
        session_profile_id=owner_id,
        now=batch.stored_at,
        merges=payload.saves_profile,
        hand=payload.hand,
    )
    batch.causes += [(cause, payload) for cause in directory.causes[n_causes:]]
    if not payload.saves_profile:
        payload.profile = copy.deepcopy(payload.profile)  # another of the batch may store what this one must not
    elif payload.session_key and payload.saves_session:
        batch.owners[payload.session_key] = directory.raw_id_of(
            owner_id, payload.profile, otherwise=payload.raw_profile_id
        )
