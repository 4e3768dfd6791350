"""The next time of day on one of some days of the week."""

from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from apps.flows.moments.readings import moment_of, reading_at

_DAY: Final = timedelta(days=1)
_DAYS: Final = 16  # a day of the week may not exist once, where a zone moved across the date line


def local_time(now: datetime, *, hour: int, minute: int = 0, weekdays: Collection[int], zone: ZoneInfo) -> datetime:
    """Return the first moment, now or later, at which it is this time of day on one of these days (Monday is 0).

    Each day has one such moment. Raises ValueError if there is no day.
    """
    today = reading_at(now, zone).date()
    for day in (today + days * _DAY for days in range(-1, _DAYS)):
        if day.weekday() in weekdays:
            moment = moment_of(datetime.combine(day, time(hour, minute)), zone)
            if moment >= now and (reading_at(moment, zone).date() == day or _exists(day, zone)):
                return moment
    message = "A time of day is of one day of the week at least."
    raise ValueError(message)


def _exists(day: date, zone: ZoneInfo) -> bool:
    """Tell whether a zone had a day at all: Samoa had no 30 December 2011."""
    return reading_at(moment_of(datetime.combine(day, time.min), zone), zone).date() == day
