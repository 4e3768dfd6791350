"""What a bridge would make of messages: read without consuming any, and nothing is stored."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from apps.collector.payload import Payload, PayloadEvent
from apps.collector.wire import Message
from apps.collector.wire.body import load_json
from apps.inbound.mapping import TRACK, Mapper, Poison
from apps.inbound.opening import Opened
from apps.inbound.received import Received

N: Final = 5
LEFT_OUT: Final = "The condition does not pick it."


@dataclass(frozen=True, slots=True)
class Shown:
    """An event that a message would become."""

    type: str
    time: str
    message_id: str
    profile: str  # as the sender names it; empty: it names none
    session: str
    properties: Mapping[str, Any]
    refusal: str = ""  # why it would not be taken


@dataclass(frozen=True, slots=True)
class Sampled:
    """A message, and what would become of it: events, or why there would be none."""

    received: Received
    events: list[Shown] = field(default_factory=list)
    problem: str = ""


def sample(opened: Opened, *, now: datetime, n: int = N) -> list[Sampled]:
    """Read some messages, and show what they would become. Raises Failure where nothing can be read."""
    messages = opened.kind.peek(opened.connection, opened.settings, n)
    return [shown(received, opened.mapper(), now=now) for received in messages]


def unmapped(opened: Opened, *, n: int = N) -> list[Sampled]:
    """Read some messages, where the mapping cannot tell what they would become. Raises Failure as `sample` does."""
    return [Sampled(received) for received in opened.kind.peek(opened.connection, opened.settings, n)]


def shown(received: Received, mapper: Mapper, *, now: datetime) -> Sampled:
    """Show what would become of a message."""
    try:
        message = mapper.message(received, key=received.key or "-", at=now)
    except Poison as poison:
        return Sampled(received, problem=str(poison))
    if message is None:
        return Sampled(received, problem=received.skipped or LEFT_OUT)
    parsed = message.parse()
    named = _profile_of(message)
    events = [_event(payload, event, named) for payload in parsed.payloads for event in payload.events]
    return Sampled(received, events)


def _profile_of(message: Message) -> str:
    """Return the profile as a body of /track names it: parsed, it is the key that is made of that."""
    said = load_json(message.body).value if message.dialect == TRACK else None
    profile = said.get("profile") if isinstance(said, dict) else None
    return str(profile.get("user_id") or profile.get("id") or "") if isinstance(profile, dict) else ""


def _event(payload: Payload, event: PayloadEvent, profile: str) -> Shown:
    claim = payload.claim
    named = claim.user_id or profile or claim.anonymous_id or claim.profile_ref
    return Shown(
        type=event.type,
        time=str(event.claimed_time or ""),
        message_id=event.message_id or "",
        profile=str(named or ""),
        session=payload.session_ref or "",
        properties=event.properties,
        refusal=event.refusal.message if event.refusal else "",
    )
