"""Tables of AMQP that the library alone cannot read."""

import struct
from datetime import UTC, datetime
from typing import Any

import pytest

from apps.bridges.amqp_tables import decode_table, install

install()


def table(*fields: bytes) -> bytes:
    said = b"".join(fields)
    return struct.pack(">I", len(said)) + said


def field(name: bytes, kind: bytes, value: bytes) -> bytes:
    return bytes([len(name)]) + name + kind + value


@pytest.mark.parametrize(
    ("kind", "value", "read"),
    [
        (b"T", struct.pack(">Q", 1_764_580_000), datetime(2025, 12, 1, 9, 6, 40, tzinfo=UTC)),
        (b"T", struct.pack(">Q", 1_764_580_000_000), 1_764_580_000_000),
        (b"T", b"\xff" * 8, 2**64 - 1),
        (b"d", struct.pack(">d", 1.5), 1.5),
        (b"d", struct.pack(">d", float("nan")), None),
        (b"f", struct.pack(">f", float("inf")), None),
        (b"F", table(field(b"t", b"T", b"\xff" * 8)), {"t": 2**64 - 1}),
        (b"A", struct.pack(">I", 9) + b"T" + b"\xff" * 8, [2**64 - 1]),
    ],
)
def test_a_value_is_read_or_is_nothing_and_what_follows_is_read(kind: bytes, value: bytes, read: Any) -> None:
    written = table(field(b"a", kind, value), field(b"b", b"t", b"\1"))

    assert decode_table(written, 0) == ({"a": read, "b": True}, len(written))


def test_a_type_that_nobody_knows_ends_its_table_alone() -> None:
    inner = table(field(b"a", b"t", b"\1"), field(b"b", b"?", b"whatever"))
    written = table(field(b"inner", b"F", inner), field(b"c", b"t", b"\1"))

    assert decode_table(written, 0) == ({"inner": {"a": True}, "c": True}, len(written))


def test_tables_in_tables_are_read_as_far_as_there_is_room() -> None:
    written = table(field(b"a", b"t", b"\1"))
    for _ in range(5_000):
        written = table(field(b"a", b"F", written))

    assert decode_table(written, 0)[1] == len(written)
