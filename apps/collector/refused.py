"""What is kept of what was refused: enough to see what is wrong, to mend it, and to send it again."""

import json
import re
from typing import Any, Final

import orjson
from django.conf import settings

from apps.collector import compliance, event_types
from apps.collector.track import Refusal, Track, TrackedEvent
from apps.events.compliance import enforce
from apps.events.models import InboxItem, RefusedEvent
from apps.events.redaction import redact

# Characters of which a payload may have so many and still be kept whole; more than that is cut, to be looked at.
MAX_WHOLE: Final[int] = 2 * settings.MAX_EVENT_BYTES
MAX_CUT: Final = 10_000
_SURROGATES: Final = re.compile("[\ud800-\udfff]")
# Where a message has what rules call the properties and the context of an event.
PARTS: Final = (("properties", "properties"), ("traits", "properties"), ("context", "context"))
LISTS: Final = ("events", "batch")  # of a body that was refused before anybody looked at its events
DUPLICATE: Final = "duplicate"


def rows_of(track: Track) -> list[RefusedEvent]:
    """Describe what was refused of a track, and what claims to be a repetition and is none."""
    rows = [_row(track, track.refusal, None)] if track.refusal else []
    for event in track.events:
        if event.refusal:
            rows.append(_row(track, event.refusal, event))
        elif event.differs:
            message = "Another event with this id was stored before."
            rows.append(_row(track, Refusal(DUPLICATE, message, track.place(event, "id"), event.index), event))
    return rows


def _row(track: Track, refusal: Refusal, event: TrackedEvent | None) -> RefusedEvent:
    row = RefusedEvent(
        source_id=track.source.id,
        received_at=track.received_at,
        code=refusal.code,
        field=refusal.field,
        message=refusal.message,
    )
    # Without content where keeping it takes consent: nobody has asked yet whether that holds.
    if track.sent and not refusal.is_private and not track.source.required_consents:
        row.dialect = track.sent.dialect
        row.envelope = {name: value for name, value in track.sent.envelope.as_dict().items() if name != "refused"}
        row.payload = printable(_content(track, event))
        row.keys = sorted(track.keys)
    return row


def _content(track: Track, event: TrackedEvent | None) -> Any:
    """Return what was sent, of one event or of all, without what must not be kept."""
    assert track.sent
    body, name = track.sent.body, track.sent.events
    if name is None:
        return _cleaned(event.sent if event else body, event.type if event else "", dialect=track.sent.dialect)
    said = [event] if event else track.events
    if not name:
        return [_cleaned(each.sent, each.type, dialect=track.sent.dialect) for each in said]
    shell = _cleaned({key: value for key, value in body.items() if key != name}, "", dialect=track.sent.dialect)
    return {**shell, name: [_cleaned(each.sent, each.type, dialect=track.sent.dialect) for each in said]}


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
    all_rules, policy = event_types.rules(), compliance.current.get()
    rules = (all_rules[type],) if type in all_rules else () if type else all_rules.values()
    for each in rules if part == "properties" else ():
        value = redact(value, each)
    return enforce(policy.rules_for(type) if type else policy.rules, part, value)


def as_json(value: Any, **options: Any) -> str:
    """Write JSON as people read it; what no encoding has is escaped."""
    return _SURROGATES.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False, **options))


def printable(payload: Any) -> str:
    """Write what was refused as JSON, even what was refused for not being storable: odd characters are escaped."""
    try:
        text = orjson.dumps(payload).decode()
    except orjson.JSONEncodeError:
        text = as_json(payload, separators=(",", ":"))
    return text if len(text) <= MAX_WHOLE else text[:MAX_CUT]
