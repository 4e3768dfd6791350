"""What time it is for somebody, what lies between times, and whether the sun is up."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.flows.engine.moves import Fail, Go
from apps.flows.testing import refused, visit

OSLO: dict[str, Any] = {"person_zone": "Europe/Oslo"}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def put(kind: str, settings: dict[str, Any], **known: Any) -> Any:
    """Return what a node puts into the payload, by the name that it has there unless somebody says another."""
    move = visit(kind, settings, **known)
    assert isinstance(move, Go), move
    [found] = move.payload.values()
    return found


@pytest.mark.parametrize(
    ("now", "known", "shown"),
    [
        ("2027-01-02T23:30", OSLO, {"date": "2027-01-03", "time": "00:30:00", "weekday": "sunday", "week": 53}),
        ("2027-01-02T23:30", {}, {"date": "2027-01-02", "time": "23:30:00", "weekday": "saturday", "zone": "UTC"}),
        ("2026-07-01T22:05", OSLO, {"date": "2026-07-02", "hour": 0, "minute": 5, "day": 2, "month": 7, "year": 2026}),
        ("2026-11-30T12:00", OSLO, {"weekday_number": 1, "is_weekend": False, "zone": "Europe/Oslo"}),
        ("2026-11-29T12:00", OSLO, {"weekday_number": 7, "is_weekend": True}),
        ("2026-11-30T12:00", {**OSLO, "behind": timedelta(days=2)}, {"date": "2026-12-02"}),
    ],
)
def test_the_clock_is_that_where_the_person_is(now: str, known: dict[str, Any], shown: dict[str, Any]) -> None:
    clock = put("clock", {}, now=at(now), **known)

    assert shown.items() <= clock.items()


def test_the_flows_clock_counts_where_that_is_wanted() -> None:
    found = visit("clock", {"clocks": "flow", "into": "t"}, now=at("2026-11-30T12:00"), payload={"kept": 1}, **OSLO)

    assert isinstance(found, Go)
    assert (found.payload["kept"], found.payload["t"]["time"]) == (1, "12:00:00")


@pytest.mark.parametrize(
    ("now", "port"),
    [
        ("2026-11-27T16:59", "outside"),  # Friday, an hour ahead in Oslo
        ("2026-11-27T17:00", "inside"),
        ("2026-11-28T00:59", "inside"),  # over midnight it is still Friday's
        ("2026-11-28T01:00", "outside"),
        ("2026-11-28T17:30", "outside"),
        ("2026-06-26T15:59", "outside"),
        ("2026-06-26T16:00", "inside"),  # two hours ahead in summer
    ],
)
def test_a_window_is_one_of_the_days_on_which_it_begins(now: str, port: str) -> None:
    settings = {"weekdays": ["friday"], "from": "18:00", "to": "02:00"}

    assert visit("in-window", settings, now=at(now), **OSLO) == Go(port)


@pytest.mark.parametrize(("now", "port"), [("2026-11-28T12:00", "inside"), ("2026-11-30T12:00", "outside")])
def test_a_window_without_times_is_a_whole_day(now: str, port: str) -> None:
    assert visit("in-window", {"weekdays": ["saturday", "sunday"]}, now=at(now)) == Go(port)


@pytest.mark.parametrize(
    ("place", "rises", "sets"),
    [
        ((59.91, 10.75), "2026-06-21T01:54", "2026-06-21T20:44"),  # Oslo
        ((-33.87, 151.21), "2026-12-21T18:41", "2026-12-22T09:05"),  # Sydney
        ((-0.18, -78.47), "2026-03-20T11:17", "2026-03-20T23:24"),  # Quito
        ((35.68, 139.69), "2026-12-21T21:47", "2026-12-22T07:32"),  # Tokyo
    ],
)
def test_it_is_day_from_sunrise_to_sunset(place: tuple[float, float], rises: str, sets: str) -> None:
    settings = dict(zip(("latitude", "longitude"), place, strict=True))
    some = timedelta(minutes=4)
    ports = {
        moment: visit("day-or-night", settings, now=moment).port  # type: ignore[union-attr]
        for moment in (at(rises) - some, at(rises) + some, at(sets) - some, at(sets) + some)
    }

    assert list(ports.values()) == ["night", "day", "day", "night"]


@pytest.mark.parametrize(("day", "port"), [("2026-06-21", "day"), ("2026-12-21", "night")])
@pytest.mark.parametrize("hour", ["00", "06", "11", "18"])
def test_beyond_the_polar_circle_it_stays_day_or_night(day: str, hour: str, port: str) -> None:
    profile = {"data": {"devices": {"last": {"geo": {"latitude": 69.65, "longitude": "18.96"}}}}}

    assert visit("day-or-night", {}, now=at(f"{day}T{hour}:00"), profile=profile) == Go(port)


@pytest.mark.parametrize("geo", [{}, {"latitude": 91, "longitude": 0}, {"latitude": True, "longitude": 0}])
def test_where_nobody_knows_the_place_it_is_neither(geo: dict[str, Any]) -> None:
    assert isinstance(visit("day-or-night", {}, profile={"data": {"devices": {"last": {"geo": geo}}}}), Fail)


def test_what_lies_between_times_is_told_in_each_unit() -> None:
    found = put("time-difference", {"from": "2026-11-20 12:00", "to": "2026-11-28T18:00:30Z", "clocks": "flow"})

    assert found["seconds"] == 8 * 86_400 + 6 * 3_600 + 30
    assert (found["hours"], found["days"]) == (198.008333, 8.250347)
    assert found["whole"] == {
        **{"seconds": 712_830, "minutes": 11_880, "hours": 198},
        **{"days": 8, "weeks": 1, "months": 0, "years": 0},
    }


@pytest.mark.parametrize(
    ("start", "end", "whole"),
    [
        ("2026-03-28 12:00", "2026-03-29 12:00", {"hours": 23, "days": 1}),  # clocks go forward
        ("2026-10-24 12:00", "2026-10-25 11:59", {"hours": 24, "days": 0}),  # and back
        ("2026-01-31 18:00", "2026-02-28 18:00", {"months": 1, "days": 28}),
        ("2026-01-31 18:00", "2026-02-28 17:59", {"months": 0}),
        ("1984-02-29", "2026-02-27", {"years": 41}),
        ("1984-02-29", "2026-02-28", {"years": 42}),
        ("2026-02-28 18:00", "2026-01-31 18:00", {"months": -1, "days": -28}),
    ],
)
def test_whole_days_and_months_go_by_the_calendar_there(start: str, end: str, whole: dict[str, int]) -> None:
    found = put("time-difference", {"from": start, "to": end}, **OSLO)["whole"]

    assert whole.items() <= found.items()


def test_a_difference_is_that_to_now_unless_another_time_is_said() -> None:
    profile = {"last_seen_at": at("2026-11-30T11:00")}
    settings = {"from": "profile@last_seen_at"}

    assert put("time-difference", settings, profile=profile)["minutes"] == 60
    assert put("time-difference", settings, profile=profile, behind=timedelta(hours=1))["minutes"] == 120
    assert put("time-difference", settings, profile={"last_seen_at": at("2026-11-30T13:00")})["minutes"] == -60
    assert isinstance(visit("time-difference", settings), Fail)


@pytest.mark.parametrize(
    ("settings", "moved"),
    [
        ({"length": "14 days"}, "2026-12-14T12:00:00+00:00"),
        ({"length": "1h30m", "side": "earlier"}, "2026-11-30T10:30:00+00:00"),
        ({"time": "2026-03-28 12:00", "length": "1 day"}, "2026-03-29T10:00:00+00:00"),
        ({"time": "2026-03-28 12:00", "length": "24 hours"}, "2026-03-29T11:00:00+00:00"),
        ({"time": "event@properties.at", "length": "1 month"}, "2026-02-28T18:00:00+00:00"),
        ({"time": "event@properties.at", "length": "event@properties.trial"}, "2026-02-02T18:00:00+00:00"),
        ({"length": "1 day", "gives": "day"}, "2026-12-01"),
        ({"time": "2026-12-24", "length": "3 months", "gives": "day", "side": "earlier"}, "2026-09-24"),
    ],
)
def test_a_time_is_moved_by_the_calendar_there(settings: dict[str, Any], moved: str) -> None:
    event = {"properties": {"at": "2026-01-31T18:00:00Z", "trial": "2 days"}}

    assert put("shift-time", settings, event=event, **OSLO) == moved


@pytest.mark.parametrize("settings", [{"time": "payload@gone", "length": "1 day"}, {"length": "payload@gone"}])
def test_what_is_no_time_and_no_length_moves_nothing(settings: dict[str, Any]) -> None:
    assert isinstance(visit("shift-time", settings), Fail)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "settings", "field", "message"),
    [
        ("clock", {"into": "a.b"}, "into", "letters, digits"),
        ("in-window", {"from": "18:00"}, "to", "both times"),
        ("in-window", {"from": "18:00", "to": "18:00"}, "to", "the same"),
        ("in-window", {"weekdays": ["friday", "Freitag"]}, "weekdays", "no day of the week"),
        ("day-or-night", {"latitude": 91}, "latitude", "from -90 to 90"),
        ("day-or-night", {"longitude": "east"}, "longitude", "from -180 to 180"),
        ("time-difference", {"from": "yesterday"}, "from", "2026-12-24 18:00"),
        ("time-difference", {"from": "profile@last_sen_at"}, "from", "profile@last_seen_at"),
        ("shift-time", {"length": "soon"}, "length", "15 minutes"),
    ],
)
def test_what_cannot_be_is_refused_when_it_is_saved(kind: str, settings: Any, field: str, message: str) -> None:
    found = refused(kind, settings)

    assert message in found.get(field, ""), found
