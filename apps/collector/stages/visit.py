"""After this stage each session knows whether a visit began, and the events that say so are among the track's own."""

from datetime import datetime

from apps.collector.track import Batch, Track, TrackedEvent
from apps.core.ids import new_id
from apps.events.system_events import OFFSETS, TRIGGERS
from apps.sessions import tracking


def visit(batch: Batch) -> None:
    """Open visits, put the system events in front of the client's, and give ids in that order; no query."""
    for track in batch.going:
        _note_what_is_new(track, batch)
        if not any(event.type == "visit-ended" for event in track.going):
            _open_visit(track)
        for event in track.going:
            event.id = new_id()


def _note_what_is_new(track: Track, batch: Batch) -> None:
    # Here, not where they are made: what makes them may have been refused since.
    track.is_new_session = track.session is not None and track.session.visit_count == 0
    unannounced = batch.directory.unannounced
    if track.saves_profile and track.raw_profile_id in unannounced:
        unannounced.discard(track.raw_profile_id)
        track.is_new_profile = True


def _open_visit(track: Track) -> None:
    at = track.going[0].happened_at
    track.starts_visit = track.saves_session and (track.is_new_session or tracking.is_over(track.at_session, at=at))
    if track.starts_visit:
        tracking.start_visit(track.at_session)
    types = [event.type for event in track.going]
    names = _system_events(track)
    if names:
        track.events = [_system_event(name, at=at, types=types) for name in names] + track.events
        track.settle()


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
