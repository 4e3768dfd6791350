"""When dates of people come round: whom a stretch of time concerns, in whatever zone they are; pure functions.

A date is looked at the other way round than by who waits for it: the clock asks at which zones it has just become the
time of the day, which day that is there, and so which dates have come, or are so many days away.
"""

from calendar import isleap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from apps.conditions.values import is_date
from apps.flows.moments import Leap, read_moment, zone_names
from apps.flows.moments.readings import moment_of, reading_at

_DAY: Final = timedelta(days=1)
DATE_LENGTH: Final = 10  # of 2026-11-30; what is longer has a time, too


@dataclass(frozen=True, slots=True)
class Turn:
    """A day that has come at some zones, at the time of the day."""

    day: date  # there
    zones: frozenset[str]


@dataclass(frozen=True, slots=True)
class Rule:
    """Which dates a trigger is about."""

    at: time
    offset_days: int = 0
    yearly: bool = False
    leap: Leap = Leap.FEB28

    def day_meant(self, day: date) -> date:
        """Return the day whose dates let people enter on a day."""
        return day - timedelta(days=self.offset_days)

    def is_met(self, found: date, meant: date) -> bool:
        """Tell whether a date of somebody is what is meant: that day itself, or its anniversary, never before it."""
        if not self.yearly:
            return found == meant
        return found <= meant and (found.month, found.day) in _month_days(meant, self.leap)

    def texts(self, meant: date) -> list[str]:
        """Return how dates begin that may be meant, all of one length: whole days, or month and day."""
        if not self.yearly:
            return [meant.isoformat()]
        return [f"{month:02}-{day:02}" for month, day in sorted(_month_days(meant, self.leap))]

    def texts_around(self, meant: date) -> list[str]:
        """Return the same of moments, of which another day may be meant, as their zone is another one."""
        return sorted({text for n in (-1, 0, 1) for text in self.texts(meant + n * _DAY)})


def _month_days(meant: date, leap: Leap) -> set[tuple[int, int]]:
    """Return of which days of a year this is the anniversary; 29 February has one in each year."""
    found = {(meant.month, meant.day)}
    stand_in = (2, 28) if leap is Leap.FEB28 else (3, 1)
    if not isleap(meant.year) and (meant.month, meant.day) == stand_in:
        found.add((2, 29))
    return found


def day_of(value: Any, zone: ZoneInfo) -> date | None:
    """Return the day that a field says; of a moment the day on which it is there. None: it says none."""
    if not isinstance(value, str):
        return None
    if is_date(value.strip()):
        return date.fromisoformat(value.strip())
    moment = read_moment(value, zone=zone)
    return reading_at(moment, zone).date() if moment else None


def come(at: time, *, after: datetime, until: datetime, zones: Iterable[str] | None = None) -> list[Turn]:
    """List the days that have come, at the time of the day, at zones; after the one moment, until the other."""
    return list(_come(at, after, until, zone_names() if zones is None else frozenset(zones)))


@lru_cache(maxsize=64)
def _come(at: time, after: datetime, until: datetime, zones: frozenset[str]) -> tuple[Turn, ...]:
    """Reckon it once for all pages of people."""
    found: dict[date, set[str]] = {}
    for name in zones:
        for day, moment in _moments(name, at, after=after, until=until):
            if after < moment <= until:
                found.setdefault(day, set()).add(name)
    return tuple(Turn(day, frozenset(names)) for day, names in sorted(found.items()))


def following(at: time, *, after: datetime, zones: Iterable[str] | None = None) -> datetime:
    """Return when a day comes next at some zone, at the time of the day."""
    return min(
        moment
        for name in (zone_names() if zones is None else zones)
        for _, moment in _moments(name, at, after=after, until=after + 2 * _DAY)
        if moment > after
    )


def _moments(name: str, at: time, *, after: datetime, until: datetime) -> Iterator[tuple[date, datetime]]:
    zone = ZoneInfo(name)
    day, last = reading_at(after, zone).date() - _DAY, reading_at(until, zone).date()
    while day <= last:
        yield day, _moment(name, day, at)
        day += _DAY


@lru_cache(maxsize=8_192)
def _moment(name: str, day: date, at: time) -> datetime:
    """Return when clocks show the time on a day; asked for each minute, it is the same all day."""
    return moment_of(datetime.combine(day, at), ZoneInfo(name))
