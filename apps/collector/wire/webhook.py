"""The webhook dialect: whatever another system posts becomes the properties of one event."""

from typing import Any
from uuid import UUID

from apps.collector.track import Refusal, Track, TrackedEvent
from apps.collector.wire.body import Malformed, check, load_json, text_of
from apps.collector.wire.envelope import Envelope, Parsed
from apps.collector.wire.track import profile_key, session_key
from apps.core.paths import MISSING, get
from apps.profiles.identity import Claim


def parse(body: bytes, envelope: Envelope) -> Parsed:
    """Read a body, which the view has made JSON of, into a track with one event of the type `envelope.call`.

    Raises Malformed when it is no JSON object, or when it or the address hold what cannot be stored.
    """
    event_type = text_of(envelope.call, "event_type")
    if event_type is None:
        raise Malformed(Refusal("required", "event_type must not be empty.", "event_type"))
    properties, is_suspect = load_json(body or b"{}")
    if not isinstance(properties, dict):
        raise Malformed(Refusal("invalid_type", "The body must be a JSON object."))
    refusal = check(properties, "properties") if is_suspect else None
    if refusal:
        raise Malformed(refusal)
    source = envelope.source
    profile_ref = _at_path(properties, source.profile_id_path)
    address_ref = text_of(envelope.session_ref, "session_id")
    session_ref = address_ref or _at_path(properties, source.session_id_path)
    key = session_key(session_ref)
    track = Track(
        source=source,
        received_at=envelope.received_at,
        request_id=envelope.request_id,
        events=[TrackedEvent(type=event_type, properties=properties)],
        claim=Claim(profile_ref=_profile_key(profile_ref), trusts_ids=True),
        session_ref=session_ref,
        session_key=key,
        ip=envelope.ip,
        user_agent=envelope.user_agent,
        accept_language=envelope.accept_language,
        # Without an id there is nobody whom a webhook could be about, and a profile a call would be noise.
        is_profileless=not (address_ref or (source.creates_profiles and (profile_ref or session_ref))),
        saves_session=key is not None and not source.is_ephemeral,
        saves_events=not source.is_ephemeral,
    )
    return Parsed(tracks=[track], is_asynchronous=source.is_asynchronous)


def _profile_key(reference: str | None) -> UUID | None:
    return profile_key(reference, trusts_ids=True)


def _at_path(properties: dict[str, Any], path: str) -> str | None:
    found = get(properties, path) if path else MISSING
    return None if found is MISSING else text_of(found, f"properties.{path}")
