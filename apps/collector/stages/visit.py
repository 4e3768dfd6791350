"""After this stage each track has its session, and the events that tell of a new session or visit are among its own."""

import copy
from datetime import datetime

from apps.collector.track import Batch, Track, TrackedEvent
from apps.core.ids import new_id
from apps.events.system_events import OFFSETS, TRIGGERS
from apps.profiles.models import Identifier
from apps.sessions import tracking
from apps.sessions.models import Session
from apps.sessions.page import page_of


def visit(batch: Batch) -> None:
    """Continue or open sessions, open visits, put the system events in front, and give ids in that order; no query.

    Track after track, as what one does to a session decides whether the next one begins a visit.
    """
    for track in batch.tracks:
        if track.refusal:
            continue
        known = _known_session(track, batch)
        if not track.going:
            track.session = known  # a repetition gets the same answer, and changes nothing
            continue
        types = [event.type for event in track.going]
        at = track.going[0].happened_at
        if known or track.saves_session:
            _continue_session(track, batch, known, at=at)
        if track.profile:
            _announce_profile(track, batch)
            track.visit_count = track.profile.visit_count
        names = _system_events(track)
        if names:
            track.events = [_system_event(name, at=at, types=types) for name in names] + track.events
            track.settle()
        for event in track.going:
            event.id = new_id()


def _known_session(track: Track, batch: Batch) -> Session | None:
    if track.session_key:
        return batch.sessions.get(track.session_key)
    device = _device(track, batch)
    found = batch.sessions.get(device.session_id) if device and device.session_id and track.going else None
    return found if found and not tracking.is_over(found, at=track.going[0].happened_at) else None


def _device(track: Track, batch: Batch) -> Identifier | None:
    id = track.claim.device
    return batch.directory.identifiers.get(id) if id else None


def _continue_session(track: Track, batch: Batch, known: Session | None, *, at: datetime) -> None:
    track.is_new_session = known is None
    session = known or tracking.open_session(
        key=track.session_key,
        reference=track.session_ref or "",
        source_id=track.source.id,
        channel=track.source.channel,
        at=at,
    )
    if not track.saves_session:
        track.session = copy.deepcopy(session)  # another track of the batch may store what this one must not
        return
    track.session = batch.sessions[session.id] = session
    _give_session(session, track, batch)
    device = _device(track, batch)
    if device and device.session_id != session.id:
        device.session_id = session.id
        batch.directory.changed_identifiers[device.id] = device
    _open_visit(track, session, at=at)
    for event in track.going:
        page = page_of(event.context, track.context).get("url", "")
        tracking.record(session, event_type=event.type, at=event.happened_at, page=page)


def _give_session(session: Session, track: Track, batch: Batch) -> None:
    """Let the session belong to the track's profile; its raw id only changes when somebody else goes on with it."""
    directory, raw_id = batch.directory, session.original_profile_id
    if track.saves_profile and track.profile and track.raw_profile_id:
        session.original_profile_id = directory.raw_id_of(raw_id, track.profile, otherwise=track.raw_profile_id)
        session.profile_id = track.profile.id
    elif raw_id:
        session.profile_id = directory.living_id(raw_id)


def _open_visit(track: Track, session: Session, *, at: datetime) -> None:
    if any(event.type == "visit-ended" for event in track.going):
        return
    track.starts_visit = track.is_new_session or tracking.is_over(session, at=at)
    if track.starts_visit:
        tracking.start_visit(session)
        if track.profile:
            track.profile.start_visit(at=at)


def _announce_profile(track: Track, batch: Batch) -> None:
    # By the raw id: a later track of the batch may have merged it already.
    if track.saves_profile and track.raw_profile_id in batch.directory.unannounced:
        batch.directory.unannounced.discard(track.raw_profile_id)
        track.is_new_profile = True


def _system_event(name: str, *, at: datetime, types: list[str]) -> TrackedEvent:
    properties = {TRIGGERS: types} if name == "visit-started" else {}
    return TrackedEvent(type=name, time=at - OFFSETS[name], is_system=True, properties=properties)


def _system_events(track: Track) -> list[str]:
    names = []
    if track.is_new_profile and all(event.type != "profile-created" for event in track.going):
        names.append("profile-created")
    if track.starts_visit and track.is_new_session:
        names.append("session-opened")
    if track.starts_visit:
        names.append("visit-started")
    return names
