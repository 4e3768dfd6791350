"""What is kept of what was refused: enough to see what is wrong, to fix it, and to send it again."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

import orjson
from django.conf import settings

from apps.collector.payload import Payload, PayloadEvent, Sent
from apps.core.refusal import Refusal
from apps.events import consent_policy
from apps.events.compliance import enforce
from apps.events.event_types import planned
from apps.events.event_types.redaction import redact
from apps.events.models import InboxItem, RefusedEvent
from apps.sessions.visited_page import cleaned, cleaned_context

# Characters of which a payload may have so many and still be kept whole; more than that is cut, to be looked at.
MAX_WHOLE: Final[int] = 2 * settings.MAX_EVENT_BYTES
MAX_CUT: Final = 10_000
_SURROGATES: Final = re.compile("[\ud800-\udfff]")
# Where a message has what rules call the properties and the context of an event.
PARTS: Final = (("properties", "properties"), ("traits", "properties"), ("context", "context"))
LEFT_OUT: Final = ", ... what stands beside it is too large to be kept with each event"  # no JSON: it is cut
LISTS: Final = ("events", "batch")  # of a body that was refused before anybody looked at its events
DUPLICATE: Final = "duplicate"
# What stands beside the events of requests, by the request: the same for all of its events.
_Shells = dict[int, dict[str, Any] | None]


def rows_of(payloads: Iterable[Payload]) -> list[RefusedEvent]:
    """Describe what was refused of payloads, and what claims to be a repetition and is none."""
    shells: _Shells = {}
    return [_row(payload, refusal, event, shells) for payload in payloads for refusal, event in _refused_of(payload)]


def _refused_of(payload: Payload) -> Iterator[tuple[Refusal, PayloadEvent | None]]:
    if payload.refusal:
        yield payload.refusal, None
    for event in payload.events:
        if event.refusal:
            yield event.refusal, event
        elif event.differs:
            message = "Another event with this id was stored before."
            yield Refusal(DUPLICATE, message, payload.place(event, "id"), event.index), event


def _row(payload: Payload, refusal: Refusal, event: PayloadEvent | None, shells: _Shells) -> RefusedEvent:
    row = RefusedEvent(
        source_id=payload.source.id,
        received_at=payload.received_at,
        code=refusal.code,
        field=refusal.field,
        message=refusal.message,
    )
    # Without content where keeping it takes consent: nobody has asked yet whether that holds.
    if payload.sent and not refusal.is_private and not payload.source.required_consents:
        row.dialect = payload.sent.dialect
        row.envelope = {name: value for name, value in payload.sent.envelope.as_dict().items() if name != "refused"}
        row.payload = _content(payload, payload.sent, event, shells)
        row.keys = sorted(payload.keys)
    return row


def _content(payload: Payload, sent: Sent, event: PayloadEvent | None, shells: _Shells) -> str:
    """Return what was sent, of one event or of all, without what must not be kept."""
    name = sent.events
    if name is None:
        return printable(
            _cleaned(event.sent if event else sent.body, event.type if event else "", dialect=sent.dialect)
        )
    events = [event] if event else payload.events
    said = [_cleaned(each.sent, each.type, dialect=sent.dialect) for each in events]
    if not name:
        return printable(said)
    shell = _shell_of(sent, name, shells)
    return printable({name: said})[:-1] + LEFT_OUT if shell is None else printable({**shell, name: said})


def _shell_of(sent: Sent, name: str, shells: _Shells) -> dict[str, Any] | None:
    """Return what stands beside the list of events; None when it is too large to be kept with each of them."""
    if id(sent) not in shells:
        said = {key: value for key, value in sent.body.items() if key != name}
        shell = _cleaned(said, "", dialect=sent.dialect)
        n_bytes = len(printable(shell)) * len(sent.body[name] or ())
        shells[id(sent)] = shell if n_bytes <= settings.MAX_BODY_BYTES else None
    return shells[id(sent)]


def _cleaned(sent: Any, type: str, *, dialect: str) -> Any:
    """Take out of an event as it was sent what its type, or rules of consents, say must not be kept.

    Of an event whose type cannot be read, all that is said of any type.
    """
    if isinstance(sent, list):
        return [_cleaned(each, type, dialect=dialect) for each in sent]
    if not isinstance(sent, dict):
        return sent
    if dialect == InboxItem.Dialect.WEBHOOK:  # whose body is the properties
        return _part(sent, "properties", type)
    if dialect == InboxItem.Dialect.REPLAY:
        return {**sent, "event": _cleaned(sent["event"], type, dialect="")}
    parts = {name: _part(sent[name], part, type) for name, part in PARTS if isinstance(sent.get(name), dict)}
    lists = {name: _cleaned(sent[name], type, dialect=dialect) for name in LISTS if isinstance(sent.get(name), list)}
    return {**sent, **parts, **lists}


def _part(value: dict[str, Any], part: str, type: str) -> dict[str, Any]:
    all_rules, policy = planned.rules(), consent_policy.current.get()
    if part == "properties":
        for name in [type] if type else all_rules:  # what names no type may be of any
            if name in all_rules:
                value = redact(value, all_rules[name])
    value = cleaned_context(value) if part == "context" else cleaned(value)
    return enforce(policy.rules_for(type) if type else policy.rules, part, value)


def as_json(value: Any, **options: Any) -> str:
    """Write JSON as people read it; what no encoding has is escaped."""
    return _SURROGATES.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False, **options))


def printable(body: Any) -> str:
    """Write what was refused as JSON, even what was refused for not being storable: odd characters are escaped."""
    try:
        text = orjson.dumps(body).decode()
    except orjson.JSONEncodeError:
        text = as_json(body, separators=(",", ":"))
    return text if len(text) <= MAX_WHOLE else text[:MAX_CUT]
