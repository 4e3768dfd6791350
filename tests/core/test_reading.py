"""Whatever a whole number looks like in JSON, none of its digits is lost."""

import json
import re
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core import reading


@given(st.integers(-(10**400), 10**400) | st.integers(-(2**64) - 5, 2**64 + 5))
def test_any_whole_number_keeps_its_digits_whatever_stands_beside_it(number: int) -> None:
    for body in (f'{{"a": {number}}}', f'{{"a": {number}, "b": [{"{}," * 45}"\\ud800"]}}'):
        try:
            read = reading.loads(body.encode())["a"]
        except ValueError:
            read = reading.loads_lax(body)["a"]

        assert str(read) == str(number)
        assert isinstance(read, int) == (abs(number) < 2**63)


@given(st.recursive(st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(), st.lists))
def test_everything_else_is_read_as_the_standard_reads_it(value: Any) -> None:
    body = orjson.dumps([value, "DE89370400440532013000"])  # digits enough to look twice

    assert reading.loads(body) == reading.loads_lax(body.decode()) == json.loads(body)


@pytest.mark.parametrize("read", [reading.loads, lambda body: reading.loads_lax(body.decode())])
@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b'{"a": 1,}', "Line 1, column [89]: .*comma"),
        (b'{"a"\n 1}', "Line 2, column 2: a colon is missing"),
        (b'["a" "b"]', "Line 1, column 6: a comma is missing"),
        (b"nope", "Line 1, column 1: "),
        (b"", "Line 1, column 1: "),
        (b'["a', "Line 1, column [24]: .*(ends|end)"),
        (b'["a\nb"]', "a text goes on in the next line"),
        (b'["\\q"]', "a backslash stands alone"),
        (b"{} x", "Line 1, column 4: there is more after the end"),
        (b"{'a': 1}", "Line 1, column 2: a name in double quotes is missing"),
        (b"\xff", "no text in UTF-8"),
        pytest.param(b"[" * 100_000, "It is nested too deep|Line 1", id="too deep"),
    ],
)
def test_what_cannot_be_read_is_told_in_plain_words_with_its_place(read: Any, body: bytes, why: str) -> None:
    with pytest.raises((ValueError, RecursionError)) as raised:
        read(body)

    assert re.search(why, reading.told(raised.value))


@pytest.mark.parametrize("read", [reading.loads, lambda body: reading.loads_lax(body.decode())])
def test_a_byte_order_mark_says_nothing(read: Any) -> None:
    assert read(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}
    with pytest.raises(ValueError, match=r"."):
        read(b"\xef\xbb\xbf\xef\xbb\xbf{}")
