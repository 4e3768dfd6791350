"""After this stage each payload has its session, and what tells of a new session or visit is among its events."""

import copy
from datetime import datetime
from typing import Final

from apps.collector.payload import Batch, Payload, PayloadEvent
from apps.core.ids import new_id
from apps.events.platform_events import PROFILE_CREATED, SESSION_OPENED, TRIGGERS, VISIT_STARTED, PlatformEvent, leads
from apps.profiles.models import Identifier
from apps.sessions import tracking
from apps.sessions.models import Session
from apps.sessions.visited_page import page_of

UNDONE: Final = frozenset({"mail-bounced"})  # what happens to people, without their doing anything


def visit(batch: Batch) -> None:
    """Continue or open sessions, open visits, put the platform's events in front, and give ids in that order; no query.

    Event after event, as each may decide whether the next one begins a visit: how a sender packs them is no matter.
    """
    for payload in batch.payloads:
        if payload.refusal:
            continue
        known = _known_session(payload, batch)
        if not payload.going:
            payload.session = known  # a repetition gets the same answer, and changes nothing
            continue
        profile = payload.profile
        if profile and (profile.last_seen_at > batch.now or profile.last_active_at > batch.now):
            profile.forget_future(now=batch.now)
        if known or payload.saves_session:
            _continue_session(payload, batch, known)
        if _has_activity(payload):
            _note_activity(payload, at=_active_at(payload, batch))
        begun = _begin(payload, batch)
        if begun:
            _tell(payload, begun)
        for event in payload.going:
            event.id = new_id()


def _has_activity(payload: Payload) -> bool:
    """Tell whether somebody did anything of it."""
    return not payload.is_emitted and any(event.type not in UNDONE for event in payload.going)


def _known_session(payload: Payload, batch: Batch) -> Session | None:
    found = _session_at_hand(payload, batch)
    if found and payload.going:
        tracking.forget_future(found, now=batch.now)
        # A device goes on with another session after a pause; a session that the client names is one for all times.
        if not payload.session_key and tracking.is_over(found, at=payload.going[0].happened_at):
            return None
    return found


def _session_at_hand(payload: Payload, batch: Batch) -> Session | None:
    if payload.session_key:
        return batch.sessions.get(payload.session_key)
    device = _device(payload, batch)
    return batch.sessions.get(device.session_id) if device and device.session_id and payload.going else None


def _device(payload: Payload, batch: Batch) -> Identifier | None:
    id = payload.claim.device
    return batch.directory.identifiers.get(id) if id else None


def _continue_session(payload: Payload, batch: Batch, known: Session | None) -> None:
    payload.is_new_session = known is None
    session = known or tracking.open_session(
        key=payload.session_key,
        reference=payload.session_ref or "",
        source_id=payload.source.id,
        channel=payload.source.channel,
        at=payload.going[0].happened_at,
        active_at=_active_at(payload, batch),
        after=_session_at_hand(payload, batch),
    )
    if not payload.saves_session:
        payload.session = copy.deepcopy(session)  # another payload of the batch may store what this one must not
        return
    payload.session = batch.sessions[session.id] = session
    _give_session(session, payload, batch)
    device = _device(payload, batch)
    if device and device.session_id != session.id:
        device.session_id = session.id
        batch.directory.changed_identifiers[device.id] = device


def _give_session(session: Session, payload: Payload, batch: Batch) -> None:
    """Let the session belong to the payload's profile; its raw id only changes when somebody else goes on with it."""
    directory, raw_id = batch.directory, session.original_profile_id
    if payload.saves_profile and payload.profile and payload.raw_profile_id:
        session.original_profile_id = directory.raw_id_of(raw_id, payload.profile, otherwise=payload.raw_profile_id)
        session.profile_id = payload.profile.id
    elif raw_id:
        session.profile_id = directory.living_id(raw_id)
    if session.device_key is None:
        session.device_key = payload.device_key or payload.claim.device


def _active_at(payload: Payload, batch: Batch) -> datetime:
    """Tell when its person was active, by our own clock; by their own only those events that are history."""
    at = max(event.happened_at for event in payload.going) if payload.is_silent else payload.received_at
    return min(at, batch.now)


def _note_activity(payload: Payload, *, at: datetime) -> None:
    """Note that person and session are active; what the platform says is nothing that anybody did."""
    if payload.profile:
        payload.profile.be_active(at=at)
    if payload.session:
        payload.session.last_active_at = max(payload.session.last_active_at, at)


def _begin(payload: Payload, batch: Batch) -> dict[int, list[PlatformEvent]]:
    """Record the events in their session, and return what the platform says of it, by the place of an event."""
    begun: dict[int, list[PlatformEvent]] = {}
    session = payload.session if payload.saves_session else None
    profile, unannounced = payload.profile, batch.directory.unannounced
    # By the raw id: a later payload of the batch may have merged it already.
    if profile and payload.saves_profile and payload.raw_profile_id in unannounced:
        unannounced.discard(payload.raw_profile_id)
        begun[0] = [PROFILE_CREATED]
    for place, event in enumerate(payload.going):
        if session:
            at = event.happened_at
            if not tracking.join_visit(session, at=at) and event.type != tracking.END:
                opened = [] if session.visit_count else [SESSION_OPENED]
                begun[place] = [*begun.get(place, ()), *opened, VISIT_STARTED]
                tracking.start_visit(session, at=at)
                if profile:
                    profile.start_visit(at=at)
            page = page_of(event.type, event.properties, event.context, payload.context).get("url", "")
            tracking.record(session, event_type=event.type, at=at, page=page)
        if profile:
            event.visit_count = profile.visit_count
    return begun


def _tell(payload: Payload, begun: dict[int, list[PlatformEvent]]) -> None:
    """Put the platform's events in front of those with which something began."""
    in_front: dict[int, list[PayloadEvent]] = {}
    places = [place for place, happened in begun.items() if VISIT_STARTED in happened]
    for place, happened in begun.items():
        cause = payload.going[place]
        end = next((other for other in places if other > place), None)
        types = [event.type for event in payload.going[place:end]]  # those of the visit
        in_front[id(cause)] = [_system_event(each, cause, types=types) for each in happened]
    payload.events = [each for event in payload.events for each in (*in_front.get(id(event), ()), event)]
    payload.settle()


def _system_event(event: PlatformEvent, cause: PayloadEvent, *, types: list[str]) -> PayloadEvent:
    properties = {TRIGGERS: types} if event is VISIT_STARTED else {}
    return PayloadEvent(
        type=event.type,
        time=cause.happened_at - leads()[event.type],
        is_system=True,
        properties=properties,
        visit_count=cause.visit_count,
    )
