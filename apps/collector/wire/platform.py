"""The platform's own dialect: what it says of people whom it knows; see apps/events/store/emitting.py."""

from apps.collector.envelope import Envelope
from apps.collector.track import Track, TrackedEvent
from apps.collector.wire.body import Json
from apps.collector.wire.parsed import Parsed
from apps.core.ids import fingerprint
from apps.events.store import emitting
from apps.events.store.emitting import Emission
from apps.profiles.identity import Claim


def read(json: Json, envelope: Envelope) -> Parsed:
    """Make a track of each emission, in their order."""
    said = emitting.read(json.value)
    tracks = [
        _track(emission, index, envelope, is_silent=said.is_silent) for index, emission in enumerate(said.emissions)
    ]
    return Parsed(tracks=tracks, is_asynchronous=True)


def _track(emission: Emission, index: int, envelope: Envelope, *, is_silent: bool) -> Track:
    event = TrackedEvent(
        type=emission.type,
        properties=dict(emission.properties),
        claimed_time=emission.time,
        index=index,
        key=fingerprint("platform", emission.type, emission.key),
    )
    return Track(
        source=envelope.source,
        received_at=envelope.received_at,
        request_id=envelope.request_id,
        events=[event],
        claim=Claim(profile_ref=emission.profile_id, trusts_ids=True),
        is_whole=envelope.is_whole,
        recorded=envelope.recorded,
        is_emitted=True,
        about_session=emission.session_id,
        saves_session=False,
        saves_events=not envelope.source.is_ephemeral,
        is_silent=is_silent,
    )
