"""Recent real events of a type, with what stood around them: what schemas are proposed from, and rules are tried on."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.events.models import Event, QuarantinedEvent, Source
from apps.profiles.models import Profile
from apps.sessions.models import Session

N_OBSERVED = 1_000  # events whose fields are looked at
N_TRIED = 5  # events that rules are tried on, and as many of those in quarantine


@dataclass(frozen=True, slots=True)
class Sample:
    """An event as it was sent or stored, and the profile and session that it belongs to."""

    id: UUID
    time: datetime
    properties: dict[str, Any]
    context: dict[str, Any]
    traits: dict[str, Any]
    scope: dict[str, Any]  # what templates and conditions may refer to
    profile: Profile | None = None
    is_quarantined: bool = False


def properties_of(type: str) -> list[dict[str, Any]]:
    """Return the properties of the latest events; by the index on (type, id)."""
    return list(Event.objects.filter(type=type).order_by("-id").values_list("properties", flat=True)[:N_OBSERVED])


def samples_of(type: str, *, with_profiles: bool) -> list[Sample]:
    """Return the latest events of a type, those in quarantine first; profiles only for who may see them."""
    waiting = QuarantinedEvent.objects.filter(type=type).order_by("-id")[:N_TRIED]
    events = list(Event.objects.filter(type=type).order_by("-id")[:N_TRIED])
    sources = {source.id: source for source in Source.objects.all()}
    sessions = Session.objects.in_bulk([event.session_id for event in events if event.session_id])
    profiles = Profile.objects.in_bulk([event.profile_id for event in events if event.profile_id])
    found = []
    for row in waiting:
        scope = scope_of_quarantined(row, sources.get(row.source_id))
        found.append(Sample(row.id, row.time, row.properties, row.context, {}, scope, is_quarantined=True))
    for event in events:
        session = sessions.get(event.session_id) if event.session_id else None
        profile = profiles.get(event.profile_id) if with_profiles and event.profile_id else None
        found.append(_stored(event, session, sources.get(event.source_id), profile))
    return found


def scope_of_quarantined(row: QuarantinedEvent, source: Source | None) -> dict[str, Any]:
    """Return what conditions and templates may refer to, for an event in quarantine as it is now."""
    payload = row.payload
    scope = _scope(row, payload.get("message_id"), source)
    scope["session"] = {"id": payload.get("session_ref"), "context": payload.get("context", {})}
    scope["payload"] |= {"context": payload.get("context", {}), "properties": payload.get("properties", {})}
    return scope


def _stored(event: Event, session: Session | None, source: Source | None, profile: Profile | None) -> Sample:
    scope = _scope(event, event.message_id, source)
    context = session.context if session else {}
    scope["session"] = {"id": session.reference if session else None, "context": context}
    scope["payload"] |= {"context": context, "properties": session.properties if session else {}}
    return Sample(event.id, event.time, event.properties, event.context, event.traits, scope, profile)


def _scope(row: Event | QuarantinedEvent, message_id: str | None, source: Source | None) -> dict[str, Any]:
    event = {
        "id": message_id,
        "type": row.type,
        "time": row.time.isoformat(),
        "properties": row.properties,
        "context": row.context,
    }
    named = {"id": str(source.id), "name": source.name, "channel": source.channel} if source else {}
    return {"event": event, "payload": {"source": named}}
