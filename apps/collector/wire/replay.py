"""The replay dialect: one event that was set aside, with its track as it was when it came in."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson

from apps.collector.track import Sent, Track, TrackedEvent
from apps.collector.wire.envelope import Envelope, Parsed
from apps.events.models import InboxItem
from apps.profiles.identity import Claim

SAME: Final = (
    "session_ref",
    "context",
    "properties",
    "ip",
    "user_agent",
    "accept_language",
    "saves_events",
    "saves_session",
    "saves_profile",
    "is_profileless",
    "is_silent",
)
# What its event proves is read again, from what somebody may have mended.
CLAIMED: Final = ("profile_ref", "user_id", "anonymous_id", "trusts_ids")


def shape(track: Track, event: TrackedEvent) -> dict[str, Any]:
    """Return what has to be kept beside an event's type, time, properties and context, as JSON."""
    return {
        **{name: getattr(track, name) for name in SAME},
        "session_key": track.session_key and str(track.session_key),
        "claim": {
            name: str(value) if isinstance(value := getattr(track.claim, name), UUID) else value for name in CLAIMED
        },
        "message_id": event.message_id,
        "tags": event.tags,
    }


def parse(body: bytes, envelope: Envelope) -> Parsed:
    """Read what `shape` wrote, and the event as it is now."""
    kept = orjson.loads(body)
    event = kept["event"]
    track = Track(
        source=envelope.source,
        received_at=envelope.received_at,
        request_id=envelope.request_id,
        sent=Sent(InboxItem.Dialect.REPLAY, envelope, kept),
        claim=_claim(kept["claim"]),
        session_key=UUID(kept["session_key"]) if kept["session_key"] else None,
        events=[
            TrackedEvent(
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
        **{name: kept[name] for name in SAME},
    )
    return Parsed(tracks=[track], is_asynchronous=True)


def _claim(kept: dict[str, Any]) -> Claim:
    """Read the ids that came with it; those that this version does not know any more are left out."""
    profile_ref = UUID(kept["profile_ref"]) if kept["profile_ref"] else None
    return Claim(**{**{name: kept[name] for name in CLAIMED if name in kept}, "profile_ref": profile_ref})
