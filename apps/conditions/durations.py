"""Lengths of time: 30 days, 3 months. Months follow the calendar in UTC; what is shorter has a fixed length."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from apps.conditions.exceptions import TreeError

# Singular names; the number of seconds or of months in one.
SECONDS: Final = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}
_SPOKEN: Final = ("second", "minute", "hour", "day")  # nobody says 26 weeks
MONTHS: Final = {"month": 1, "year": 12}
UNITS: Final = (*SECONDS, *MONTHS)
_MOST_DAYS: Final = {**{unit: seconds / 86_400 for unit, seconds in SECONDS.items()}, "month": 31, "year": 366}
_ABBREVIATIONS: Final = {
    **{"s": "second", "sec": "second", "m": "minute", "min": "minute", "h": "hour", "hr": "hour", "d": "day"},
    **{"w": "week", "y": "year"},
}
# Times lie between the years 1000 and 8999, so that nothing that is moved by this much leaves what Python can hold.
MAX_DAYS: Final = 500 * 366
_LENGTH: Final = re.compile(r"(?:\s*\d{1,9}\s*[A-Za-z]+)+\s*")
_LENGTH_PART: Final = re.compile(r"(\d+)\s*([A-Za-z]+)")


@dataclass(frozen=True, slots=True)
class Duration:
    """A number of seconds, minutes, hours, days, weeks, months or years; negative ones lead to the past."""

    amount: int
    unit: str

    def __post_init__(self) -> None:
        """Refuse what is no duration, or too long a one."""
        if self.unit not in UNITS:
            message = f"'{self.unit}' is no unit of time."
            raise TreeError(message)
        if not self.amount:
            message = "A duration is not zero."
            raise TreeError(message)
        if abs(self.days) > MAX_DAYS:
            message = "A duration is at most 500 years."
            raise TreeError(message)

    @property
    def seconds(self) -> int | None:
        """Its fixed length, or None where that depends on the calendar."""
        return self.amount * SECONDS[self.unit] if self.unit in SECONDS else None

    @property
    def months(self) -> int:
        """Its length in months, where it is of months or years."""
        return self.amount * MONTHS[self.unit]

    @property
    def days(self) -> float:
        """Its length in days, or the greatest that it may have in the calendar."""
        return self.amount * _MOST_DAYS[self.unit]

    def __neg__(self) -> "Duration":
        return Duration(-self.amount, self.unit)

    def __str__(self) -> str:
        return f"{abs(self.amount)} {self.unit.upper()}{'' if abs(self.amount) == 1 else 'S'}"


def unit_of(word: str) -> str:
    """Return the unit that a word means: "Days", "day", "d". Raises TreeError."""
    lowered = word.lower()
    for candidate in (lowered, lowered.removesuffix("s"), _ABBREVIATIONS.get(lowered.removesuffix("s") or lowered, "")):
        if candidate in UNITS:
            return candidate
    message = f"'{word}' is no unit of time; there are seconds, minutes, hours, days, weeks, months and years."
    raise TreeError(message, word)


def parse_offset(text: str) -> Duration:
    """Read an offset such as "-15m", "+1h30m" or "-2 weeks" as one duration. Raises TreeError."""
    stripped = text.strip()
    length = stripped.removeprefix("-") if stripped.startswith("-") else stripped.removeprefix("+")
    if not _LENGTH.fullmatch(length):
        message = f"'{text}' is no offset such as -15m or +1h30m."
        raise TreeError(message)
    return -_whole(length) if stripped.startswith("-") else _whole(length)


def parse_length(text: str) -> Duration:
    """Read how long something lasts, such as "15 minutes", "1h30m" or "180d". Raises TreeError."""
    if not _LENGTH.fullmatch(text):
        lacks = "has no unit of time" if text.strip().isdecimal() else "is no length of time"
        message = f"'{text}' {lacks}: write it as 15 minutes, 1h30m or 180 days."
        raise TreeError(message)
    return _whole(text)


def in_words(length: timedelta) -> str:
    """Write a length of whole seconds as `parse_length` reads it: 15 minutes, 180 days."""
    secs = int(length.total_seconds())
    unit = max((unit for unit in _SPOKEN if secs % SECONDS[unit] == 0), key=lambda unit: SECONDS[unit])
    amount = secs // SECONDS[unit]
    return f"{amount} {unit}{'' if amount == 1 else 's'}"


def _whole(length: str) -> Duration:
    parts = [Duration(int(amount), unit_of(unit)) for amount, unit in _LENGTH_PART.findall(length) if int(amount)]
    return parts[0] if len(parts) == 1 else _sum(parts)


def _sum(parts: list[Duration]) -> Duration:
    if any(part.seconds is None for part in parts):
        message = "Months and years cannot be joined with other units."
        raise TreeError(message)
    total = sum(part.seconds or 0 for part in parts)
    unit = max((unit for unit in SECONDS if total % SECONDS[unit] == 0), key=lambda unit: SECONDS[unit])
    return Duration(total // SECONDS[unit], unit)


def shift(time: datetime, by: Duration) -> datetime:
    """Move a time; a day that a month does not have becomes its last one."""
    seconds = by.seconds
    if seconds is not None:
        return time + timedelta(seconds=seconds)
    utc = time.astimezone(UTC)
    years, month = divmod(utc.year * 12 + utc.month - 1 + by.months, 12)
    return utc.replace(year=years, month=month + 1, day=min(utc.day, monthrange(years, month + 1)[1]))
