"""Times of day, held against clocks that are looked at each minute."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings

from apps.flows.moments import EVERY_DAY, local_time
from tests.flows.moments.brute import DAY, MINUTE, TIMES_OF_DAY, WEEKDAYS, first, minutes, reading, zones_and_moments
from tests.laws import examples

BERLIN = ZoneInfo("Europe/Berlin")


def is_time(moment: datetime, zone: ZoneInfo, at: time, weekdays: set[int]) -> bool:
    """Tell whether a clock reaches this time of the day for the first time: it shows it, or has just skipped it."""
    shown, before = reading(moment, zone), reading(moment - MINUTE, zone)
    for day in {shown.date(), before.date()}:
        goal = datetime.combine(day, at)
        if before < goal <= shown and day.weekday() in weekdays:
            return not any(reading(moment - n * MINUTE, zone) >= goal for n in range(1, 181))
    return False


@settings(max_examples=examples(150, nightly=3_000), deadline=None)
@given(zones_and_moments(), WEEKDAYS, TIMES_OF_DAY)
def test_time_of_day_is_when_a_clock_first_reaches_it(
    place: tuple[ZoneInfo, datetime], weekdays: set[int], at: time
) -> None:
    zone, now = place

    found = local_time(now, hour=at.hour, minute=at.minute, weekdays=weekdays, zone=zone)

    on_the_minute = (
        now if now == now.replace(second=0, microsecond=0) else now.replace(second=0, microsecond=0) + MINUTE
    )
    assert found == first(on_the_minute, lambda moment: is_time(moment, zone, at, weekdays))


@settings(max_examples=examples(20, nightly=200), deadline=None)
@given(zones_and_moments(), TIMES_OF_DAY)
def test_each_day_has_one_such_moment(place: tuple[ZoneInfo, datetime], at: time) -> None:
    zone, now = place
    found = []
    moment = now
    while moment < now + 4 * DAY:
        moment = local_time(moment, hour=at.hour, minute=at.minute, weekdays=EVERY_DAY, zone=zone)
        found.append(moment)
        moment += MINUTE

    days = [reading(moment, zone).date() for moment in found]
    lived = {reading(moment, zone).date() for moment in minutes(found[0], days=6) if moment <= found[-1]}
    assert days == sorted(lived)


@pytest.mark.parametrize(
    ("now", "hour", "minute", "expected"),
    [
        (datetime(2026, 3, 28, 12, tzinfo=UTC), 2, 30, datetime(2026, 3, 29, 1, tzinfo=UTC)),  # skipped: it is three
        (datetime(2026, 10, 24, 12, tzinfo=UTC), 2, 30, datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),  # the first one
        (datetime(2026, 10, 25, 0, 45, tzinfo=UTC), 2, 30, datetime(2026, 10, 26, 1, 30, tzinfo=UTC)),  # not the second
        (datetime(2026, 7, 1, 7, tzinfo=UTC), 9, 0, datetime(2026, 7, 1, 7, tzinfo=UTC)),  # now is in time
    ],
)
def test_time_of_day_where_clocks_change(now: datetime, hour: int, minute: int, expected: datetime) -> None:
    assert local_time(now, hour=hour, minute=minute, weekdays=EVERY_DAY, zone=BERLIN) == expected


def test_day_that_a_zone_never_had_has_no_time() -> None:
    apia = ZoneInfo("Pacific/Apia")

    found = local_time(datetime(2011, 12, 29, 12, tzinfo=apia), hour=9, weekdays=EVERY_DAY, zone=apia)

    assert reading(found, apia) == datetime.fromisoformat("2011-12-31 09:00")


def test_no_day_is_refused() -> None:
    with pytest.raises(ValueError, match="one day of the week at least"):
        local_time(datetime(2026, 7, 1, tzinfo=UTC), hour=9, weekdays=(), zone=BERLIN)
