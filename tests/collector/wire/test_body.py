"""Whatever is sent is either stored as it is, or refused with its place; nothing in between."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.collector.envelope import Envelope
from apps.collector.wire import Message
from apps.collector.wire.body import Malformed, check, load_json, object_of, text_of
from apps.core import storable
from tests.factories import policy

# All that JSON can say, and what only some parsers take: surrogates, NUL, numbers beyond all range.
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats()
    | st.text(st.characters())
    | st.sampled_from(["\x00", "\ud800", "null", "undefined", "", " ", "2026-11-23T10:00:00Z", "0001-01-01", "track"])
)
KEYS = st.text(st.characters(), max_size=4)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(), max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)
NAMES = (
    *("source", "session", "profile", "events", "context", "properties", "options", "batch", "id", "type", "time"),
    *("create", "tags", "userId", "anonymousId", "previousId", "messageId", "traits", "timestamp", "sentAt", "event"),
    *("sessionId", "page", "utm", "campaign", "ip", "userAgent", "locale", "groupId", "name", "historical", "async"),
)
OBJECTS = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=8)
BODIES = (
    OBJECTS
    | st.fixed_dictionaries({"batch": st.lists(OBJECTS | VALUES, max_size=3), "sentAt": VALUES})
    | (
        st.fixed_dictionaries(
            {"events": st.lists(OBJECTS | VALUES, max_size=3), "session": OBJECTS, "profile": OBJECTS}
        )
    )
)
SOURCES = [policy(), policy(trusts_ids=True, creates_profiles=True, profile_id_path="id", session_id_path="session.id")]


@settings(max_examples=100)
@given(
    body=BODIES,
    dialect=st.sampled_from(["track", "sdk", "webhook"]),
    call=st.sampled_from(["track", "identify", "page", "group", "alias", "batch"]),
    source=st.sampled_from(SOURCES),
)
def test_any_json_is_read_or_refused_and_what_is_read_can_be_stored(
    body: Any, dialect: str, call: str, source: Any
) -> None:
    message = Message(dialect, json.dumps(body).encode(), Envelope(source, datetime.now(UTC), call=call))

    try:
        payloads = message.read().parsed.payloads
    except Malformed as error:
        orjson.dumps(error.refusal.as_dict())  # can be answered
        return

    for payload in payloads:
        around = [payload.context, payload.properties, payload.session_ref, payload.user_agent]
        assert storable.refusal_in(around, "") is None
        for event in payload.going:
            said = [event.type, event.properties, event.context, event.tags, event.message_id]
            assert storable.refusal_in(said, "") is None
        orjson.dumps([refusal.as_dict() for refusal in payload.refusals()])


@given(st.binary(max_size=40))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    with suppress(Malformed):
        load_json(body)
        body.decode()  # the inbox keeps bodies as text


@pytest.mark.parametrize(
    ("body", "is_suspect"),
    [
        (b'{"a": 1}', False),
        (b'{"a": "\\u0000"}', True),
        (b'{"a": "\\ud800"}', True),
        (b'{"a": NaN, "b": Infinity}', True),
        (b"[" * 41 + b"]" * 41, True),
        (b'["' + b"x" * 128_000 + b'"]', True),
    ],
)
def test_only_what_could_hold_something_wrong_is_looked_at_value_by_value(body: bytes, is_suspect: bool) -> None:
    assert load_json(body)[1] == is_suspect


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "invalid_json"),
        ('{"a": "é"}'.encode("latin-1"), "invalid_json"),
        ("{}".encode("utf-16"), "invalid_json"),
        (b"{'a': 1}", "invalid_json"),
        (b"[" * 100_000, "too_deep"),
        (b'{"a":' * 100_000, "too_deep"),
    ],
)
def test_what_is_no_json_is_refused_as_a_whole(body: bytes, code: str) -> None:
    with pytest.raises(Malformed) as refused:
        load_json(body)

    assert refused.value.refusal.code == code


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "code", "field"),
    [
        ({"a": [1, {"b": "x\x00"}]}, "invalid_text", "p.a.1.b"),
        ({"a": {"k\x00": 1}}, "invalid_text", "p.a"),
        ({"a": "\udfff"}, "invalid_text", "p.a"),
        ({"a": float("inf")}, "number_out_of_range", "p.a"),
        ({"a": float("nan")}, "number_out_of_range", "p.a"),
        ({"a": 2**63}, "number_out_of_range", "p.a"),
        ({"a": -(2**63)}, "number_out_of_range", "p.a"),
        (nested(41), "too_deep", "p"),
        ("x" * 130_000, "too_large", "p"),
    ],
)
def test_what_cannot_be_stored_is_found_and_named(value: Any, code: str, field: str) -> None:
    refusal = check(value, "p")

    assert refusal is not None
    assert (refusal.code, refusal.field) == (code, field)


@pytest.mark.parametrize(
    "value", [None, True, 2**63 - 1, 1.5, "é\U0001f600\ufffe", {}, [], nested(40), {"": {"": [""]}}]
)
def test_what_can_be_stored_is_left_alone(value: Any) -> None:
    assert check(value, "p") is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, None),
        ("", None),
        (" \n", None),
        (" anna ", "anna"),
        (17, "17"),
        (1.5, "1.5"),
        (0, "0"),
        ("x" * 512, "x" * 512),
    ],
)
def test_ids_are_texts_and_numbers_count_as_such(value: Any, text: str | None) -> None:
    assert text_of(value, "id") == text


@pytest.mark.parametrize("value", [True, [], {}, "x" * 513, "a\x00", "\ud800"])
def test_what_is_no_id_is_refused(value: Any) -> None:
    with pytest.raises(Malformed) as refused:
        text_of(value, "some.id")

    assert refused.value.refusal.field == "some.id"


def test_an_absent_object_is_an_empty_one() -> None:
    assert object_of(None, "context") == object_of([], "context") == {}
    with pytest.raises(Malformed):
        object_of([1], "context")
