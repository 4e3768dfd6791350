"""Moments that are typed in, or found in a field."""

from datetime import UTC, datetime, time, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.conditions.durations import Duration
from apps.flows.moments import read_moment, until, until_field
from tests.flows.moments.brute import TIMES_OF_DAY, first, reading, zones_and_moments
from tests.laws import examples

NEW_YORK = ZoneInfo("America/New_York")


@settings(max_examples=examples(60, nightly=2_000), deadline=None)
@given(zones_and_moments(), TIMES_OF_DAY)
def test_day_at_a_time_is_when_a_clock_first_reaches_it(place: tuple[ZoneInfo, datetime], at: time) -> None:
    zone, moment = place
    day = (reading(moment, zone)).date()
    goal = datetime.combine(day, at)

    found = until_field(day.isoformat(), None, zone=zone, at=at)

    two_days_before = (moment - timedelta(days=2)).replace(second=0, microsecond=0)
    assert found == first(two_days_before, lambda moment: reading(moment, zone) >= goal)


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2026-07-01T12:00:00Z", datetime(2026, 7, 1, 12, tzinfo=UTC)),
        ("2026-07-01T12:00:00+02:00", datetime(2026, 7, 1, 10, tzinfo=UTC)),
        ("2026-07-01T12:00:00", datetime(2026, 7, 1, 12, tzinfo=UTC)),  # as in conditions
        (" 2026-07-01 ", datetime(2026, 7, 1, 4, tzinfo=UTC)),  # midnight there
        (1_782_907_200, datetime(2026, 7, 1, 12, tzinfo=UTC)),
        (1_782_907_200_000, datetime(2026, 7, 1, 12, tzinfo=UTC)),
        (1_782_907_200.5, datetime(2026, 7, 1, 12, 0, 0, 500_000, tzinfo=UTC)),
        (datetime(2026, 7, 1, 14, tzinfo=timezone(timedelta(hours=2))), datetime(2026, 7, 1, 12, tzinfo=UTC)),
    ],
)
def test_value_says_a_moment(value: Any, moment: datetime) -> None:
    assert read_moment(value, zone=NEW_YORK) == moment


@pytest.mark.parametrize(
    "value",
    [
        None, "", "soon", "2026-02-30", "01/07/2026", 0, 30, -1, True, 1e30, float("nan"), float("inf"), 10**400,
        ["2026-07-01"], {"date": "2026-07-01"}, "9999-12-31",
    ],
)  # fmt: skip
def test_anything_else_says_none(value: Any) -> None:
    assert read_moment(value, zone=NEW_YORK) is None
    assert until_field(value, Duration(3, "day"), zone=NEW_YORK) is None


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(), st.lists))
def test_no_value_is_too_odd_to_be_read(value: Any) -> None:
    assert isinstance(read_moment(value, zone=NEW_YORK), datetime | None)


@pytest.mark.parametrize(
    ("value", "offset", "at", "expected"),
    [
        ("2026-11-03", Duration(-3, "day"), time(9), "2026-10-31 09:00"),  # clocks go back in between
        ("2026-11-03", Duration(-3, "day"), None, "2026-10-31 00:00"),
        ("2026-11-03", Duration(-2, "hour"), time(9), "2026-11-03 07:00"),
        ("2026-11-03T02:00:00Z", None, time(9), "2026-11-02 09:00"),  # there it is the day before
        ("2026-11-03T12:00:00Z", Duration(1, "month"), None, "2026-12-03 07:00"),
        ("2026-03-07", Duration(1, "day"), time(2, 30), "2026-03-08 03:00"),  # skipped
    ],
)
def test_offset_is_reckoned_on_the_clocks_of_the_place(
    value: str, offset: Duration | None, at: time | None, expected: str
) -> None:
    found = until_field(value, offset, zone=NEW_YORK, at=at)

    assert found
    assert reading(found, NEW_YORK) == datetime.fromisoformat(expected)


def test_moment_that_clocks_show_twice_keeps_what_its_value_says() -> None:
    second = datetime(2026, 11, 1, 6, 30, tzinfo=UTC)  # half past one, again

    assert until_field(second.isoformat(), None, zone=NEW_YORK) == second
    assert until_field(second.isoformat(), Duration(-1, "hour"), zone=NEW_YORK) == second - timedelta(hours=1)


def test_moment_without_a_zone_is_when_clocks_show_it_there() -> None:
    typed = datetime.fromisoformat("2026-12-24 18:00")

    assert until(typed, zone=NEW_YORK) == datetime(2026, 12, 24, 23, tzinfo=UTC)
    assert until(typed.replace(tzinfo=UTC), zone=NEW_YORK) == datetime(2026, 12, 24, 18, tzinfo=UTC)
