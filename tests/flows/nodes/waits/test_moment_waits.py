"""People wait for moments, by the clocks where they are; what becomes of those who cannot is a choice."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.flows.engine.moves import Go, Raised
from apps.flows.testing import refused
from tests.flows.nodes.waits.visiting import Visit

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOW = datetime(2026, 3, 27, 11, tzinfo=UTC)  # a Friday, noon in Berlin; clocks go forward on Sunday
BIRTHDAY = {"data": {"pii": {"birthday": "1990-07-01"}}}
EVERY_KIND: list[tuple[str, dict[str, Any]]] = [
    ("wait", {"length": "1 day"}),
    ("wait-until", {"moment": "2026-04-01 09:00"}),
    ("wait-for-date", {"field": "profile@data.pii.birthday"}),
    ("wait-for-window", {"from": "22:00", "to": "23:00"}),
    ("wait-for-time-of-day", {"at": "22:00"}),
]
EACH = pytest.mark.parametrize(("kind", "settings"), EVERY_KIND, ids=[kind for kind, _ in EVERY_KIND])


def visit(kind: str, settings: dict[str, Any], *, now: datetime = NOW, **known: Any) -> Visit:
    return Visit(
        kind, settings=settings, now=now, **{"profile": {"data": {"pii": {"birthday": "2026-07-01"}}}, **known}
    )


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# --- what all of them have in common


@EACH
def test_who_waits_goes_on_when_the_moment_has_come(kind: str, settings: dict[str, Any]) -> None:
    anna = visit(kind, settings)
    assert anna.until > NOW

    assert anna.timed_out() == Go("out")


@EACH
def test_who_skips_the_wait_goes_on_at_once(kind: str, settings: dict[str, Any]) -> None:
    assert visit(kind, settings).skipped() == Go("out")


@EACH
def test_who_is_let_go_before_the_time_goes_on(kind: str, settings: dict[str, Any]) -> None:
    assert visit(kind, settings).timed_out(now=NOW + timedelta(minutes=1)) == Go("out")


@EACH
def test_an_event_is_raised_when_the_wait_is_over(kind: str, settings: dict[str, Any]) -> None:
    said = {"event_type": "waited", "properties": {"order": "event@properties.id", "why": "over"}}
    anna = visit(kind, {**settings, **said}, event={"properties": {"id": 7}})

    assert anna.timed_out() == Go("out", raised=(Raised("waited", {"order": 7, "why": "over"}),))


@EACH
def test_the_event_has_the_properties_of_the_one_that_started_the_flow(kind: str, settings: dict[str, Any]) -> None:
    anna = visit(kind, {**settings, "event_type": "waited"}, event={"properties": {"id": 7}})

    assert anna.skipped() == Go("out", raised=(Raised("waited", {"id": 7}),))


@EACH
@pytest.mark.parametrize("zone", ["", "Mars/Olympus"])
def test_where_nobody_knows_the_zone_the_clocks_of_the_flow_count(
    kind: str, settings: dict[str, Any], zone: str
) -> None:
    by_flow = visit(kind, {**settings, "clocks": "flow"}, zone="Asia/Tokyo")
    unknown = visit(kind, settings, zone=zone)

    assert unknown.until == by_flow.until


@EACH
def test_where_nobody_knows_the_zone_people_may_leave_by_a_port(kind: str, settings: dict[str, Any]) -> None:
    anna = visit(kind, {**settings, "zone_unknown": "port", "event_type": "waited"}, zone="")

    assert anna.move == Go("missing")


@EACH
def test_who_was_held_up_by_a_pause_waits_by_the_clocks_of_the_world(kind: str, settings: dict[str, Any]) -> None:
    """Their own time is behind by as long as the flow was paused."""
    anna = visit(kind, settings, behind=5 * HOUR)

    assert anna.until + 5 * HOUR == visit(kind, settings, now=NOW + 5 * HOUR).until


# --- for so long


@pytest.mark.parametrize(
    ("length", "until"),
    [
        ("3 days", "2026-03-30 10:00"),  # noon there, though clocks went forward
        ("72 hours", "2026-03-30 11:00"),
        ("1h30m", "2026-03-27 12:30"),
        ("1 month", "2026-04-27 10:00"),
        ("event@properties.delay", "2026-03-29 10:00"),
        ("event@properties.secs", "2026-03-27 11:00:10"),
    ],
)
def test_so_long_from_when_they_came(length: str, until: str) -> None:
    anna = visit("wait", {"length": length}, event={"properties": {"delay": "2 days", "secs": 10}})

    assert anna.until == at(until)


def test_chance_chooses_between_two_lengths_once() -> None:
    anna = visit("wait", {"length": "1 hour", "up_to": "3 hours"})
    bo = visit("wait", {"length": "1 hour", "up_to": "3 hours"})
    bo.ask(visit=2)

    assert NOW + HOUR <= anna.until < NOW + 3 * HOUR
    assert anna.until != bo.until
    first = anna.until
    anna.ask(now=NOW + 10 * timedelta(minutes=1))  # it is asked again, as a worker died
    assert anna.until == first


@pytest.mark.parametrize("delay", [None, "soon", 0, -5, True, [], "3"])
def test_a_reference_that_says_no_length(delay: Any) -> None:
    event = {"properties": {"delay": delay}}

    assert visit("wait", {"length": "event@properties.delay"}, event=event).port == "missing"
    going = visit("wait", {"length": "event@properties.delay", "missing": "go_on"}, event=event)
    assert going.port == "out"


# --- until a moment


@pytest.mark.parametrize(
    ("moment", "until"),
    [
        ("2026-03-29 09:00", "2026-03-29 07:00"),  # on their clocks, by summer time
        ("2026-03-29T09:00:00Z", "2026-03-29 09:00"),
        ("2026-03-29", "2026-03-28 23:00"),
        ("event@properties.at", "2026-03-28 12:00"),
        ("event@properties.day", "2026-03-29 22:00"),
    ],
)
def test_until_a_moment(moment: str, until: str) -> None:
    event = {"properties": {"at": "2026-03-28T12:00:00", "day": "2026-03-30"}}

    assert visit("wait-until", {"moment": moment}, event=event).until == at(until)


@pytest.mark.parametrize(("past", "port"), [("go_on", "out"), ("port", "past")])
def test_a_moment_that_is_past(past: str, port: str) -> None:
    assert visit("wait-until", {"moment": "2026-03-27 12:00", "past": past}).port == port
    assert visit("wait-for-date", {"field": "profile@data.pii.birthday", "past": past}, profile=BIRTHDAY).port == port


@pytest.mark.parametrize(("missing", "port"), [("go_on", "out"), ("port", "missing")])
@pytest.mark.parametrize("value", [None, "", "soon", "01.07.1990", {}])
def test_a_value_that_is_no_moment(missing: str, port: str, value: Any) -> None:
    profile = {"data": {"pii": {"birthday": value}}}

    for kind, name in (("wait-until", "moment"), ("wait-for-date", "field")):
        assert visit(kind, {name: "profile@data.pii.birthday", "missing": missing}, profile=profile).port == port


def test_who_was_moved_past_the_moment_by_a_pause_is_late() -> None:
    anna = visit("wait-until", {"moment": "2026-03-28 12:00", "past": "port"})

    assert anna.timed_out(behind=3 * DAY) == Go("past")


@pytest.mark.parametrize(
    ("kind", "settings", "until"),
    [
        ("wait-for-time-of-day", {"at": "09:00"}, "2026-03-28 13:00"),
        ("wait-until", {"moment": "2026-04-01 09:00"}, "2026-04-01 13:00"),
        ("wait-for-date", {"field": "profile@data.pii.birthday", "at": "09:00"}, "2026-07-01 13:00"),
    ],
)
def test_who_has_moved_west_waits_until_clocks_show_it_there(kind: str, settings: dict[str, Any], until: str) -> None:
    anna = visit(kind, settings)

    anna.timed_out(person_zone="America/New_York")

    assert anna.until == at(until)
    assert anna.timed_out().port == "out"


def test_a_moment_that_is_the_same_everywhere_is_not_past_for_who_has_moved() -> None:
    anna = visit("wait-until", {"moment": "2026-04-01T09:00:00+02:00", "past": "port"})

    assert anna.timed_out(person_zone="America/New_York").port == "out"


# --- for a date


@pytest.mark.parametrize(
    ("settings", "until"),
    [
        ({"offset": "3 days", "at": "09:00"}, "2026-06-28 07:00"),
        ({"offset": "3 days", "side": "after", "at": "09:00"}, "2026-07-04 07:00"),
        ({"offset": "4 months", "at": "09:00", "side": "after"}, "2026-11-01 08:00"),
        ({}, "2026-06-30 22:00"),
    ],
)
def test_so_long_before_or_after_a_date(settings: dict[str, Any], until: str) -> None:
    assert visit("wait-for-date", {"field": "profile@data.pii.birthday", **settings}).until == at(until)


@pytest.mark.parametrize(
    ("birthday", "leap", "until"),
    [
        ("1990-07-01", "feb28", "2026-06-28 07:00"),
        ("1990-03-29", "feb28", "2027-03-26 08:00"),  # three days before was yesterday
        ("1996-02-29", "feb28", "2027-02-25 08:00"),
        ("1996-02-29", "mar1", "2027-02-26 08:00"),
    ],
)
def test_a_date_that_is_past_comes_back_each_year(birthday: str, leap: str, until: str) -> None:
    settings = {
        "field": "profile@data.pii.birthday",
        "offset": "3 days",
        "at": "09:00",
        "past": "next_time",
        "leap": leap,
    }

    assert visit("wait-for-date", settings, profile={"data": {"pii": {"birthday": birthday}}}).until == at(until)


# --- for a window, and for a time of day


@pytest.mark.parametrize(
    ("settings", "until"),
    [
        ({"weekdays": ["saturday", "sunday"]}, "2026-03-27 23:00"),
        ({"weekdays": ["sunday"], "from": "02:00", "to": "04:00"}, "2026-03-29 01:00"),  # clocks skip two to three
        ({"from": "09:00", "to": "11:30"}, "2026-03-28 08:00"),
        ({"from": "12:01", "to": "08:00"}, "2026-03-27 11:01"),
    ],
)
def test_who_comes_while_a_window_is_shut_waits_until_it_opens(settings: dict[str, Any], until: str) -> None:
    assert visit("wait-for-window", settings).until == at(until)


@pytest.mark.parametrize(
    "settings", [{}, {"weekdays": ["friday"]}, {"from": "12:00", "to": "12:01"}, {"from": "22:00", "to": "12:30"}]
)
def test_who_comes_while_a_window_is_open_goes_on(settings: dict[str, Any]) -> None:
    assert visit("wait-for-window", settings).port == "out"


def test_who_is_woken_when_a_window_has_shut_again_waits_for_the_next() -> None:
    anna = visit("wait-for-window", {"from": "14:00", "to": "16:00"})

    anna.timed_out(now=at("2026-03-27 18:00"))

    assert anna.until == at("2026-03-28 13:00")


@pytest.mark.parametrize(
    ("kind", "settings"),
    [("wait-for-window", {"from": "09:00", "to": "11:30"}), ("wait-for-time-of-day", {"at": "11:30"})],
)
def test_todays_is_past(kind: str, settings: dict[str, Any]) -> None:
    assert visit(kind, settings).until > NOW
    assert visit(kind, {**settings, "past": "go_on"}).port == "out"
    assert visit(kind, {**settings, "past": "port"}).port == "past"
    assert visit(kind, {**settings, "past": "port", "weekdays": ["monday"]}).until == at("2026-03-30 07:00") + (
        timedelta() if kind == "wait-for-window" else 2.5 * HOUR
    )


@pytest.mark.parametrize(
    ("settings", "until"),
    [
        ({"at": "12:30"}, "2026-03-27 11:30"),
        ({"at": "02:30", "weekdays": ["sunday"]}, "2026-03-29 01:00"),  # clocks skip it: it is three
        ({"at": "09:00", "weekdays": ["monday", "tuesday"]}, "2026-03-30 07:00"),
    ],
)
def test_until_a_time_of_day(settings: dict[str, Any], until: str) -> None:
    assert visit("wait-for-time-of-day", settings).until == at(until)


def test_a_time_of_day_is_so_for_a_minute() -> None:
    assert visit("wait-for-time-of-day", {"at": "12:00"}, now=NOW + timedelta(seconds=59)).port == "out"


# --- what cannot be


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "settings", "field"),
    [
        ("wait", {}, "length"),
        ("wait", {"length": "soon"}, "length"),
        ("wait", {"length": "3"}, "length"),
        ("wait", {"length": "1 hour", "up_to": "long"}, "up_to"),
        ("wait", {"length": "1 hour", "clocks": "mine"}, "clocks"),
        ("wait", {"length": "1 hour", "clocks": "flow", "zone_unknown": "port"}, "zone_unknown"),
        ("wait", {"length": "1 hour", "properties": [1]}, "properties"),
        ("wait-until", {"moment": "tomorrow"}, "moment"),
        ("wait-until", {"moment": "2026-02-30 09:00"}, "moment"),
        ("wait-until", {"moment": "2026-12-24 18:00", "past": "next_time"}, "past"),
        ("wait-for-date", {"field": "birthday"}, "field"),
        ("wait-for-date", {"field": "profile@data.pii.birthday", "offset": "some"}, "offset"),
        ("wait-for-date", {"field": "profile@data.pii.birthday", "offset": "2 years", "past": "next_time"}, "offset"),
        ("wait-for-date", {"field": "profile@data.pii.birthday", "at": "9 am"}, "at"),
        ("wait-for-window", {"from": "09:00"}, "to"),
        ("wait-for-window", {"to": "09:00"}, "from"),
        ("wait-for-window", {"from": "09:00", "to": "09:00"}, "to"),
        ("wait-for-window", {"weekdays": []}, "weekdays"),
        ("wait-for-window", {"weekdays": ["someday"]}, "weekdays"),
        ("wait-for-time-of-day", {}, "at"),
        ("wait-for-time-of-day", {"at": "24:00"}, "at"),
        ("wait-for-time-of-day", {"at": "9:00"}, "at"),
    ],
)
def test_settings_that_cannot_be_are_named(kind: str, settings: dict[str, Any], field: str) -> None:
    assert refused(kind, settings).keys() == {field}
