"""What is taken in, when it happened, and how a repetition is known."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.collector.stages.admit import TimeError, admit, read_time
from apps.collector.track import Batch, TrackedEvent
from apps.core.ids import new_id
from apps.events.models import Source
from tests.factories import CHROME, GOOGLEBOT, NOON, policy, track

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("claimed", "time"),
    [
        (None, NOON),
        ("", NOON),
        ("2026-11-23T10:00:00Z", NOON - timedelta(hours=2)),
        ("2026-11-23T10:00:00+01:00", NOON - timedelta(hours=3)),
        (" 2026-11-23 10:00:00.5 ", NOON - timedelta(hours=2) + timedelta(seconds=0.5)),
        ("2026-11-23", NOON - timedelta(hours=12)),
        (1_763_892_000, datetime(2025, 11, 23, 10, tzinfo=UTC)),
        (1_763_892_000_000, datetime(2025, 11, 23, 10, tzinfo=UTC)),
        (1_763_892_000_000.0, datetime(2025, 11, 23, 10, tzinfo=UTC)),
        (NOON - DAY, NOON - DAY),
        ("1990-01-01T00:00:00Z", EARLIEST),
        ("2026-11-23T13:00:00Z", NOON),  # a clock that is an hour fast: it happened now
        ("2026-11-24T12:00:00Z", NOON),
    ],
)
def test_times_are_read_as_clients_write_them(claimed: Any, time: datetime) -> None:
    assert read_time(claimed, received_at=NOON, earliest=EARLIEST) == time


@pytest.mark.parametrize(
    ("claimed", "says"),
    [
        ("1989-12-31T23:59:59Z", "before 1990-01-01"),
        ("0001-01-01T00:00:00Z", "before 1990-01-01"),
        ("0001-01-01T00:00:00+14:00", "not a time that exists"),
        (0, "before"),
        (-1, "before"),
        (-1e300, "not a time that exists"),
        ("2026-11-24T12:00:01Z", "in the future"),
        ("9999-12-31T23:59:59Z", "in the future"),
        ("9999-12-31T23:59:59-14:00", "not a time that exists"),
        (1e300, "not a time that exists"),
        (10**400, "not a time that exists"),
        (float("nan"), "not a time that exists"),
        (float("inf"), "not a time that exists"),
        ("yesterday", "not a time that exists"),
        ("2026-02-30", "not a time that exists"),
        (True, "must be"),
        ([], "must be"),
        ({"a": 1}, "must be"),
    ],
)
def test_times_that_cannot_be_say_why(claimed: Any, says: str) -> None:
    with pytest.raises(TimeError, match=says):
        read_time(claimed, received_at=NOON, earliest=EARLIEST)


@pytest.mark.parametrize(
    ("type_", "clean"),
    [("page-view", "page-view"), (" Page View ", "page-view"), ("ORDER Completed", "order-completed"), ("ÄÖ", "äö")],
)
def test_types_are_written_in_one_way(type_: str, clean: str) -> None:
    found = track(type_)

    admit(Batch([found], NOON))

    assert found.going[0].type == clean


@pytest.mark.parametrize(
    ("event", "code", "field"),
    [
        (TrackedEvent(type="x" * 129, index=2), "too_long", "events.2.type"),
        (TrackedEvent(type="x", claimed_time="soon", index=2), "invalid_time", "events.2.time"),
    ],
)
def test_what_is_out_of_bounds_is_refused_alone(event: TrackedEvent, code: str, field: str) -> None:
    found = track("before", event)

    admit(Batch([found], NOON))

    assert [each.type for each in found.going] == ["before"]
    assert [(refusal.code, refusal.field, refusal.index) for refusal in found.refusals()] == [(code, field, 2)]


@pytest.mark.parametrize(
    ("kind", "bots", "user_agent", "code"),
    [
        (Source.Kind.API, Source.Bots.REFUSE, GOOGLEBOT, "bot"),
        (Source.Kind.REDIRECT, Source.Bots.REFUSE, GOOGLEBOT, "bot"),
        (Source.Kind.WEBHOOK, Source.Bots.REFUSE, GOOGLEBOT, None),
        (Source.Kind.API, Source.Bots.FLAG, GOOGLEBOT, None),
        (Source.Kind.API, Source.Bots.REFUSE, CHROME, None),
        (Source.Kind.API, Source.Bots.REFUSE, "", None),
    ],
)
def test_robots_are_refused_where_visitors_are_expected(
    kind: str, bots: str, user_agent: str, code: str | None
) -> None:
    found = track("page-view", source=policy(kind=kind, bots=bots), user_agent=user_agent)

    admit(Batch([found], NOON))

    assert (found.refusal and found.refusal.code) == code


def keys(*events: TrackedEvent, **values: Any) -> list[Any]:
    found = track(*events, **values)
    admit(Batch([found], NOON))
    return [event.key for event in found.going]


def test_a_message_is_known_by_its_id_within_its_source() -> None:
    source, event = policy(), {"type": "a", "message_id": "m1"}

    assert keys(TrackedEvent(**event), source=source) == keys(TrackedEvent(**{**event, "type": "b"}), source=source)
    assert keys(TrackedEvent(**event), source=source) != keys(TrackedEvent(**event), source=policy())


def test_without_an_id_it_is_known_by_session_time_and_content() -> None:
    source, session, at = policy(), new_id(), "2026-11-23T10:00:00Z"

    def key(type_: str = "a", time: Any = at, session: Any = session, **properties: Any) -> Any:
        [found] = keys(
            TrackedEvent(type=type_, claimed_time=time, properties=properties), source=source, session_key=session
        )
        return found

    assert key(x=1, y=2) == key(y=2, x=1) == key(time="2026-11-23T11:00:00+01:00", x=1, y=2)
    others = [key(), key("b", x=1, y=2), key(x=1, y=3), key(time="2026-11-23T10:00:01Z", x=1, y=2)]
    others.append(key(session=new_id(), x=1, y=2))
    assert len({key(x=1, y=2), *others}) == 6
    assert key(time=None) is None
    assert key(session=None) is None


def test_what_comes_out_of_the_inbox_is_known_by_its_place_there() -> None:
    source = policy()

    def found(request_id: str) -> list[Any]:
        events = [TrackedEvent(type="a", index=index) for index in (0, 1)]
        return keys(*events, source=source, request_id=request_id)

    assert len(set(found("inbox-1"))) == 2
    assert found("inbox-1") == found("inbox-1") != found("inbox-2")


def test_what_is_replayed_keeps_the_key_that_it_came_with() -> None:
    key = new_id()

    assert keys(TrackedEvent(type="a", key=key, message_id="m1")) == [key]
