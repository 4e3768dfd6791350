"""What a message of Kafka says: JSON, or Avro by a schema of the registry, and where it stands."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any, Final

import orjson
from confluent_kafka import TIMESTAMP_NOT_AVAILABLE, Message
from fastavro import schemaless_reader
from fastavro._read_py import schemaless_reader as read_slowly

from apps.bridges.schema_registry import NoSchema, Registry
from apps.core import storable
from apps.inbound.received import Received

MAGIC: Final = b"\0"  # begins what was written with a schema; four bytes with its number follow
PREFIX: Final = 5
HEADERS_PROBLEM: Final = "Its headers are not in UTF-8."
FORMATS: Final = {"json": "JSON, or text", "avro": "Avro, by the schema registry"}


class Undecodable(Exception):
    """A message cannot be read; the message of the exception says why, without what it says."""


@dataclass(frozen=True, slots=True)
class Decoder:
    """Makes of messages what mappings read."""

    registry: Registry | None  # None: they are no Avro
    takes_tombstones: bool

    def received(self, message: Message, *, place: str) -> Received | None:
        """Return a message as it came, decoded; None for one without a value that is passed over.

        Raises Failure where the registry gives no answer.
        """
        value = message.value()
        if value is None and not self.takes_tombstones:
            return None
        body, problem = (b"null", "") if value is None else self.body(value)
        headers = _headers(message)
        topic, partition, offset = message.topic(), message.partition(), message.offset()
        has_no_time, at_ms = message.timestamp()
        sent_ms = None if has_no_time == TIMESTAMP_NOT_AVAILABLE else at_ms
        return Received(
            body=body,
            key=f"{topic}/{partition}/{offset}/{'' if sent_ms is None else sent_ms}",
            place=place,
            position=(offset or 0) + 1,
            headers=headers or {},
            about={
                "topic": topic,
                "partition": partition,
                "offset": offset,
                "key": self._key(message.key()),
                "timestamp": sent_ms,
            },
            at=_time(sent_ms),
            problem=HEADERS_PROBLEM if headers is None else problem,
        )

    def body(self, value: bytes) -> tuple[bytes, str]:
        """Return what is to be read as JSON, and why it cannot be. Raises Failure as `received` does."""
        if self.registry is None:
            # JSON that was written with a schema has its number in front; no text begins like that.
            return (value[PREFIX:] if value[:1] == MAGIC and len(value) > PREFIX else value), ""
        try:
            return _as_json(_decoded(value, self.registry)), ""
        except Undecodable as error:
            return value, str(error)

    def _key(self, key: bytes | str | None) -> Any:
        """Return a key as text, or as what it says in Avro."""
        if key is None or isinstance(key, str):
            return key
        if self.registry is not None and key[:1] == MAGIC and len(key) > PREFIX:
            try:
                return orjson.loads(_as_json(_decoded(key, self.registry)))
            except Undecodable:
                pass  # it was not meant to be Avro
        return storable.cleaned_text(key.decode("utf-8", "replace"))


def _decoded(value: bytes, registry: Registry) -> Any:
    if value[:1] != MAGIC or len(value) < PREFIX:
        raise Undecodable("This is no Avro of a schema registry: it begins with another byte than 0.")
    number = int.from_bytes(value[1:PREFIX])
    try:
        schema = registry.schema(number)
    except NoSchema as error:
        raise Undecodable(str(error)) from None
    stream = BytesIO(value)
    stream.seek(PREFIX)
    # The reader of C ends the process where its stack ends; that of Python raises.
    reader = read_slowly if registry.is_recursive(number) else schemaless_reader
    try:
        found = reader(stream, schema, None)
    except RecursionError:
        raise Undecodable("It is nested too deep.") from None
    except Exception:  # noqa: BLE001  # what is not as its schema says makes the library raise whatever it runs into
        raise Undecodable(f"This is not as schema {number} says.") from None
    if stream.tell() != len(value):
        raise Undecodable(f"There is more in it than schema {number} says.")
    return found


def _as_json(said: Any) -> bytes:
    try:
        return orjson.dumps(said, default=_plain, option=orjson.OPT_NON_STR_KEYS)
    except orjson.JSONEncodeError:
        raise Undecodable("It says something that JSON cannot say.") from None


def _plain(value: Any) -> Any:
    """Write what JSON has no word for: bytes as text or base64, decimals as text, and so nothing is rounded."""
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return b64encode(value).decode()
    if isinstance(value, Decimal | int):
        return str(value)
    if isinstance(value, timedelta):
        return value.total_seconds()
    raise TypeError


def _headers(message: Message) -> Mapping[str, str] | None:
    """Return the headers; None where the name of one cannot be read: the client raises then, whatever is asked."""
    try:
        found = message.headers()
    except (SystemError, UnicodeDecodeError):
        return None
    if not found:
        return {}
    pairs = found.items() if isinstance(found, dict) else found
    return {storable.cleaned_text(name): _header(value) for name, value in pairs}


def _header(value: str | bytes | None) -> str:
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value or ""
    return storable.cleaned_text(text)


def _time(sent_ms: int | None) -> datetime | None:
    if sent_ms is None:
        return None
    try:
        return datetime.fromtimestamp(sent_ms / 1_000, UTC)
    except (OverflowError, ValueError, OSError):
        return None
