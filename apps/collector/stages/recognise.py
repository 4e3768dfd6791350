"""After this stage each event has a key by which a repetition of it is known."""

from zlib import crc32

import orjson

from apps.collector.payload import Batch, Payload, PayloadEvent
from apps.core.ids import fingerprint
from apps.sessions.visited_page import page_of


def recognise(batch: Batch) -> None:
    """Name each message by what its sender said, whenever and whichever way it comes; no query."""
    for payload in batch.payloads:
        for event in payload.events:
            if event.refusal is None and payload.refusal is None and event.key is None:  # what is replayed has its key
                event.key = _key(payload, event)


def _key(payload: Payload, event: PayloadEvent) -> str | None:
    """Name the message: by its id, else, since trackers send overlapping buffers, by whose it is, time and content.

    An id is unique in its source, whatever the session: who says the same order again tomorrow means the same order.
    """
    source = payload.source.key
    if event.message_id:
        properties = orjson.dumps(event.properties, option=orjson.OPT_SORT_KEYS)
        # What two messages of one id must have in common, summed up to a signed number of 32 bits.
        checksum = crc32(f"{payload.session_key} {event.type}".encode() + properties)
        event.content = checksum - (1 << 32) if checksum >= 1 << 31 else checksum
        return fingerprint(source, event.message_id)
    whose = _whose(payload) if event.said_at else ""
    if event.said_at and whose:
        said = (event.properties, event.context, event.tags, page_of(event.type, {}, event.context, payload.context))
        content = orjson.dumps(said, option=orjson.OPT_SORT_KEYS).decode()
        return fingerprint(source, whose, event.type, event.said_at.isoformat(), content)
    if payload.request_id:
        return fingerprint(source, payload.request_id, str(event.index))
    return None


def _whose(payload: Payload) -> str:
    """Name the session, else whom the sender names: the device, the user, the profile; empty when nobody is named."""
    if payload.session_key:
        return str(payload.session_key)
    claim = payload.client_claim
    # The profile is what a device learns from our answer: what it sent before that, it sends again without.
    named = (payload.device_key or claim.device, claim.user)
    return " ".join(str(key) for key in named if key) or str(claim.profile_ref or "")
