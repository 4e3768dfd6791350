"""The functions of the language. What a function cannot work on gives nothing. sql/functions.py has the same in SQL."""

from calendar import isleap
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from apps.conditions import values

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# The seconds since 1970 that lie within the years 1000 and 8999, as all times do.
FIRST_SECOND: Final = int((datetime(1000, 1, 1, tzinfo=UTC) - EPOCH).total_seconds())
END_SECOND: Final = int((datetime(9000, 1, 1, tzinfo=UTC) - EPOCH).total_seconds())
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Function:
    """A function of one argument, or of none: now()."""

    summary: str
    apply: Callable[[Any, datetime], Any]
    n_arguments: int = 1
    needs_now: bool = False


def _of_text(convert: Callable[[str], Any]) -> Callable[[Any, datetime], Any]:
    return lambda value, now: convert(value) if type(value) is str else None


def _of_time(convert: Callable[[datetime], Any]) -> Callable[[Any, datetime], Any]:
    """Read the argument as a time, in UTC."""

    def apply(value: Any, now: datetime) -> Any:
        time = values.as_time(value)
        return None if time is None else convert(time.astimezone(UTC))

    return apply


def _of_time_and_now(convert: Callable[[datetime, datetime], Any]) -> Callable[[Any, datetime], Any]:
    def apply(value: Any, now: datetime) -> Any:
        time = values.as_time(value)
        return None if time is None else convert(time.astimezone(UTC), now.astimezone(UTC))

    return apply


def _of_day_and_today(convert: Callable[[date, date], Any]) -> Callable[[Any, datetime], Any]:
    """Read the argument as a day of the calendar."""

    def apply(value: Any, now: datetime) -> Any:
        day = values.as_day(value)
        return None if day is None else convert(day, now.astimezone(UTC).date())

    return apply


def _length(value: Any, now: datetime) -> int | None:
    return len(value) if type(value) in (str, list) else None


def _from_timestamp(value: Any, now: datetime) -> datetime | None:
    if type(value) not in values.NUMBERS or not FIRST_SECOND <= value < END_SECOND:
        return None
    return EPOCH + timedelta(seconds=int(values.exact(value)))


def _ymd(day: date) -> int:
    return day.year * 10_000 + day.month * 100 + day.day


def _age(day: date, today: date) -> int:
    # Years, months and days as one number: what is left of the last year never borrows from the years.
    return (_ymd(today) - _ymd(day)) // 10_000


def whole_days(span: timedelta) -> int:
    """Return the days of 24 hours that have passed completely, towards zero."""
    return span // _DAY if span >= timedelta() else -(-span // _DAY)


def _days_to_anniversary(day: date, today: date) -> int:
    this_year = _in_year(day, today.year)
    return ((this_year if this_year >= today else _in_year(day, today.year + 1)) - today).days


def _in_year(day: date, year: int) -> date:
    is_leap_day = day.month == 2 and day.day == 29
    return date(year, day.month, 28 if is_leap_day and not isleap(year) else day.day)


FUNCTIONS: Final = {
    "now": Function("the present time", lambda value, now: now, n_arguments=0, needs_now=True),
    "datetime": Function("the time that a text says", lambda value, now: values.as_time(value)),
    "from_timestamp": Function("the time so many seconds after 1970", _from_timestamp),
    "lowercase": Function("the text in small letters", _of_text(values.lowercase)),
    "uppercase": Function("the text in capitals", _of_text(values.uppercase)),
    "length": Function("the number of items of a list, or of characters of a text", _length),
    "year": Function("the year of a time", _of_time(lambda time: time.year)),
    "month": Function("the month of a time, 1 to 12", _of_time(lambda time: time.month)),
    "day": Function("the day of the month, 1 to 31", _of_time(lambda time: time.day)),
    "weekday": Function("the day of the week, Monday being 1, Sunday 7", _of_time(datetime.isoweekday)),
    "hour": Function("the hour of a time, 0 to 23, in UTC", _of_time(lambda time: time.hour)),
    "age": Function("the full years since a day", _of_day_and_today(_age), needs_now=True),
    "days_since": Function(
        "the full days since a time",
        _of_time_and_now(lambda time, now: whole_days(now - time)),
        needs_now=True,
    ),
    "days_until": Function(
        "the full days until a time",
        _of_time_and_now(lambda time, now: whole_days(time - now)),
        needs_now=True,
    ),
    "days_to_anniversary": Function(
        "the days until the date comes round again: 0 on a birthday",
        _of_day_and_today(_days_to_anniversary),
        needs_now=True,
    ),
}
