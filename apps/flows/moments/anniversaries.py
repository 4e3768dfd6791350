"""Dates that come back each year."""

from calendar import isleap
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from apps.conditions.durations import Duration, shift
from apps.flows.moments.readings import moment_of, reading_at

_MAX_DAYS: Final = 366


class Leap(StrEnum):
    """When 29 February is kept in a year that has none."""

    FEB28 = "feb28"
    MAR1 = "mar1"


def next_anniversary(
    now: datetime, day: date, offset: Duration | None, *, zone: ZoneInfo, leap: Leap, at: time = time.min
) -> datetime:
    """Return the first moment, now or later, at which a day comes back, so long later or earlier; never before itself.

    Raises ValueError for an offset of more than a year.
    """
    if offset and abs(offset.days) > _MAX_DAYS:
        message = "An offset from a day of the year is at most a year."
        raise ValueError(message)
    year = max(reading_at(now, zone).year - 2, day.year)
    while True:
        reading = datetime.combine(_in_year(day, year, leap), at)
        if offset:
            reading = shift(reading.replace(tzinfo=UTC), offset).replace(tzinfo=None)
        moment = moment_of(reading, zone)
        if moment >= now:
            return moment
        year += 1


def _in_year(day: date, year: int, leap: Leap) -> date:
    if (day.month, day.day) != (2, 29) or isleap(year):
        return day.replace(year=year)
    return date(year, 2, 28) if leap is Leap.FEB28 else date(year, 3, 1)
