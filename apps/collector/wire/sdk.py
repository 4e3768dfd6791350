"""Segment's HTTP tracking API: what the SDKs of Segment and RudderStack send.

The format: segment.com/docs/connections/sources/catalog/libraries/server/http-api and .../connections/spec.
"""

from datetime import datetime
from typing import Any

from django.conf import settings

from apps.collector.envelope import Envelope
from apps.collector.payload import Payload, PayloadEvent, Sent
from apps.collector.wire import times
from apps.collector.wire.body import Json, Malformed, check, flag_of, id_of, object_of, optional_id, shared
from apps.collector.wire.parsed import Parsed
from apps.collector.wire.track import session_key
from apps.core.clients import bare_ip
from apps.core.ids import digest
from apps.core.refusal import Refusal
from apps.events.models import InboxItem
from apps.profiles.identity import Claim
from apps.sessions.short import text

DIALECT = InboxItem.Dialect.SDK.value
BATCH = "batch"
# The call, and the event type that it becomes; `track` names its event itself.
TYPES = {
    "track": None,
    "identify": "identify",
    "page": "page-view",
    "screen": "screen-view",
    "group": "group",
    "alias": "alias",
}
# What we call properties, and a message does not.
_PROPERTIES = {"properties.previousId": "previousId", "properties.group_id": "groupId"}
# What SDKs repeat with each message, though it is the device's: its session keeps it, or what it says.
KEPT_BY_SESSION = frozenset(
    {"ip", "userAgent", "userAgentData", "locale", "timezone", "screen", "network", "sessionId", "sessionStart"}
)


def read(json: Json, envelope: Envelope) -> Parsed:
    """Read a message, or a batch of them, into a payload for each; a wrong one carries its refusal alone.

    `envelope.call` is the address's method. Raises Malformed when the body is no message and no batch.
    """
    body = json.value
    if not isinstance(body, dict):
        raise Malformed(Refusal("invalid_type", "The body must be a JSON object."))
    if envelope.call != BATCH:
        messages: Any = [body if body.get("type") == envelope.call else {**body, "type": envelope.call}]
        context, beside = {}, 0
    else:
        messages, context = body.get("batch"), object_of(body.get("context"), "context")
        if not isinstance(messages, list):
            raise Malformed(Refusal("invalid_type", "batch must be a list.", "batch"))
        if len(messages) > settings.MAX_EVENTS_PER_REQUEST:
            message = f"batch holds more than {settings.MAX_EVENTS_PER_REQUEST} messages."
            raise Malformed(Refusal("too_many", message, "batch"))
        beside = shared(body, ("context",), n_events=len(messages), is_suspect=json.is_suspect)
        flag_of(context.get("historical"), "context.historical")  # here it is the request's, and not each message's
    sent = Sent(DIALECT, envelope, body, BATCH if envelope.call == BATCH else None, word)
    reader = _Reader(sent, json, context, beside)
    prefix = "batch." if envelope.call == BATCH else ""
    payloads = [
        reader.payload(message, index, f"{prefix}{index}." if prefix else "") for index, message in enumerate(messages)
    ]
    return Parsed(payloads=payloads, is_asynchronous=True)


class _Reader:
    """Reads the messages of one request."""

    def __init__(self, sent: Sent, json: Json, context: dict[str, Any], beside: int) -> None:
        self._envelope = sent.envelope
        self._context = context
        self._beside = beside
        self._sent = sent
        self._sent_at = _instant(sent.body.get("sentAt"))
        self._is_silent = flag_of(sent.body.get("historical"), "historical")
        self._is_suspect = json.is_suspect
        # Those of one of many messages would be looked for in all of them.
        self._mentions = json.mentions if sent.events is None or json.mentions == "" else None

    def payload(self, message: Any, index: int, path: str) -> Payload:
        """Read one message; a wrong one becomes a payload whose only event is refused."""
        try:
            return self._read(message, index, path)
        except Malformed as error:
            found = error.refusal
            refusal = Refusal(found.code, found.message, found.field, index)
            event = PayloadEvent(type="", index=index, sent=message, refusal=refusal)
            return Payload(self._envelope.source, self._envelope.received_at, events=[event], sent=self._sent)

    def _read(self, message: Any, index: int, path: str) -> Payload:
        whole = path.rstrip(".")
        if not isinstance(message, dict):
            raise Malformed(Refusal("invalid_type", f"{whole} must be an object.", whole))
        refusal = check(message, whole, beside=self._beside) if self._is_suspect else None
        if refusal:
            raise Malformed(refusal)
        context = object_of(message.get("context"), f"{path}context")
        if self._context:
            context = {**self._context, **context}
        claim = self._claim(message, path)
        event = self._event(message, index, path, context)
        session_ref = _session_ref(context, claim)
        # What a message says of its sending may be of an earlier try; it counts where the request says nothing.
        sent_at = self._sent_at or _instant(message.get("sentAt"))
        if sent_at and abs(self._envelope.received_at - sent_at) <= times.TOLERATED_SKEW:
            sent_at = None  # by a clock that is right
        source = self._envelope.source
        payload = Payload(
            source=source,
            received_at=self._envelope.received_at,
            request_id=self._envelope.request_id,
            sent=self._sent,
            sent_at=sent_at,
            events=[event],
            claim=claim,
            session_ref=session_ref,
            session_key=session_key(session_ref),
            context=_about_client(context),
            ip=(bare_ip(text(context["ip"])) if "ip" in context else "") or self._envelope.ip,
            # The header's agent is the SDK's own, on the sender's server: it says nothing about a visitor.
            user_agent=text(context.get("userAgent")),
            accept_language=text(context.get("locale")),
            # Devices have sessions, servers do not.
            saves_session=claim.anonymous_id is not None and not source.is_ephemeral,
            saves_events=not source.is_ephemeral,
            is_silent=self._is_silent or _is_of_import(message, context, path),
        )
        payload.mentions = self._mentions
        return payload

    def _claim(self, message: dict[str, Any], path: str) -> Claim:
        claim = Claim(
            user_id=id_of(message.get("userId"), f"{path}userId"),
            anonymous_id=id_of(message.get("anonymousId"), f"{path}anonymousId"),
        )
        if claim.user_id is None and claim.anonymous_id is None:
            text = f"{path}userId or {path}anonymousId is required."
            raise Malformed(Refusal("required", text, f"{path}userId"))
        return claim

    def _event(self, message: dict[str, Any], index: int, path: str, context: dict[str, Any]) -> PayloadEvent:
        call = message.get("type")
        call = call.lower() if isinstance(call, str) else ""
        if call not in TYPES:
            text = f"{path}type must be one of {', '.join(TYPES)}."
            raise Malformed(Refusal("invalid_type", text, f"{path}type"))
        properties = object_of(message.get("properties"), f"{path}properties")
        if call == "identify":
            # RudderStack puts the traits of `identify` into the context; where both say one, the message's own counts.
            traits = object_of(context.get("traits"), f"{path}context.traits")
            properties = {**properties, **traits, **object_of(message.get("traits"), f"{path}traits")}
        elif call == "group":
            properties = {**object_of(message.get("traits"), f"{path}traits"), **properties}
            properties["group_id"] = id_of(message.get("groupId"), f"{path}groupId")
        elif call == "alias":
            properties = {**properties, "previousId": id_of(message.get("previousId"), f"{path}previousId")}
        elif call in ("page", "screen"):
            properties = {**{key: message[key] for key in ("name", "category") if message.get(key)}, **properties}
        return PayloadEvent(
            type=TYPES[call] or _event_name(message, path),
            index=index,
            message_id=id_of(message.get("messageId"), f"{path}messageId"),
            properties=properties,
            context=_of_event(context, call),
            claimed_time=message.get(_time_field(message)),
            sent=message,
        )


def _event_name(message: dict[str, Any], path: str) -> str:
    name = message.get("event")
    if not isinstance(name, str) or not name.strip():
        raise Malformed(Refusal("required", f"{path}event must be a text that is not empty.", f"{path}event"))
    return name


def _is_of_import(message: dict[str, Any], context: dict[str, Any], path: str) -> bool:
    if "historical" not in message and "historical" not in context:
        return False
    own = flag_of(message.get("historical"), f"{path}historical")
    return flag_of(context.get("historical"), f"{path}context.historical") or own


def _session_ref(context: dict[str, Any], claim: Claim) -> str | None:
    """Read RudderStack's session id: a number that is only unique on its device."""
    device = claim.anonymous_id
    session_id = optional_id(context.get("sessionId")) if device else None
    return str(digest("sdk-session", device, session_id)) if device and session_id else None


def _of_event(context: dict[str, Any], call: str) -> dict[str, Any]:
    """Keep with an event what its sender said around it, but for what is kept elsewhere."""
    if not context:
        return {}
    elsewhere = KEPT_BY_SESSION | {"traits"} if call == "identify" else KEPT_BY_SESSION
    return {key: value for key, value in context.items() if key not in elsewhere}


def _about_client(context: dict[str, Any]) -> dict[str, Any]:
    """Keep of a message's context what describes its client, not its page or its person."""
    if not context:
        return {}
    return {key: value for key, value in context.items() if key not in ("page", "traits", "userAgent", "ip")}


def _instant(claimed: Any) -> datetime | None:
    if claimed is None:
        return None
    try:
        return times.read(claimed)
    except times.TimeError:
        return None


def _time_field(message: dict[str, Any]) -> str:
    """Name the field that tells when it happened: the original time helps out where the other cannot be read."""
    if message.get("originalTimestamp") and not _instant(message.get("timestamp")):
        return "originalTimestamp"
    return "timestamp"


def word(name: str, message: Any) -> str:
    """Call a field of an event as the message does."""
    if not isinstance(message, dict):
        return name
    words = {"type": "event", "id": "messageId", "time": _time_field(message), **_PROPERTIES}
    if name in words:
        return words[name]
    key = name.removeprefix("properties.").partition(".")[0]
    for holder, part in (("traits", message), ("context.traits", message.get("context"))):
        traits = part.get("traits") if isinstance(part, dict) else None
        if name.startswith("properties.") and isinstance(traits, dict) and key in traits:
            return f"{holder}.{name.removeprefix('properties.')}"
    return name
