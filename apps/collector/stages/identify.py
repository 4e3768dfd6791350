"""After this stage each track has its session and profile, locked, and messages seen before are marked."""

from collections.abc import Collection
from dataclasses import replace
from uuid import UUID

from apps.collector import erased
from apps.collector.compliance import Gate
from apps.collector.track import Batch, Track
from apps.core import locks
from apps.events import identification
from apps.events.models import MessageKey
from apps.profiles import burial, identity
from apps.profiles.identifiers import identifier_id, usable
from apps.profiles.identity import Claim
from apps.profiles.models import Identifier, Profile
from apps.sessions import tracking
from apps.sessions.models import Session


def identify(batch: Batch) -> None:
    """Lock all keys of the batch, read what they name in one query a table, and resolve track after track.

    Raises identity.Moved when a merge or an erasure came between our look and our lock; nothing has changed then.
    """
    tracks = batch.going
    claims = [track.claim for track in tracks]
    for track in tracks:
        _read_claim(track, track.claim)
    names = erased.names_in(tracks)
    buried = burial.find(names)
    if buried:
        claims = [erased.turn_away(track, claim, buried) for track, claim in zip(tracks, claims, strict=True)]
        for track, claim in zip(tracks, claims, strict=True):
            _read_claim(track, claim, buried)
    session_keys = {track.session_key for track in tracks if track.session_key}
    locks.by_key(set().union(*(track.keys for track in tracks)))
    sessions = Session.objects.in_bulk(list(session_keys)) if session_keys else {}
    batch.directory = identity.load(
        [track.claim for track in tracks if not track.is_profileless],
        session_profile_ids={row.original_profile_id for row in sessions.values() if row.original_profile_id},
    )
    # Whoever erases somebody holds the lock of his profile: what is not buried now is not while we hold it.
    if burial.find(names).keys() != buried.keys():
        raise identity.Moved
    batch.now = batch.directory.later_than_all(batch.now)
    _mark_duplicates(tracks)
    devices = {found.session_id for found in batch.directory.identifiers.values() if found.session_id} - sessions.keys()
    if devices:
        sessions.update(Session.objects.in_bulk(list(devices)))
    gate = Gate(batch.directory, now=batch.now)
    for track, claim in zip(tracks, claims, strict=True):
        known = _known_session(track, batch, sessions)
        if gate.concerns(track):
            gate.comply(track, _find_profile(track, batch, known))
            _read_claim(track, claim, buried)  # by what is left of it
        _resolve_profile(track, batch, known)
        gate.remember(track)
        if track.going and (known or track.saves_session):
            _continue_session(track, batch, known)
            sessions[track.at_session.id] = track.at_session
        else:
            track.session = known  # a repetition gets the same answer, and changes nothing
    _follow_merges(batch)


def _read_claim(track: Track, claim: Claim, buried: Collection[UUID] = ()) -> None:
    """Add what the events prove to what the client claims, and leave out what names nobody."""
    proofs = [
        proof
        for event in track.going
        for proof in identification.proofs_of(
            event.type, event.properties, source_id=track.source.id, event_index=event.index
        )
        if not buried or identifier_id(proof.kind, proof.value) not in buried
    ]
    user_id = usable(Identifier.Kind.USER, claim.user_id) if claim.user_id else None
    anonymous_id = usable(Identifier.Kind.ANONYMOUS, claim.anonymous_id) if claim.anonymous_id else None
    # The first user id that an event proves is as good as one that the client claims.
    user = next((proof for proof in proofs if proof.kind == Identifier.Kind.USER), None)
    if user_id is None and user is not None:
        user_id = user.value
        proofs.remove(user)
    if user_id is None and anonymous_id is None and (claim.user_id or claim.anonymous_id):
        # All names that it has are blocked: it belongs to somebody only by its session.
        track.is_profileless = track.is_profileless or not (track.session_key or claim.profile_ref or proofs)
        track.saves_session = track.saves_session and track.session_key is not None
    track.claim = replace(claim, user_id=user_id, anonymous_id=anonymous_id, proofs=tuple(proofs))


def _mark_duplicates(tracks: list[Track]) -> None:
    keys = [event.key for track in tracks for event in track.going if event.key]
    seen = set(MessageKey.objects.filter(key__in=keys).values_list("key", flat=True)) if keys else set()
    for track in tracks:
        for event in track.going:
            if event.key:
                event.is_duplicate = event.key in seen
                seen.add(event.key)
        track.settle()


def _known_session(track: Track, batch: Batch, sessions: dict[UUID, Session]) -> Session | None:
    if track.session_key:
        return sessions.get(track.session_key)
    device = _device(track, batch)
    found = sessions.get(device.session_id) if device and device.session_id else None
    return found if found and not tracking.is_over(found, at=track.events[0].happened_at) else None


def _resolve_profile(track: Track, batch: Batch, known: Session | None) -> None:
    if not track.going or track.is_profileless:
        track.profile = _find_profile(track, batch, known)
        return
    directory = batch.directory
    n_causes = len(directory.causes)
    track.profile, track.raw_profile_id = directory.resolve(
        track.claim, session_profile_id=_raw_id_of(known, track), now=batch.now, merges=track.saves_profile
    )
    batch.causes += [(cause, track) for cause in directory.causes[n_causes:]]


def _find_profile(track: Track, batch: Batch, known: Session | None) -> Profile | None:
    if track.is_profileless:
        return None
    return batch.directory.find(track.claim, session_profile_id=_raw_id_of(known, track))


def _raw_id_of(known: Session | None, track: Track) -> UUID | None:
    # Only a session that the client names proves whose it is; the one that we lend to a device follows its identifier.
    return known.original_profile_id if known and track.session_key else None


def _continue_session(track: Track, batch: Batch, known: Session | None) -> None:
    track.session = known or tracking.open_session(
        key=track.session_key,
        reference=track.session_ref or "",
        source_id=track.source.id,
        channel=track.source.channel,
        at=track.going[0].happened_at,
    )
    if track.saves_profile and track.profile:
        _give_session(track.session, track, batch)
    device = _device(track, batch)
    if device and track.saves_session and device.session_id != track.session.id:
        device.session_id = track.session.id
        batch.directory.changed_identifiers[device.id] = device


def _give_session(session: Session, track: Track, batch: Batch) -> None:
    """Let the session belong to the track's profile; the raw id only changes when somebody else goes on with it."""
    assert track.profile is not None
    raw_id = session.original_profile_id
    if raw_id is None or batch.directory.living_id(raw_id) != track.profile.id:
        session.original_profile_id = track.raw_profile_id
    session.profile_id = track.profile.id


def _follow_merges(batch: Batch) -> None:
    """Lead tracks and sessions on whose profile a later track of the batch merged away."""
    for track in batch.tracks:
        if track.profile:
            track.profile = batch.directory.profiles[batch.directory.living_id(track.profile.id)]
        if track.session and track.session.original_profile_id:
            track.session.profile_id = batch.directory.living_id(track.session.original_profile_id)


def _device(track: Track, batch: Batch) -> Identifier | None:
    name = track.claim.anonymous_id
    return batch.directory.identifiers.get(identifier_id(Identifier.Kind.ANONYMOUS, name)) if name else None
