"""The platform's own dialect: what it says of people whom it knows; see apps/events/store/emitting.py."""

from apps.collector.envelope import Envelope, Recorded
from apps.collector.payload import Payload, PayloadEvent
from apps.collector.wire.body import Json
from apps.collector.wire.parsed import Parsed
from apps.core.ids import fingerprint
from apps.events.store import emitting
from apps.events.store.emitting import Emission
from apps.profiles.identity import Claim


def read(json: Json, envelope: Envelope) -> Parsed:
    """Make a payload of each emission, in their order."""
    said = emitting.read(json.value)
    payloads = [
        _payload(emission, index, envelope, is_silent=said.is_silent) for index, emission in enumerate(said.emissions)
    ]
    return Parsed(payloads=payloads, is_asynchronous=True)


def _payload(emission: Emission, index: int, envelope: Envelope, *, is_silent: bool) -> Payload:
    recorded = Recorded.read(emission.recorded) if emission.recorded else envelope.recorded
    event = PayloadEvent(
        type=emission.type,
        properties=dict(emission.properties),
        claimed_time=emission.time,
        index=index,
        key=fingerprint("platform", emission.type, emission.key),
    )
    return Payload(
        source=envelope.source,
        received_at=envelope.received_at,
        request_id=envelope.request_id,
        events=[event],
        claim=Claim(profile_ref=emission.profile_id, trusts_ids=True),
        is_whole=envelope.is_whole or recorded is not None,
        recorded=recorded,
        is_emitted=True,
        about_session=emission.session_id,
        saves_session=False,
        saves_events=not envelope.source.is_ephemeral,
        is_silent=is_silent,
        chain=emission.chain,
    )
