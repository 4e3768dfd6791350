"""Messages of RabbitMQ, as bridges know them."""

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

from apps.core import storable
from apps.inbound.received import Received
from apps.inbound.unpacking import Packed, unpacked

DELIVERY_COUNT: Final = "x-delivery-count"  # of quorum queues
KNOWN: Final = {
    "exchange": "To which exchange it was sent; empty: straight to the queue.",
    "routing_key": "By which key it was sent.",
    "queue": "From which queue it was read.",
    "message_id": "The property message_id, as whoever sent it wrote it.",
    "correlation_id": "The property correlation_id.",
    "content_type": "The property content_type: application/json.",
    "type": "The property type, where programs write what kind of message it is.",
    "app_id": "The property app_id: which program sent it.",
    "priority": "The property priority, a number.",
    "timestamp": "The property timestamp: seconds since 1970.",
    "delivery_count": "How often it was delivered before, as quorum queues count it.",
    "redelivered": "Whether it was delivered before.",
}
_PROPERTIES: Final = (
    "content_type",
    "content_encoding",
    "priority",
    "correlation_id",
    "reply_to",
    "expiration",
    "message_id",
    "timestamp",
    "type",
    "user_id",
    "app_id",
)


def received(method: Any, properties: Any, body: bytes, *, queue: str, trusts_ids: bool) -> Received:
    """Read a delivery."""
    headers: Mapping[str, Any] = properties.headers or {}
    said = {name: _text(value) for name in _PROPERTIES if (value := getattr(properties, name)) is not None}
    problem = ""
    try:
        body = unpacked(body, said.get("content_encoding", ""))
    except Packed as error:
        problem = str(error)
    return Received(
        body,
        key=_key(said) if trusts_ids else "",
        place=_text(method.routing_key),
        headers={_text(name): _text(value) for name, value in {**said, **headers}.items() if value is not None},
        about={
            "exchange": _text(method.exchange),
            "routing_key": _text(method.routing_key),
            "queue": queue,
            **{name: said.get(name) for name in ("message_id", "correlation_id", "content_type", "type", "app_id")},
            "priority": properties.priority,
            "timestamp": storable.cleaned(properties.timestamp),
            "delivery_count": _count(headers.get(DELIVERY_COUNT)),
            "redelivered": method.redelivered,
        },
        at=_time(properties.timestamp),
        is_repeated=method.redelivered,
        problem=problem,
        handle=method.delivery_tag,
    )


def _key(said: Mapping[str, str]) -> str:
    """Name it by the id that its program gave it: two programs may count alike."""
    if not said.get("message_id"):
        return ""
    return f"{quote(said.get('app_id', ''), safe='')}/{said['message_id']}"


def _text(value: Any) -> str:
    """Write any value of AMQP as a text that can be stored."""
    match value:
        case str():
            text = value
        case bytes() | bytearray():
            text = value.decode(errors="replace")
        case datetime():
            text = value.replace(tzinfo=UTC).isoformat()
        case bool() | dict() | list():
            text = _document(value)
        case _:
            text = str(value)
    return storable.cleaned_text(text)


def _document(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, default=_text, skipkeys=True)
    except RecursionError:  # tables in tables in tables
        return ""


def _count(value: Any) -> int:
    """Read a count, of whatever type somebody wrote it."""
    return value if isinstance(value, int) else 0


def _time(seconds: int | None) -> datetime | None:
    with suppress(OverflowError, ValueError, OSError):  # some write milliseconds
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
    return None
