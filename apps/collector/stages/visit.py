"""After this stage each track has its session, and the events that tell of a new session or visit are among its own."""

import copy

from apps.collector.track import Batch, Track, TrackedEvent
from apps.core.ids import new_id
from apps.events.platform_events import PROFILE_CREATED, SESSION_OPENED, TRIGGERS, VISIT_STARTED, PlatformEvent, leads
from apps.profiles.models import Identifier
from apps.sessions import tracking
from apps.sessions.models import Session
from apps.sessions.page import page_of


def visit(batch: Batch) -> None:
    """Continue or open sessions, open visits, put the platform's events in front, and give ids in that order; no query.

    Event after event, as each may decide whether the next one begins a visit: how a sender packs them is no matter.
    """
    for track in batch.tracks:
        if track.refusal:
            continue
        known = _known_session(track, batch)
        if not track.going:
            track.session = known  # a repetition gets the same answer, and changes nothing
            continue
        if track.profile and track.profile.last_seen_at > batch.now:
            track.profile.forget_future(now=batch.now)
        if known or track.saves_session:
            _continue_session(track, batch, known)
        if track.profile:
            _announce_profile(track, batch)
        begun = _begin(track)
        if begun:
            _tell(track, begun)
        for event in track.going:
            event.id = new_id()


def _known_session(track: Track, batch: Batch) -> Session | None:
    found = _session_at_hand(track, batch)
    if found and track.going:
        tracking.forget_future(found, now=batch.now)
        # A device goes on with another session after a pause; a session that the client names is one for all times.
        if not track.session_key and tracking.is_over(found, at=track.going[0].happened_at):
            return None
    return found


def _session_at_hand(track: Track, batch: Batch) -> Session | None:
    if track.session_key:
        return batch.sessions.get(track.session_key)
    device = _device(track, batch)
    return batch.sessions.get(device.session_id) if device and device.session_id and track.going else None


def _device(track: Track, batch: Batch) -> Identifier | None:
    id = track.claim.device
    return batch.directory.identifiers.get(id) if id else None


def _continue_session(track: Track, batch: Batch, known: Session | None) -> None:
    track.is_new_session = known is None
    session = known or tracking.open_session(
        key=track.session_key,
        reference=track.session_ref or "",
        source_id=track.source.id,
        channel=track.source.channel,
        at=track.going[0].happened_at,
        after=_session_at_hand(track, batch),
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


def _give_session(session: Session, track: Track, batch: Batch) -> None:
    """Let the session belong to the track's profile; its raw id only changes when somebody else goes on with it."""
    directory, raw_id = batch.directory, session.original_profile_id
    if track.saves_profile and track.profile and track.raw_profile_id:
        session.original_profile_id = directory.raw_id_of(raw_id, track.profile, otherwise=track.raw_profile_id)
        session.profile_id = track.profile.id
    elif raw_id:
        session.profile_id = directory.living_id(raw_id)
    if session.device_key is None:
        session.device_key = track.device_key or track.claim.device


def _announce_profile(track: Track, batch: Batch) -> None:
    # By the raw id: a later track of the batch may have merged it already.
    if track.saves_profile and track.raw_profile_id in batch.directory.unannounced:
        batch.directory.unannounced.discard(track.raw_profile_id)
        track.is_new_profile = True


def _begin(track: Track) -> dict[int, list[PlatformEvent]]:
    """Record the events in their session, and return what the platform says of it, by the place of an event."""
    begun: dict[int, list[PlatformEvent]] = {}
    if track.is_new_profile:
        begun[0] = [PROFILE_CREATED]
    session = track.session if track.saves_session else None
    profile = track.profile
    for place, event in enumerate(track.going):
        if session:
            at = event.happened_at
            if not tracking.join_visit(session, at=at) and event.type != tracking.END:
                opened = [] if session.visit_count else [SESSION_OPENED]
                begun[place] = [*begun.get(place, ()), *opened, VISIT_STARTED]
                tracking.start_visit(session, at=at)
                if profile:
                    profile.start_visit(at=at)
            page = page_of(event.type, event.properties, event.context, track.context).get("url", "")
            tracking.record(session, event_type=event.type, at=at, page=page)
        if profile:
            event.visit_count = profile.visit_count
    return begun


def _tell(track: Track, begun: dict[int, list[PlatformEvent]]) -> None:
    """Put the platform's events in front of those with which something began."""
    in_front: dict[int, list[TrackedEvent]] = {}
    places = [place for place, happened in begun.items() if VISIT_STARTED in happened]
    for place, happened in begun.items():
        cause = track.going[place]
        end = next((other for other in places if other > place), None)
        types = [event.type for event in track.going[place:end]]  # those of the visit
        in_front[id(cause)] = [_system_event(each, cause, types=types) for each in happened]
    track.events = [each for event in track.events for each in (*in_front.get(id(event), ()), event)]
    track.settle()


def _system_event(event: PlatformEvent, cause: TrackedEvent, *, types: list[str]) -> TrackedEvent:
    properties = {TRIGGERS: types} if event is VISIT_STARTED else {}
    return TrackedEvent(
        type=event.type,
        time=cause.happened_at - leads()[event.type],
        is_system=True,
        properties=properties,
        visit_count=cause.visit_count,
    )
