"""What is taken in, when it happened, and how a repetition is known."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.collector.payload import Batch, PayloadEvent
from apps.collector.stages.admit import TimeError, admit, believed
from apps.events.models import Source
from tests.factories import CHROME, GOOGLEBOT, NOON, payload, policy

pytestmark = pytest.mark.django_db  # for the aliases of types
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("said_at", "sent_at", "time"),
    [
        (None, None, NOON),
        (NOON - DAY, None, NOON - DAY),
        (EARLIEST, None, EARLIEST),
        (NOON + timedelta(hours=1), None, NOON),  # a clock that is an hour fast: it happened now
        (NOON + DAY, None, NOON),
        (NOON + 9 * DAY, NOON + 10 * DAY, NOON - DAY),  # a day before it was sent, by a clock that is off by ten
        (NOON - 11 * DAY, NOON - 10 * DAY, NOON - DAY),
        (NOON - 10 * DAY + timedelta(seconds=0.7), NOON - 10 * DAY, NOON),  # a time of sending in whole seconds
        (NOON - DAY, datetime(2099, 1, 1, tzinfo=UTC), NOON - DAY),  # a time of sending that cannot be
        (NOON - DAY, datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), NOON - DAY),
        (NOON - DAY, datetime(1, 1, 1, tzinfo=UTC), NOON - DAY),
        (NOON - DAY, NOON - 2 * DAY, NOON - DAY),  # a later time than that clock can have shown is of another one
    ],
)
def test_a_time_that_can_be_is_believed(said_at: datetime | None, sent_at: datetime | None, time: datetime) -> None:
    assert believed(said_at, sent_at, received_at=NOON) == time


@pytest.mark.parametrize(
    ("said_at", "sent_at", "says"),
    [
        (EARLIEST - timedelta(seconds=1), None, "before 1990-01-01"),
        (datetime(1, 1, 1, tzinfo=UTC), None, "before 1990-01-01"),
        (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC), "before 1990-01-01"),
        (NOON + DAY + timedelta(seconds=1), None, "in the future"),
    ],
)
def test_a_time_that_cannot_be_says_why(said_at: datetime, sent_at: datetime | None, says: str) -> None:
    with pytest.raises(TimeError, match=says):
        believed(said_at, sent_at, received_at=NOON)


@pytest.mark.parametrize("claimed", ["soon", "1066-10-14", "2999-01-01T00:00:00Z", 1e300, {}])
def test_an_event_whose_time_cannot_be_happened_when_it_arrived_and_says_so(claimed: Any) -> None:
    found = payload(PayloadEvent(type="x", claimed_time=claimed))

    admit(Batch([found], NOON))

    [event] = found.going
    assert event.time == NOON
    assert [problem["field"] for problem in event.problems] == ["time"]
    assert [(warning.code, warning.field) for warning in found.warnings()] == [("ignored", "events.0.time")]


@pytest.mark.parametrize(
    ("type_", "clean"),
    [("page-view", "page-view"), (" Page View ", "page-view"), ("ORDER Completed", "order-completed"), ("ÄÖ", "äö")],
)
def test_types_are_written_in_one_way(type_: str, clean: str) -> None:
    found = payload(type_)

    admit(Batch([found], NOON))

    assert found.going[0].type == clean


@pytest.mark.parametrize(
    ("event", "code", "field"),
    [
        (PayloadEvent(type="x" * 129, index=2), "too_long", "events.2.type"),
        (PayloadEvent(type="x", claimed_time="soon", index=2), "invalid_time", "events.2.time"),
    ],
)
def test_what_is_out_of_bounds_is_refused_alone(event: PayloadEvent, code: str, field: str) -> None:
    found = payload("before", event, is_silent=True)  # of an import, the time of arrival says nothing

    admit(Batch([found], NOON))

    assert [each.type for each in found.going] == ["before"]
    assert [(refusal.code, refusal.field, refusal.index) for refusal in found.refusals()] == [(code, field, 2)]


@pytest.mark.parametrize(
    ("kind", "bots", "user_agent", "code"),
    [
        (Source.Kind.API, Source.Bots.REFUSE, GOOGLEBOT, "bot"),
        (Source.Kind.REDIRECT, Source.Bots.REFUSE, GOOGLEBOT, None),  # its clicks are marked
        (Source.Kind.WEBHOOK, Source.Bots.REFUSE, GOOGLEBOT, None),
        (Source.Kind.API, Source.Bots.FLAG, GOOGLEBOT, None),
        (Source.Kind.API, Source.Bots.REFUSE, CHROME, None),
        (Source.Kind.API, Source.Bots.REFUSE, "", None),
    ],
)
def test_robots_are_refused_where_visitors_are_expected(
    kind: str, bots: str, user_agent: str, code: str | None
) -> None:
    found = payload("page-view", source=policy(kind=kind, bots=bots), user_agent=user_agent)

    admit(Batch([found], NOON))

    assert (found.refusal and found.refusal.code) == code


def test_what_the_platform_says_stays_its_own_when_it_comes_from_the_quarantine() -> None:
    found = payload(PayloadEvent(type="segment-entered", tags=["event:system"]), is_emitted=True)

    admit(Batch([found], NOON))

    assert [(event.type, event.tags, event.problems) for event in found.going] == [
        ("segment-entered", ["event:system"], [])
    ]
