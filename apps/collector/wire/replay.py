"""The replay dialect: one event that was set aside, with its payload as it was when it came in."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from apps.collector.envelope import Envelope, Recorded
from apps.collector.payload import Payload, PayloadEvent, Sent
from apps.collector.wire.body import Json
from apps.collector.wire.parsed import Parsed
from apps.events.models import InboxItem
from apps.profiles.identity import Claim

# Of what a payload is made of, this comes with the event, or with the item of the inbox that brings it again.
_ANEW: Final = frozenset({"source", "received_at", "request_id", "events", "sent", "sent_at"})
KEPT: Final = tuple(each.name for each in fields(Payload) if each.init and each.name not in _ANEW)
# What its event proves is read again, from what somebody may have fixed.
CLAIMED: Final = tuple(each.name for each in fields(Claim) if each.init and each.name != "proofs")


def shape(payload: Payload, event: PayloadEvent) -> dict[str, Any]:
    """Return what has to be kept beside an event's type, time, properties and context, as JSON."""
    kept = {name: _written(getattr(payload, name)) for name in KEPT}
    return {**kept, "message_id": event.message_id, "tags": event.tags}


def read(json: Json, envelope: Envelope) -> Parsed:
    """Read what `shape` wrote, and the event as it is now."""
    kept = json.value
    event = kept["event"]
    # What this version keeps and another one did not is as it is by default.
    parts = {name: kept[name] for name in KEPT if name in kept}
    for name, reader in _READERS.items():
        if parts.get(name) is not None:
            parts[name] = reader(parts[name])
    payload = Payload(
        source=envelope.source,
        received_at=envelope.received_at,
        request_id=envelope.request_id,
        sent=Sent(InboxItem.Dialect.REPLAY, envelope, kept),
        events=[
            PayloadEvent(
                type=event["type"],
                properties=event["properties"],
                context=event["context"],
                tags=kept["tags"],
                claimed_time=datetime.fromisoformat(event["time"]),
                message_id=kept["message_id"],
                key=UUID(event["key"]).hex,
                sent=kept,
            )
        ],
        **parts,
    )
    return Parsed(payloads=[payload], is_asynchronous=True)


def _written(value: Any) -> Any:
    """Write a part of a payload as JSON has it."""
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Recorded):
        return value.as_dict()
    if isinstance(value, Claim):
        return {name: _written(getattr(value, name)) for name in CLAIMED}
    return value


def _claim(kept: Mapping[str, Any]) -> Claim:
    """Read the ids that came with it; those that this version does not know any more are left out."""
    profile_ref = UUID(kept["profile_ref"]) if kept["profile_ref"] else None
    return Claim(**{**{name: kept[name] for name in CLAIMED if name in kept}, "profile_ref": profile_ref})


# How parts are read that JSON has no type for.
_READERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "session_key": UUID,
    "device_key": UUID,
    "about_session": UUID,
    "recorded": Recorded.read,
    "claim": _claim,
}
