"""What is made of a message: bodies of /track, messages of Segment's, anything by templates; else why it is nothing."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from apps.collector.payload import Payload
from apps.collector.wire import Message
from apps.core.typed_settings import SettingsError
from apps.events.models import Source
from apps.events.sources import COLUMNS, SourcePolicy, policy_of
from apps.inbound.mapping import Mapper, Poison, mapper_of
from apps.inbound.received import Received

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SENT = datetime(2026, 11, 23, 11, 59, tzinfo=UTC)
ORDER = {"kind": "order", "id": 7, "total": 12.5, "customer": {"id": "c-1"}, "at": "2026-11-20T10:00:00Z"}


def source() -> SourcePolicy:
    row = Source(id=UUID(int=7), name="Bridge", kind=Source.Kind.BRIDGE, trusts_ids=True)
    return policy_of({name: getattr(row, name) for name in COLUMNS})


def mapper(**document: Any) -> Mapper:
    return mapper_of(document, source())


def raw(**document: Any) -> Mapper:
    return mapper(**{"shape": "raw", "event_type": "order-placed", **document})


def received(body: Any, **more: Any) -> Received:
    return Received(body if isinstance(body, bytes) else json.dumps(body).encode(), **more)


def made(mapper: Mapper, body: Any, *, key: str = "orders/3/17", **more: Any) -> Message:
    message = mapper.message(received(body, **more), key=key, at=NOW)
    assert message is not None
    return message


def payloads(mapper: Mapper, body: Any, **more: Any) -> list[Payload]:
    return made(mapper, body, **more).parse().payloads


def reason(mapper: Mapper, body: Any, **more: Any) -> str:
    with pytest.raises(Poison) as poison:
        mapper.message(received(body, **more), key="k", at=NOW)
    return str(poison.value)


def test_a_body_of_track_is_taken_as_it_is_and_its_events_are_named_by_the_delivery() -> None:
    body = {"profile": {"id": "anna"}, "events": [{"type": "a"}, {"type": "b", "id": "mine"}]}
    [payload], again = payloads(mapper(shape="track"), body), payloads(mapper(shape="track"), body)[0]

    first, second = payload.events
    assert (first.type, second.type, second.message_id) == ("a", "b", "mine")
    assert first.message_id == again.events[0].message_id
    assert first.message_id != payloads(mapper(shape="track"), body, key="orders/3/18")[0].events[0].message_id


def test_a_message_of_segments_is_read_as_its_api_reads_it() -> None:
    said = {"type": "track", "event": "Order Completed", "userId": "anna", "messageId": "m-1"}
    [alone] = payloads(mapper(shape="segment"), said)
    batch = payloads(mapper(shape="segment"), {"batch": [said, {**said, "type": "identify", "messageId": "m-2"}]})

    assert (alone.events[0].type, alone.events[0].message_id) == ("Order Completed", "m-1")
    assert [payload.events[0].type for payload in batch] == ["Order Completed", "identify"]


def test_anything_else_becomes_an_event_by_templates() -> None:
    mapping = raw(
        event_type="{{message@body.kind}}-{{message@topic}}",
        user_id="message@body.customer.id",
        session_id="message@headers.session",
        message_id="order-{{message@body.id}}",
        time="message@body.at",
        properties={"total": "message@body.total", "partition": "message@partition"},
    )
    [payload] = payloads(mapping, ORDER, headers={"session": "s-1"}, about={"topic": "shop", "partition": 3}, at=SENT)
    [event] = payload.events

    assert (event.type, event.message_id, event.claimed_time) == ("order-shop", "order-7", "2026-11-20T10:00:00Z")
    assert event.properties == {"total": 12.5, "partition": 3}
    assert (payload.session_ref, payload.claim.user_id) == ("s-1", "c-1")


def test_what_it_says_of_somebody_identifies_them_before_it_tells_what_they_did() -> None:
    mapping = raw(user_id="message@body.customer.id", traits={"email?": "message@body.email"})
    [payload] = payloads(mapping, {**ORDER, "email": "anna@example.com"})
    [nameless] = payloads(mapping, ORDER)

    assert [event.type for event in payload.events] == ["identify", "order-placed"]
    assert payload.events[0].properties == {"email": "anna@example.com"}
    assert len({event.message_id for event in payload.events}) == 2
    assert [event.type for event in nameless.events] == ["order-placed"]


def test_what_nobody_says_is_told_by_the_broker() -> None:
    [payload] = payloads(raw(), ORDER, at=SENT)
    [event] = payload.events

    assert event.properties == ORDER
    assert event.claimed_time == SENT.isoformat()
    assert event.message_id == "orders/3/17"


def test_a_text_is_a_message_too() -> None:
    [payload] = payloads(raw(format="text", properties={"line": "message@body"}), b"disk full \xff")

    assert payload.events[0].properties == {"line": "disk full �"}


def test_a_message_is_about_nobody_where_it_is_said_so() -> None:
    [payload] = payloads(raw(is_profileless=True), ORDER)

    assert payload.is_profileless


@pytest.mark.parametrize("shape", ["raw", "track", "segment"])
def test_what_tells_of_the_past_starts_nothing(shape: str) -> None:
    body = {
        "raw": ORDER,
        "track": {"events": [{"type": "a"}]},
        "segment": {"type": "track", "event": "a", "userId": "anna", "messageId": "m-1"},
    }[shape]
    document = {"shape": shape, "is_historical": True, **({"event_type": "a"} if shape == "raw" else {})}

    assert [payload.is_silent for payload in payloads(mapper(**document), body)] == [True]


def test_a_condition_picks_messages_by_all_that_is_known_of_them() -> None:
    picks = raw(condition='message@body.kind = "order" AND message@headers.env = "live"')

    assert picks.message(received(ORDER, headers={"env": "test"}), key="k", at=NOW) is None
    assert picks.message(received({"kind": "refund"}, headers={"env": "live"}), key="k", at=NOW) is None
    assert picks.message(received(ORDER, headers={"env": "live"}), key="k", at=NOW) is not None


def test_of_what_no_event_can_be_made_the_field_is_named() -> None:
    assert reason(raw(), b"\xff\xfe") == "It is not in UTF-8."
    assert reason(raw(), b'{"a": ').startswith("It is no JSON: ")
    nothing = "Event type: message@body.nothing has nothing in this message."
    assert reason(raw(event_type="message@body.nothing"), ORDER) == nothing
    assert reason(mapper(shape="track"), {"events": []}) == "There is no event in it."
    assert reason(mapper(shape="track"), {"events": "none"}) == "events must be a list."
    assert reason(mapper(shape="segment"), {"type": "nonsense"}).startswith("type must be one of track, identify")
    assert reason(mapper(shape="segment"), ["no", "object"]).startswith("type must be one of")
    assert reason(raw(), ORDER, problem="The schema 7 is not known.") == "The schema 7 is not known."
    assert "levels" in reason(raw(), b"[" * 5_000 + b"]" * 5_000)
    assert "larger than" in reason(raw(), {"text": "x" * (settings.MAX_EVENT_BYTES + 1)})
    assert "NUL" in reason(raw(), {"text": "\x00"})


@pytest.mark.parametrize("shape", ["raw", "track", "segment"])
@pytest.mark.parametrize("is_historical", [False, True])
@pytest.mark.parametrize(
    ("value", "why"),
    [
        (b"NaN", "not a finite number"),
        (b"1e999", "not a finite number"),
        (rb'"\ud800"', "half of a surrogate pair"),
        (rb'"\u0000"', "NUL"),
        (b"[" * 50 + b"]" * 50, "levels"),
        (b"[" * 300 + b"]" * 300, "nested"),
        (b"[" * 900 + b"]" * 900, "nested"),
    ],
    ids=["nan", "infinite", "surrogate", "nul", "deep", "deeper", "deepest"],
)
def test_what_cannot_be_stored_is_refused_by_its_field_in_each_shape(
    shape: str, is_historical: bool, value: bytes, why: str
) -> None:
    at = b'"2026-11-20T10:00:00Z"'
    body = {
        "raw": b'{"at": %s, "x": %s}' % (at, value),
        "track": b'{"events": [{"type": "a", "time": %s, "properties": {"x": %s}}]}' % (at, value),
        "segment": b'{"type": "track", "event": "a", "userId": "u", "timestamp": %s, "properties": {"x": %s}}'
        % (at, value),
    }[shape]
    document = {"event_type": "a", "time": "message@body.at"} if shape == "raw" else {}

    found = reason(mapper(shape=shape, is_historical=is_historical, **document), body)

    assert why in found
    assert "x" in found or "nested" in found


def test_a_template_over_what_is_nested_too_deep_stops_nothing() -> None:
    assert reason(raw(message_id="id-{{message@body}}"), b"[" * 900 + b"]" * 900) == "It is nested too deep."


def test_what_json_does_not_know_of_a_message_is_no_event() -> None:
    assert "JSON does not know" in reason(raw(properties={"n": "message@count"}), ORDER, about={"count": Decimal(1)})


def test_of_a_header_that_is_no_text_the_rest_is_kept() -> None:
    [payload] = payloads(raw(properties={"from": "message@headers.from"}), ORDER, headers={"from": "anna\udcff"})

    assert payload.events[0].properties == {"from": "anna"}


def test_what_is_refused_of_a_message_stays_refused_and_its_neighbours_are_taken() -> None:
    message = made(mapper(shape="track"), {"events": [{"type": "a"}, {"type": ""}]})

    assert [refused["field"] for refused in message.envelope.refused] == ["events.1.type"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("event_type", "event@type"),
        ("properties", {"a": "{{ nonsense }}"}),
        ("condition", "message@body.a >"),
        ("time", "message@a..b"),
    ],
)
def test_a_mapping_that_cannot_work_names_its_field(field: str, value: Any) -> None:
    with pytest.raises(SettingsError) as wrong:
        raw(**{field: value})

    assert [problem.path.split(".")[0] for problem in wrong.value.problems] == [field]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(body=st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
@pytest.mark.parametrize("shape", ["raw", "track", "segment"])
def test_whatever_comes_is_an_event_or_has_a_reason(shape: str, body: bytes) -> None:
    document = {"shape": shape, **({"event_type": "message@body.type"} if shape == "raw" else {})}
    try:
        message = mapper(**document).message(received(body), key="k", at=NOW)
    except Poison as found:
        reason = str(found)
    else:
        reason = "taken" if message and message.as_item() else ""
    assert reason
