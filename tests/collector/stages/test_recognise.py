"""How a repetition is known."""

from datetime import timedelta
from typing import Any

import pytest

from apps.collector.payload import Batch, PayloadEvent
from apps.collector.stages.admit import admit
from apps.collector.stages.recognise import recognise
from apps.core.ids import new_id
from tests.factories import NOON, payload, policy

pytestmark = pytest.mark.django_db  # for the aliases of types


def keys(*events: PayloadEvent, **values: Any) -> list[Any]:
    found = payload(*events, **values)
    batch = Batch([found], NOON)
    admit(batch)
    recognise(batch)
    return [event.key for event in found.going]


def test_a_message_is_known_by_its_id_within_its_source() -> None:
    source, event = policy(), {"type": "a", "message_id": "m1"}

    assert keys(PayloadEvent(**event), source=source) == keys(PayloadEvent(**{**event, "type": "b"}), source=source)
    assert keys(PayloadEvent(**event), source=source) != keys(PayloadEvent(**event), source=policy())


def test_without_an_id_it_is_known_by_session_time_and_content() -> None:
    source, session, at = policy(), new_id(), "2026-11-23T10:00:00Z"

    def key(type_: str = "a", time: Any = at, *, tags: Any = (), context: Any = None, **values: Any) -> Any:
        properties = values.pop("properties", {"x": 1, "y": 2})
        event = PayloadEvent(
            type=type_, claimed_time=time, properties=properties, tags=list(tags), context=context or {}
        )
        [found] = keys(event, **{"source": source, "session_key": session, **values})
        return found

    same = [
        key(),
        key(properties={"y": 2, "x": 1}),
        key(time="2026-11-23T11:00:00+01:00"),
        key(request_id="inbox-1"),  # whichever way it comes
        key(received_at=NOON - timedelta(hours=3)),  # however our clocks differ
        key(context={}),
    ]
    page = {"page": {"url": "https://shop.example/a"}}
    others = [
        key("b"),
        key(properties={}),
        key(properties={"x": 1, "y": 3}),
        key(time="2026-11-23T10:00:01Z"),
        key(session_key=new_id()),
        key(source=policy()),
        key(tags=["a"]),
        key(context={"n": 1}),
        keys(PayloadEvent(type="a", claimed_time=at), source=source, session_key=session, context=page)[0],
    ]
    assert len(set(same)) == 1
    assert len({*same, *others}) == 1 + len(others)
    assert key(time=None) is None
    assert key(time="Invalid Date") is None
    assert key(session_key=None) is None


def test_what_comes_out_of_the_inbox_is_known_by_its_place_there() -> None:
    source = policy()

    def found(request_id: str) -> list[Any]:
        events = [PayloadEvent(type="a", index=index) for index in (0, 1)]
        return keys(*events, source=source, request_id=request_id)

    assert len(set(found("inbox-1"))) == 2
    assert found("inbox-1") == found("inbox-1") != found("inbox-2")


def test_what_is_replayed_keeps_the_key_that_it_came_with() -> None:
    key = new_id()

    assert keys(PayloadEvent(type="a", key=key, message_id="m1")) == [key]
