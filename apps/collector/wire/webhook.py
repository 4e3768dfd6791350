"""The webhook dialect: whatever another system posts becomes the properties of an event, and a list of them events."""

from dataclasses import replace
from functools import partial
from typing import Any

from django.conf import settings

from apps.collector.envelope import Envelope
from apps.collector.payload import Payload, PayloadEvent, Sent
from apps.collector.wire.body import Json, Malformed, check, id_of, optional_id, text_of
from apps.collector.wire.parsed import Parsed
from apps.collector.wire.track import profile_key, session_key
from apps.core.ids import digest
from apps.core.paths import MISSING, get
from apps.core.refusal import Refusal
from apps.events.models import InboxItem
from apps.profiles.identity import Claim


def read(json: Json, envelope: Envelope) -> Parsed:
    """Read a body, which the view has made JSON of, into a payload with one event of the type `envelope.call`.

    Of a list, each item is a payload; a wrong one carries its refusal alone. Raises Malformed when the body is neither
    an object nor a list, or when it or the address hold what cannot be stored.
    """
    event_type = text_of(envelope.call, "event_type")
    if event_type is None:
        raise Malformed(Refusal("required", "event_type must not be empty.", "event_type"))
    posted, is_suspect, _ = json
    is_list = isinstance(posted, list)
    # Of a list, no header names an item.
    delivered_by = "" if is_list else envelope.message_id_header
    word = partial(_word, id_path=envelope.source.message_id_path, delivered_by=delivered_by)
    sent = Sent(InboxItem.Dialect.WEBHOOK, envelope, posted, "" if is_list else None, word)
    reader = _Reader(sent, event_type)
    if not is_list:
        payloads = [reader.read(posted, "", is_suspect=is_suspect)]
    elif len(posted) > settings.MAX_EVENTS_PER_REQUEST:
        raise Malformed(Refusal("too_many", f"The list holds more than {settings.MAX_EVENTS_PER_REQUEST} events."))
    else:
        payloads = [reader.item(item, index, is_suspect=is_suspect) for index, item in enumerate(posted)]
    return Parsed(payloads=payloads, is_asynchronous=envelope.source.is_asynchronous)


class _Reader:
    """Reads the events of one request."""

    def __init__(self, sent: Sent, event_type: str) -> None:
        self._sent = sent
        self._envelope = envelope = sent.envelope
        self._type = event_type
        self._session_ref = id_of(envelope.session_ref, "session_id")
        self._delivery = id_of(envelope.message_id, "the id of the delivery")

    def item(self, item: Any, index: int, *, is_suspect: bool) -> Payload:
        """Read one item of a list; a wrong one becomes a payload whose only event is refused."""
        try:
            payload = self.read(item, str(index), is_suspect=is_suspect)
        except Malformed as error:
            event = PayloadEvent(type=self._type, sent=item, refusal=replace(error.refusal, index=index))
            payload = Payload(self._envelope.source, self._envelope.received_at, events=[event], sent=self._sent)
        payload.events[0].index = index
        return payload

    def read(self, properties: Any, path: str, *, is_suspect: bool) -> Payload:
        """Read one event; `path` is that of an item in its list."""
        whole = path or "The body"
        if not isinstance(properties, dict):
            raise Malformed(Refusal("invalid_type", f"{whole} must be a JSON object.", path))
        refusal = check(properties, path) if is_suspect else None
        if refusal:
            raise Malformed(refusal)
        envelope, source = self._envelope, self._envelope.source
        profile_ref = _at_path(properties, source.profile_id_path, path)
        session_ref = self._session_ref or _at_path(properties, source.session_id_path, path)
        key = session_key(session_ref)
        # Without an id there is nobody whom a webhook could be about, and a profile a call would be noise.
        names_somebody = self._session_ref or (source.creates_profiles and (profile_ref or session_ref))
        message_id = self._message_id(properties, path)
        return Payload(
            source=source,
            received_at=envelope.received_at,
            request_id=envelope.request_id,
            sent=self._sent,
            events=[PayloadEvent(self._type, properties=properties, message_id=message_id, sent=properties)],
            claim=Claim(profile_ref=profile_key(profile_ref, trusts_ids=True), trusts_ids=True),
            session_ref=session_ref,
            session_key=key,
            ip=envelope.ip,
            user_agent=envelope.user_agent,
            accept_language=envelope.accept_language,
            is_profileless=not names_somebody,
            saves_session=key is not None and not source.is_ephemeral,
            saves_events=not source.is_ephemeral,
        )

    def _message_id(self, properties: dict[str, Any], path: str) -> str | None:
        """Read by what the sender knows the event again: as the source says, else by its delivery."""
        found = _at_path(properties, self._envelope.source.message_id_path, path)
        if found is not None or not self._delivery:
            return found
        # Of a list, no item can be called as the delivery of all is.
        return str(digest("item", self._delivery, path)) if path else self._delivery


def _word(name: str, sent: Any, *, id_path: str, delivered_by: str) -> str:
    """Call a field of an event as its sender does: there is no `id` but where the source or a header says."""
    if name == "id":
        return id_path if id_path and optional_id(get(sent, id_path)) else delivered_by
    return "event_type" if name == "type" else name.removeprefix("properties.")


def _at_path(properties: dict[str, Any], path: str, place: str) -> str | None:
    found = get(properties, path) if path else MISSING
    if found is MISSING:
        return None
    return id_of(found, f"{place}.{path}" if place else path)
