"""What is made of a message: the event that it is, in one of three shapes, or why it is none."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

import orjson
from django.db import DatabaseError

from apps import conditions
from apps.collector import accept
from apps.collector.envelope import Envelope
from apps.collector.wire import Incoming, Message
from apps.collector.wire import sdk as segment
from apps.collector.wire.body import Json, Malformed, load_json, written_as
from apps.conditions import ConditionError, Matcher
from apps.core import storable, templating
from apps.core.ids import fingerprint
from apps.core.templating import Template, TemplateError
from apps.core.typed_settings import choice, condition, read, template, text, yes_no
from apps.events.models import InboxItem
from apps.events.sources import SourcePolicy
from apps.inbound.received import Received

logger = logging.getLogger(__name__)
ROOT: Final = "message"
MAX_KEY: Final = 200  # characters; longer ones are hashed
SHAPES: Final = {
    "track": "A body of /track, as trackers send it",
    "segment": "A message of Segment's, as its libraries send it",
    "raw": "Anything else: I say below what is what",
}
TOO_DEEP: Final = "It is nested too deep."
TRACK: Final = InboxItem.Dialect.TRACK.value
_TEXTS: Final = ("event_type", "user_id", "session_id", "message_id", "time")


class Poison(Exception):
    """No event can be made of a message; the message says why, and names the field."""


def _check(said: object) -> None:
    try:
        templating.compile(said, roots=(ROOT,))
    except TemplateError as error:
        raise ValueError(str(error)) from None


def _check_condition(said: str) -> None:
    if not said:
        return
    try:
        conditions.parse(said)
    except ConditionError as error:
        raise ValueError(str(error)) from None


_reference = partial(text, default="", max_length=500, when=("shape", "raw"), check=_check)


@dataclass(frozen=True, kw_only=True)
class MappingSettings:
    """What messages are, and where in them is what, by templates: message@body.order.id, order-{{message@key}}."""

    shape: str = choice("Messages are", SHAPES, default="raw")
    format: str = choice("They are written as", {"json": "JSON", "text": "Text"}, default="json", when=("shape", "raw"))
    event_type: str = text(
        "Event type",
        help="A name, or where it stands: message@body.type.",
        max_length=500,
        when=("shape", "raw"),
        check=_check,
    )
    user_id: str = _reference(
        "Customer", help="The number by which you know whom it is about: message@body.customer.id."
    )
    traits: Any = template(
        "Traits of the customer",
        help='They are identified by it: {"email": "message@body.email"}.',
        default=None,
        when=("shape", "raw"),
        check=_check,
    )
    session_id: str = _reference("Session", help="message@body.session.")
    is_profileless: bool = yes_no(
        "They are about nobody", help="Of machines, stock, prices: no profiles.", default=False, when=("shape", "raw")
    )
    time: str = _reference("Time", help="When it happened: message@body.at. Empty: when it was sent.")
    message_id: str = _reference("Id", help="By which a repetition is known. Empty: by where the broker has it.")
    properties: Any = template(
        "Properties",
        help='Where they stand, message@body, or what they are made of: {"total": "message@body.order.total"}.',
        default="message@body",
        when=("shape", "raw"),
        check=_check,
    )
    condition: str = condition(
        "Only messages of which this holds",
        help='message@body.type = "order". Empty: all.',
        default="",
        check=_check_condition,
    )
    is_historical: bool = yes_no(
        "They tell of the past", help="Profiles and segments follow; flows do not begin.", default=False
    )


@dataclass(frozen=True, slots=True)
class Mapper:
    """A mapping, compiled once for many messages."""

    source: SourcePolicy
    settings: MappingSettings
    picks: Matcher | None
    texts: Mapping[str, Template]
    properties: Template
    traits: Template

    def message(self, received: Received, *, key: str, at: datetime) -> Message | None:
        """Return what goes into the inbox of a message; None where nothing is to be made of it. Raises Poison."""
        [found] = self.messages([received], keys=[key], at=at)
        if isinstance(found, Poison):
            raise found
        return found

    def messages(
        self, batch: Sequence[Received], *, keys: Sequence[str], at: datetime
    ) -> list[Message | Poison | None]:
        """Return of each, by its key, what `message` returns or raises; what they say is checked at once."""
        found = [self._read(received, key=key, at=at) for received, key in zip(batch, keys, strict=True)]
        accept.check(*[each.parsed for each in found if isinstance(each, Incoming)], at=at)
        return [_taken(each) if isinstance(each, Incoming) else each for each in found]

    def _read(self, received: Received, *, key: str, at: datetime) -> Incoming | Poison | None:
        try:
            return self._incoming(received, key=key, at=at)
        except Poison as poison:
            return poison
        except Malformed as error:
            return Poison(error.refusal.message)
        except RecursionError:
            return Poison(TOO_DEEP)
        except DatabaseError:
            raise
        except Exception as error:  # one message of which nobody thought must stop no other
            logger.exception("A message of a bridge cannot be mapped")
            return Poison(f"No event can be made of it ({type(error).__name__}).")

    def _incoming(self, received: Received, *, key: str, at: datetime) -> Incoming | None:
        """Read a message as a dialect does; None where nothing is to be made of it. Raises whatever it runs into."""
        if received.skipped:
            return None
        if received.problem:
            raise Poison(received.problem)
        json = self._json(received)
        scope = {ROOT: scope_of(received, json.value)}
        if self.picks and not self.picks(scope, now=at):
            return None
        return self._shaped(received, json, scope, key=key, at=at)

    def _json(self, received: Received) -> Json:
        if self.settings.format == "text" and self.settings.shape == "raw":
            return Json(received.body.decode("utf-8", "replace"))
        try:
            received.body.decode()
        except UnicodeDecodeError:
            raise Poison("It is not in UTF-8.") from None
        try:
            return load_json(received.body)
        except Malformed as error:
            raise Poison(error.refusal.message.replace("The body is not valid JSON", "It is no JSON")) from None

    def _shaped(self, received: Received, json: Json, scope: Mapping[str, Any], *, key: str, at: datetime) -> Incoming:
        """Read the message in the dialect of its shape."""
        id, body = as_id(key), json.value
        if self.settings.shape == "raw":
            envelope = Envelope(self.source, at, message_id=id, is_profileless=self.settings.is_profileless)
            return _rewritten(TRACK, Json(self._track(scope), json.is_suspect), envelope)
        envelope = Envelope(self.source, at, message_id=id)
        if self.settings.shape == "segment":
            return _of_segment(received.body, json, envelope, is_historical=self.settings.is_historical)
        if self.settings.is_historical and isinstance(body, dict):
            body = {**body, "options": {**_object(body.get("options")), "historical": True}}
            return _rewritten(TRACK, json._replace(value=body), envelope)
        return Message(TRACK, received.body, envelope).read(json)

    def _track(self, scope: Mapping[str, Any]) -> dict[str, Any]:
        found = {name: fill(scope) for name, fill in self.texts.items()}
        if templating.is_nothing(found["event_type"]):
            raise Poison(f"Event type: {self.settings.event_type} has nothing in this message.")
        properties = self.properties(scope)
        if not isinstance(properties, dict):
            properties = {"value": properties}
        time = found["time"] or scope[ROOT]["time"]
        event = {"type": found["event_type"], "properties": properties, "time": {"create": time} if time else None}
        if found["message_id"]:
            event["id"] = found["message_id"]
        traits = self.traits(scope)
        # As a message of Segment's that identifies somebody, just before what they did.
        identify = [{"type": "identify", "properties": traits, "time": event["time"]}] if traits else []
        body: dict[str, Any] = {"events": [*identify, event]}
        if found["user_id"]:
            body["profile"] = {"user_id": found["user_id"]}
        if found["session_id"]:
            body["session"] = {"id": found["session_id"]}
        if self.settings.is_historical:
            body["options"] = {"historical": True}
        return body


def mapper_of(document: Mapping[str, Any], source: SourcePolicy) -> Mapper:
    """Compile a mapping. Raises SettingsError where the document is none."""
    settings = read(MappingSettings, document)
    compiled = partial(templating.compile, roots=(ROOT,))
    return Mapper(
        source,
        settings,
        picks=conditions.compile(conditions.parse(settings.condition)) if settings.condition else None,
        texts={name: compiled(getattr(settings, name)) for name in _TEXTS},
        properties=compiled(settings.properties),
        traits=compiled(settings.traits),
    )


def scope_of(received: Received, body: Any) -> dict[str, Any]:
    """Return what templates and conditions may refer to below message@."""
    sent_at = received.at.isoformat() if received.at else None
    return {**received.about, "body": body, "headers": dict(received.headers), "time": sent_at}


def _of_segment(body: bytes, json: Json, envelope: Envelope, *, is_historical: bool) -> Incoming:
    said = json.value
    call = segment.BATCH if "batch" in _object(said) else str(_object(said).get("type", ""))
    if call not in (segment.BATCH, *segment.TYPES):
        raise Poison(f"type must be one of {', '.join(segment.TYPES)}.")
    envelope = envelope._replace(call=call)
    if not is_historical:
        return Message(segment.DIALECT, body, envelope).read(json)
    said = {**said, "context": {**_object(said.get("context")), "historical": True}}
    return _rewritten(segment.DIALECT, json._replace(value=said), envelope)


def _taken(incoming: Incoming) -> Message | Poison:
    """Return what goes into the inbox, unless nothing of it is taken: there is nobody to whom it could be answered."""
    parsed = incoming.parsed
    if not any(payload.events for payload in parsed.payloads):
        return Poison("There is no event in it.")
    if parsed.is_refused:
        return Poison(" ".join(dict.fromkeys(refusal.message for refusal in parsed.refusals)))
    return accept.kept(incoming)


def as_id(key: str) -> str:
    """Return the id of an event by the key of its message."""
    return storable.cleaned_text(key) if len(key) <= MAX_KEY else fingerprint(key)


def _rewritten(dialect: str, json: Json, envelope: Envelope) -> Incoming:
    """Read what was made of a message as if it had come so: without parsing once more what is in memory."""
    try:
        body = orjson.dumps(json.value)
    except orjson.JSONEncodeError:  # only the lax reader takes it, or it is a header that is no text
        body = _cleaned(json.value)
        return Message(dialect, body, envelope).read(json if json.is_suspect else None)
    return Message(dialect, body, envelope).read(json if json.is_suspect else written_as(body, json.value))


def _cleaned(value: Any) -> bytes:
    try:
        return storable.dumps(value).encode()
    except orjson.JSONEncodeError:
        raise Poison("It is nested too deep, or has a value that JSON does not know.") from None


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
