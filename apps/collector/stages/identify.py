"""After this stage each track knows whose it is, all that it names is locked, and messages seen before are marked."""

import copy
from uuid import UUID

from apps.collector.track import Batch, Track
from apps.core import locks
from apps.events.models import MessageKey
from apps.profiles import identity
from apps.sessions.models import Session


def identify(batch: Batch) -> None:
    """Lock all keys of the batch, read what they name in one query a table, and resolve track after track."""
    tracks = batch.going
    session_keys = {track.session_key for track in tracks if track.session_key}
    locks.by_key(session_keys.union(*(track.claim.keys() for track in tracks)))
    _mark_duplicates(tracks)
    batch.sessions = Session.objects.in_bulk(list(session_keys)) if session_keys else {}
    # Only a session that the client names proves whose it is; the one that we lend to a device follows its identifier.
    owners = {key: session.profile_id for key, session in batch.sessions.items() if session.profile_id}
    batch.directory = identity.load(
        [track.claim for track in tracks if not track.is_profileless], session_profile_ids=set(owners.values())
    )
    devices = {found.session_id for found in batch.directory.identifiers.values() if found.session_id}
    if devices - batch.sessions.keys():
        batch.sessions.update(Session.objects.in_bulk(list(devices - batch.sessions.keys())))
    for track in tracks:
        if not track.is_profileless:
            _resolve_profile(track, batch, owners)


def _mark_duplicates(tracks: list[Track]) -> None:
    keys = [event.key for track in tracks for event in track.going if event.key]
    seen = set(MessageKey.objects.filter(key__in=keys).values_list("key", flat=True)) if keys else set()
    for track in tracks:
        for event in track.going:
            if event.key:
                event.is_duplicate = event.key in seen
                seen.add(event.key)
        track.settle()


def _resolve_profile(track: Track, batch: Batch, owners: dict[UUID, UUID]) -> None:
    session_profile_id = owners.get(track.session_key) if track.session_key else None
    if not track.going:  # a repetition gets the same answer, and changes nothing
        track.profile = batch.directory.find(track.claim, session_profile_id=session_profile_id)
        return
    track.profile = batch.directory.resolve(track.claim, session_profile_id=session_profile_id, now=batch.now)
    if not track.saves_profile:
        track.profile = copy.deepcopy(track.profile)  # another track of the batch may store what this one must not
    elif track.session_key and track.saves_session:
        owners[track.session_key] = track.profile.id
