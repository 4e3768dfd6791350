"""The membership dialect: people entered segments, or left them; see apps/segments/memberships.py."""

from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from apps.collector.track import Track, TrackedEvent
from apps.collector.wire.envelope import Envelope, Parsed
from apps.core.ids import fingerprint
from apps.profiles.identity import Claim


def parse(body: bytes, envelope: Envelope) -> Parsed:
    """Make a track of each change, each about one person who is known: it opens no session and makes nobody."""
    said = orjson.loads(body)
    return Parsed(tracks=[_track(change, said, envelope) for change in said["changes"]], is_asynchronous=True)


def _track(change: dict[str, Any], said: dict[str, Any], envelope: Envelope) -> Track:
    event = TrackedEvent(
        type=change["type"],
        properties={"segment": change["segment"], "name": change["name"], "because": said["because"]},
        claimed_time=datetime.fromisoformat(said["time"]),
        is_system=True,
        key=fingerprint(change["type"], change["membership"]),
    )
    return Track(
        source=envelope.source,
        received_at=envelope.received_at,
        request_id=envelope.request_id,
        events=[event],
        claim=Claim(profile_ref=UUID(change["profile"]), trusts_ids=True),
        is_of_known=True,
        saves_session=False,
        is_silent=said["is_silent"],
    )
