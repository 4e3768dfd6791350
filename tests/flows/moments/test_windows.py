"""Windows and quiet hours, held against clocks that are looked at each minute."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.flows.moments import EVERY_DAY, Window, local_window, opens_at
from tests.flows.moments.brute import DAY, TIMES_OF_DAY, WEEKDAYS, first, minutes, reading, zones_and_moments
from tests.laws import examples

BERLIN = ZoneInfo("Europe/Berlin")
WORKDAYS = {0, 1, 2, 3, 4}


def is_inside(moment: datetime, zone: ZoneInfo, weekdays: set[int], start: time, end: time) -> bool:
    """Tell it of a clock on the wall alone: of the day, or of the night after it."""
    shown = reading(moment, zone)
    if start < end:
        return shown.weekday() in weekdays and start <= shown.time() < end
    if shown.time() >= start:
        return shown.weekday() in weekdays
    return shown.time() < end and (shown - DAY).weekday() in weekdays


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


@settings(max_examples=examples(150, nightly=3_000), deadline=None)
@given(zones_and_moments(), WEEKDAYS, TIMES_OF_DAY, TIMES_OF_DAY)
def test_window_opens_when_a_clock_first_shows_a_time_inside(
    place: tuple[ZoneInfo, datetime], weekdays: set[int], start: time, end: time
) -> None:
    zone, now = place

    found = local_window(now, weekdays=weekdays, start=start, end=end, zone=zone)

    assert found == first(now, lambda moment: is_inside(moment, zone, weekdays, start, end))


@settings(max_examples=examples(40, nightly=500), deadline=None)
@given(zones_and_moments(), WEEKDAYS)
def test_window_at_any_time_is_open_all_through_its_days(place: tuple[ZoneInfo, datetime], weekdays: set[int]) -> None:
    zone, now = place

    found = local_window(now, weekdays=weekdays, start=None, end=None, zone=zone)

    assert found == first(now, lambda moment: reading(moment, zone).weekday() in weekdays)


@settings(max_examples=examples(100, nightly=3_000), deadline=None)
@given(zones_and_moments(), st.lists(st.tuples(WEEKDAYS, TIMES_OF_DAY, TIMES_OF_DAY), max_size=3))
def test_quiet_hours_are_over_when_a_clock_first_shows_a_time_outside_of_all(
    place: tuple[ZoneInfo, datetime], hours: list[tuple[set[int], time, time]]
) -> None:
    zone, now = place

    found = opens_at(now, [Window(frozenset(weekdays), start, end) for weekdays, start, end in hours], zone)

    def is_outside(moment: datetime) -> bool:
        return not any(is_inside(moment, zone, weekdays, start, end) for weekdays, start, end in hours)

    assert found == next(filter(is_outside, minutes(now, days=9)), None)


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-06-05 21:59:59", "2026-06-05 22:00"),  # Friday evening
        ("2026-06-05 22:00", "2026-06-05 22:00"),  # it begins with its first moment,
        ("2026-06-06 05:59:59", "2026-06-06 05:59:59"),  # goes on at night, which is a Saturday,
        ("2026-06-06 06:00", "2026-06-08 22:00"),  # and is over with its last; the next one is on Monday
        ("2026-06-08 03:00", "2026-06-08 22:00"),  # none began on Sunday
    ],
)
def test_night_belongs_to_the_day_on_which_it_began(now: str, opens: str) -> None:
    found = local_window(berlin(now), weekdays=WORKDAYS, start=time(22), end=time(6), zone=BERLIN)

    assert found == berlin(opens)


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-03-28 12:00", datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),  # skipped until three
        ("2026-10-25 01:00", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),  # half past two, for the first time
    ],
)
def test_window_begins_where_clocks_change(now: str, opens: datetime) -> None:
    assert local_window(berlin(now), weekdays=EVERY_DAY, start=time(2, 30), end=time(4), zone=BERLIN) == opens


def test_window_that_clocks_skip_opens_on_the_next_day() -> None:
    found = local_window(berlin("2026-03-28 12:00"), weekdays=EVERY_DAY, start=time(2), end=time(3), zone=BERLIN)

    assert found == berlin("2026-03-30 02:00")


def test_window_of_a_day_that_a_zone_never_had_opens_a_week_later() -> None:
    apia = ZoneInfo("Pacific/Apia")
    thursday = datetime(2011, 12, 29, 12, tzinfo=apia)

    found = local_window(thursday, weekdays={4}, start=time(9), end=time(17), zone=apia)

    assert reading(found, apia) == datetime.fromisoformat("2012-01-06 09:00")


def test_day_of_the_week_is_that_of_the_place() -> None:
    """On a Sunday evening in UTC it is Monday morning in Samoa."""
    found = local_window(
        datetime(2026, 6, 7, 20, tzinfo=UTC), weekdays={0}, start=None, end=None, zone=ZoneInfo("Pacific/Apia")
    )

    assert found == datetime(2026, 6, 7, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("weekdays", "start", "end"), [(set(), time(9), time(17)), ({0}, time(9), None), ({0}, None, time(17))]
)
def test_window_is_refused_without_a_day_or_with_one_of_its_times(
    weekdays: set[int], start: time | None, end: time | None
) -> None:
    with pytest.raises(ValueError, match="both times or neither"):
        local_window(berlin("2026-06-05 12:00"), weekdays=weekdays, start=start, end=end, zone=BERLIN)


def test_hours_that_are_always_quiet_never_end() -> None:
    by_day, by_night = Window(EVERY_DAY, time(6), time(22)), Window(EVERY_DAY, time(22), time(6))

    assert opens_at(berlin("2026-06-05 12:00"), [Window()], BERLIN) is None
    assert opens_at(berlin("2026-06-05 12:00"), [by_day, by_night], BERLIN) is None


def test_quiet_hours_of_a_night_end_by_the_clocks_of_the_morning() -> None:
    """From ten in the evening to seven it is eight hours while clocks go forward, and ten while they go back."""
    hours = Window(EVERY_DAY, time(22), time(7))
    spring, autumn = berlin("2026-03-28 22:00"), berlin("2026-10-24 22:00")

    assert opens_at(spring, [hours], BERLIN) == spring + timedelta(hours=8)
    assert opens_at(autumn, [hours], BERLIN) == autumn + timedelta(hours=10)
