"""Moments that are given: typed in, or found in a field."""

from datetime import UTC, date, datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

from apps.conditions.durations import Duration
from apps.conditions.values import as_day, as_time, is_date
from apps.flows.moments.lengths import fixed
from apps.flows.moments.readings import moment_of, reading_at

# Numbers are seconds since 1970, or milliseconds. What is smaller than the former is an amount of something else.
_SECONDS: Final = (100_000_000, 100_000_000_000)  # from 1973 on; the years until 5138
_MILLISECONDS: Final = (_SECONDS[1], 200_000_000_000_000)


def until(moment: datetime, *, zone: ZoneInfo) -> datetime:
    """Return a moment; one without a zone is when clocks show it there."""
    return moment.astimezone(UTC) if moment.tzinfo else moment_of(moment, zone)


def until_field(value: object, offset: Duration | None, *, zone: ZoneInfo, at: time | None = None) -> datetime | None:
    """Return the moment that a value says, so long later or earlier; None if it says none.

    With a time of day only its day counts, there. A day by itself begins at midnight there.
    """
    moment = read_moment(value, zone=zone, at=at)
    return fixed(moment, offset, zone=zone) if moment and offset else moment


def read_moment(value: Any, *, zone: ZoneInfo, at: time | None = None) -> datetime | None:
    """Return the moment that a value says: ISO 8601 (without a zone in UTC), a day there, or a number since 1970."""
    if isinstance(value, str):
        value = value.strip()
        if is_date(value):
            return moment_of(datetime.combine(date.fromisoformat(value), at or time.min), zone)
    moment = _of_number(value) or as_time(value)
    if moment is None or at is None:
        return moment and moment.astimezone(UTC)
    return moment_of(datetime.combine(reading_at(moment, zone).date(), at), zone)


def read_day(value: Any) -> date | None:
    """Return the day that a value says, by whatever clock it was written; of a number that in UTC."""
    return as_day(value.strip() if isinstance(value, str) else _of_number(value) or value)


def _of_number(value: Any) -> datetime | None:
    if type(value) not in (int, float):
        return None
    if _SECONDS[0] <= value < _SECONDS[1]:
        return datetime.fromtimestamp(value, UTC)
    if _MILLISECONDS[0] <= value < _MILLISECONDS[1]:
        return datetime.fromtimestamp(value / 1000, UTC)
    return None
