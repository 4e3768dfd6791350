"""Tables of AMQP, such as headers, whatever stands in them: one value that nobody can read must not end a connection.

The library raises where a time is in milliseconds, a number is none, or a type is unknown, and cuts off what stands
behind the point of a number. It has no setting for that, so its decoders are replaced.
"""

import math
import struct
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

from pika import data
from pika.exceptions import InvalidFieldTypeException

_of_library: Final = data.decode_value
_NUMBERS: Final = {b"f": struct.Struct(">f"), b"d": struct.Struct(">d")}
_TIME: Final = struct.Struct(">Q")


def decode_value(encoded: bytes, offset: int) -> tuple[Any, int]:
    """Read a value, and tell where the next one begins. A time that is none becomes its number."""
    kind, begins_at = encoded[offset : offset + 1], offset + 1
    if kind == b"T":
        [number] = _TIME.unpack_from(encoded, begins_at)
        return _time(number), begins_at + _TIME.size
    if kind in _NUMBERS:
        [value] = _NUMBERS[kind].unpack_from(encoded, begins_at)
        return (value if math.isfinite(value) else None), begins_at + _NUMBERS[kind].size
    value, ends_at = _of_library(encoded, offset)
    return value, ends_at


def decode_table(encoded: bytes, offset: int) -> tuple[dict[Any, Any], int]:
    """Read a table as far as its types are known, and tell where it ends."""
    found: dict[Any, Any] = {}
    [size] = struct.unpack_from(">I", encoded, offset)
    offset += 4
    ends_at = offset + size
    with suppress(InvalidFieldTypeException, RecursionError, struct.error):
        while offset < ends_at:
            name, offset = data.decode_short_string(encoded, offset)
            found[name], offset = decode_value(encoded, offset)
    return found, ends_at


def install() -> None:
    """Have the library read tables by this."""
    data.decode_value, data.decode_table = decode_value, decode_table


def _time(seconds: int) -> datetime | int:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):  # some write milliseconds
        return seconds
