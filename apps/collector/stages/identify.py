"""After this stage each track knows whose it is, all that it names is locked, and messages seen before are marked."""

import copy
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Final
from uuid import UUID

from apps.collector import erased
from apps.collector.compliance import Gate, decides
from apps.collector.track import Batch, Track, TrackedEvent
from apps.core import locks
from apps.core.fetch import fetch
from apps.core.refusal import Refusal
from apps.events.resolution import identification
from apps.events.store import storage
from apps.profiles import burial, identity
from apps.profiles.identifiers import identifier_id, usable
from apps.profiles.identity import Claim
from apps.profiles.models import ErasedId, Identifier, Profile
from apps.sessions.models import Session

TOLERATED_SKEW: Final = timedelta(minutes=1)  # between the clocks of our hosts; one that is ahead by more is wrong


def identify(batch: Batch) -> None:
    """Lock all keys of the batch, read what they name in one query a table, and resolve track after track.

    What is not to be kept must not identify anybody: consents and tombstones have their say before a track is resolved.
    Raises identity.Moved when a merge or an erasure came between our look and our lock; nothing has changed then.
    """
    names = _turn_away([track for track in batch.tracks if track.refusal is None and track.kept], batch.buried)
    tracks = batch.going
    session_keys = {track.session_key for track in tracks if track.session_key}
    locks.by_key(set().union(*(track.keys for track in tracks)))
    batch.sessions = fetch(Session, session_keys)
    for track in tracks:
        if track.device_key is None and track.session_key in batch.sessions:
            track.device_key = batch.sessions[track.session_key].device_key
    # Only a session that the client names proves whose it is; the one that we lend to a device follows its identifier.
    owners = {key: row.original_profile_id for key, row in batch.sessions.items() if row.original_profile_id}
    batch.directory = identity.load(
        [track.claim for track in tracks if not track.is_profileless], session_profile_ids=set(owners.values())
    )
    # Whoever erases somebody holds the lock of his profile: who is not buried now is not while we hold it.
    buried = burial.find(names)
    if buried.keys() != batch.buried.keys():
        batch.buried = buried  # so few are that nobody is looked for before
        raise identity.Moved
    batch.stored_at = batch.directory.later_than_all(batch.now)
    if batch.stored_at - batch.now < TOLERATED_SKEW:
        batch.now = batch.stored_at  # what another host has just stored did not happen in the future
    seen = storage.remembered([event.key for track in tracks for event in track.going if event.key])
    devices = {found.session_id for found in batch.directory.identifiers.values() if found.session_id}
    batch.sessions |= fetch(Session, devices - batch.sessions.keys())
    gate = Gate(batch.directory, now=batch.now)
    for track in tracks:
        repeated = _mark_duplicates(track, seen)
        if gate.concerns(track):
            others = _people(track, batch, owners) if decides(track) else ()
            gate.comply(track, _find_profile(track, batch, owners), others)
            _refuse_again(track, repeated)
            _read_claim(track, buried)  # by what is left of it
        seen.update((event.key, event.content) for event in track.going if event.key)  # what was refused may come again
        if not track.is_profileless:
            _resolve_profile(track, batch, owners)
        gate.remember(track)
    gate.settle()
    _follow_merges(batch)


def _turn_away(tracks: list[Track], buried: Mapping[UUID, ErasedId]) -> dict[UUID, UUID]:
    """Turn erased people away, and return the hashes of all by which the tracks name people."""
    for track in tracks:
        _read_claim(track)
    names = burial.hashed(erased.names_in(tracks))
    for track in tracks if buried else ():
        erased.turn_away(track, buried)
        _read_claim(track, buried)
    return names


def _read_claim(track: Track, buried: Collection[UUID] = ()) -> None:
    """Add what the events prove to what the client claims, and leave out what names nobody, or who was erased."""
    claim = track.client_claim
    proofs = [
        proof
        for event in track.going
        if event.is_valid
        for proof in identification.proofs_of(
            event.type, event.properties, source_id=track.source.id, event_index=event.index
        )
        if not buried or identifier_id(proof.kind, proof.value) not in buried
    ]
    user_id = usable(Identifier.Kind.USER, claim.user_id) if claim.user_id else None
    anonymous_id = usable(Identifier.Kind.ANONYMOUS, claim.anonymous_id) if claim.anonymous_id else None
    # The first user id that an event proves is as good as one that the client claims.
    user = next((proof for proof in proofs if proof.kind == Identifier.Kind.USER and not proof.is_former), None)
    if user_id is None and user is not None:
        user_id = user.value
        proofs.remove(user)
    if user_id is None and anonymous_id is None and (claim.user_id or claim.anonymous_id):
        # All names that it has are blocked: it belongs to somebody only by its session.
        track.is_profileless = track.is_profileless or not (track.session_key or claim.profile_ref or proofs)
        track.saves_session = track.saves_session and track.session_key is not None
    if proofs or (user_id, anonymous_id) != (claim.user_id, claim.anonymous_id):
        # Field by field: each event with a proof comes by here, and `replace` would cost more than the claim itself.
        claim = Claim(claim.profile_ref, user_id, anonymous_id, claim.trusts_ids, tuple(proofs))
    track.claim = claim


def _mark_duplicates(track: Track, seen: Mapping[str, int | None]) -> list[tuple[TrackedEvent, TrackedEvent]]:
    """Mark the messages that were seen before; return (repetition, first) of those that the track itself repeats."""
    first: dict[str, TrackedEvent] = {}
    repeated = []
    for event in track.going:
        if event.key:
            event.is_duplicate = event.key in seen or event.key in first
            if event.key in first:
                repeated.append((event, first[event.key]))
            elif not event.is_duplicate:
                first[event.key] = event
            if event.is_duplicate:
                known = seen[event.key] if event.key in seen else first[event.key].content
                event.differs = None not in (known, event.content) and known != event.content
    if any(event.is_duplicate for event in track.going):
        track.settle()
    return repeated


def _refuse_again(track: Track, repeated: list[tuple[TrackedEvent, TrackedEvent]]) -> None:
    """Refuse the repetition of what was refused for want of consents: it is no duplicate of anything that is kept."""
    for event, original in repeated:
        if original.refusal and not original.is_duplicate:
            event.is_duplicate = event.differs = False
            event.refusal = replace(original.refusal, field=track.place(event), index=event.index)
    track.settle()


def _find_profile(track: Track, batch: Batch, owners: dict[UUID, UUID]) -> Profile | None:
    if track.is_profileless:
        return None
    session_profile_id = owners.get(track.session_key) if track.session_key else None
    return batch.directory.find(track.claim, session_profile_id=session_profile_id)


def _people(track: Track, batch: Batch, owners: dict[UUID, UUID]) -> list[Profile]:
    if track.is_profileless:
        return []
    session_profile_id = owners.get(track.session_key) if track.session_key else None
    return batch.directory.people(track.claim, session_profile_id=session_profile_id)


def _resolve_profile(track: Track, batch: Batch, owners: dict[UUID, UUID]) -> None:
    directory = batch.directory
    session_profile_id = owners.get(track.session_key) if track.session_key else None
    if not track.going:  # a repetition gets the same answer, and changes nothing
        track.profile = _find_profile(track, batch, owners)
        return
    if track.is_emitted and _find_profile(track, batch, owners) is None:
        track.refusal = Refusal("unknown_profile", "There is no profile of this id.", "profile.id")
        return
    n_causes = len(directory.causes)
    track.profile, track.raw_profile_id = directory.resolve(
        track.claim,
        session_profile_id=session_profile_id,
        now=batch.stored_at,
        merges=track.saves_profile,
        hand=track.hand,
    )
    batch.causes += [(cause, track) for cause in directory.causes[n_causes:]]
    if not track.saves_profile:
        track.profile = copy.deepcopy(track.profile)  # another track of the batch may store what this one must not
    elif track.session_key and track.saves_session:
        owners[track.session_key] = directory.raw_id_of(
            session_profile_id, track.profile, otherwise=track.raw_profile_id
        )


def _follow_merges(batch: Batch) -> None:
    """Lead the tracks on whose profile a later track of the batch merged away."""
    for track in batch.tracks if batch.directory.merges else ():
        if track.profile and track.saves_profile:
            track.profile = batch.directory.profiles[batch.directory.living_id(track.profile.id)]
