"""Dates that come back each year."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.conditions.durations import Duration
from apps.flows.moments import Leap, next_anniversary
from tests.flows.moments.brute import DAY, TIMES_OF_DAY, first, reading, zones_and_moments
from tests.laws import examples

BERLIN = ZoneInfo("Europe/Berlin")
BIRTHDAYS = st.dates(date(1930, 1, 1), date(2007, 12, 31)) | st.just(date(1996, 2, 29))


def is_kept(day: date, birthday: date, leap: Leap) -> bool:
    """Tell whether a calendar has the birthday on this day."""
    is_leap_year = (date(day.year, 3, 1) - DAY).day == 29
    if (birthday.month, birthday.day) == (2, 29) and not is_leap_year:
        return (day.month, day.day) == ((2, 28) if leap is Leap.FEB28 else (3, 1))
    return (day.month, day.day) == (birthday.month, birthday.day)


def reached(goal: datetime, zone: ZoneInfo) -> datetime:
    """Look at a clock each minute, from before the first zone of the world has that day."""
    return first(goal.replace(tzinfo=UTC) - timedelta(hours=16), lambda moment: reading(moment, zone) >= goal, days=3)


@settings(max_examples=examples(60, nightly=2_000), deadline=None)
@given(zones_and_moments(), BIRTHDAYS, TIMES_OF_DAY, st.sampled_from(Leap))
def test_day_comes_back_when_a_calendar_shows_it(
    place: tuple[ZoneInfo, datetime], birthday: date, at: time, leap: Leap
) -> None:
    zone, now = place
    days = [reading(now, zone).date() + n * DAY for n in range(-1, 370)]
    moments = [reached(datetime.combine(day, at), zone) for day in days if is_kept(day, birthday, leap)]

    found = next_anniversary(now, birthday, None, zone=zone, leap=leap, at=at)

    assert found == min(moment for moment in moments if moment >= now)


@settings(max_examples=examples(60, nightly=2_000), deadline=None)
@given(zones_and_moments(), BIRTHDAYS, st.integers(-366, 366).filter(bool), st.sampled_from(Leap))
def test_offset_is_from_the_day_of_each_year(
    place: tuple[ZoneInfo, datetime], birthday: date, days: int, leap: Leap
) -> None:
    zone, now = place

    found = next_anniversary(now, birthday, Duration(days, "day"), zone=zone, leap=leap, at=time(12))

    shown = reading(found, zone)
    assert is_kept(shown.date() - days * DAY, birthday, leap) or shown.time() != time(12)  # the latter where none was
    assert now <= found < now + 367 * DAY


@pytest.mark.parametrize(
    ("now", "day", "offset", "leap", "expected"),
    [
        ("2027-01-01 00:00", "1996-02-29", None, Leap.FEB28, "2027-02-28 09:00"),
        ("2027-01-01 00:00", "1996-02-29", None, Leap.MAR1, "2027-03-01 09:00"),
        ("2028-01-01 00:00", "1996-02-29", None, Leap.MAR1, "2028-02-29 09:00"),
        ("2027-12-30 12:00", "1990-01-02", Duration(-3, "day"), Leap.FEB28, "2028-12-30 09:00"),  # of the next year
        ("2026-07-01 09:00", "1990-07-01", None, Leap.FEB28, "2026-07-01 09:00"),  # now is in time
        ("2026-07-01 09:01", "1990-07-01", None, Leap.FEB28, "2027-07-01 09:00"),
        ("2026-07-01 09:00", "2030-05-01", None, Leap.FEB28, "2030-05-01 09:00"),  # it has not been yet
    ],
)
def test_day_of_the_year(now: str, day: str, offset: Duration | None, leap: Leap, expected: str) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=BERLIN)

    found = next_anniversary(moment, date.fromisoformat(day), offset, zone=BERLIN, leap=leap, at=time(9))

    assert reading(found, BERLIN) == datetime.fromisoformat(expected)


def test_offset_of_more_than_a_year_is_refused() -> None:
    with pytest.raises(ValueError, match="at most a year"):
        next_anniversary(
            datetime(2026, 7, 1, tzinfo=UTC), date(1990, 7, 1), Duration(2, "year"), zone=BERLIN, leap=Leap.MAR1
        )
