"""After this stage each track has its session and profile, locked, and messages seen before are marked."""

from uuid import UUID

from apps.collector.track import Batch, Track
from apps.core import locks
from apps.events.models import MessageKey
from apps.profiles import identity
from apps.profiles.models import Identifier
from apps.sessions import tracking
from apps.sessions.models import Session


def identify(batch: Batch) -> None:
    """Lock all keys of the batch, read what they name in one query a table, and resolve track after track."""
    tracks = batch.going
    session_keys = {track.session_key for track in tracks if track.session_key}
    locks.by_key(set().union(*(track.keys() for track in tracks)))
    _mark_duplicates(tracks)
    sessions = Session.objects.in_bulk(list(session_keys)) if session_keys else {}
    batch.directory = identity.load(
        [track.claim for track in tracks if not track.is_profileless],
        session_profile_ids={session.profile_id for session in sessions.values() if session.profile_id},
    )
    devices = {found.session_id for found in batch.directory.identifiers.values() if found.session_id} - sessions.keys()
    if devices:
        sessions.update(Session.objects.in_bulk(list(devices)))
    for track in tracks:
        known = _known_session(track, batch, sessions)
        _resolve_profile(track, batch, known)
        if track.going and (known or track.saves_session):
            _continue_session(track, batch, known)
            sessions[track.at_session.id] = track.at_session
        else:
            track.session = known  # a repetition gets the same answer, and changes nothing


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
    if track.is_profileless:
        return
    # Only a session that the client names proves whose it is; the one that we lend to a device follows its identifier.
    session_profile_id = known.profile_id if known and track.session_key else None
    if not track.going:
        track.profile = batch.directory.find(track.claim, session_profile_id=session_profile_id)
        return
    track.profile = batch.directory.resolve(track.claim, session_profile_id=session_profile_id, now=batch.now)


def _continue_session(track: Track, batch: Batch, known: Session | None) -> None:
    track.session = known or tracking.open_session(
        key=track.session_key,
        reference=track.session_ref or "",
        source_id=track.source.id,
        channel=track.source.channel,
        at=track.going[0].happened_at,
    )
    if track.saves_profile and track.profile:
        track.session.profile_id = track.profile.id
    device = _device(track, batch)
    if device and track.saves_session and device.session_id != track.session.id:
        device.session_id = track.session.id
        batch.directory.changed_identifiers[device.id] = device


def _device(track: Track, batch: Batch) -> Identifier | None:
    name = track.claim.anonymous_id
    return batch.directory.identifiers.get(identity.identifier_id(Identifier.Kind.ANONYMOUS, name)) if name else None
