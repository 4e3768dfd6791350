"""Windows of local time: inside of them nothing waits; outside, until clocks next show a time inside."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from apps.flows.moments.readings import first

EVERY_DAY: Final = frozenset(range(7))  # Monday is 0
_DAY: Final = timedelta(days=1)
# A window of one day of the week may be skipped by clocks once, and comes a week later.
_SOON: Final = timedelta(days=16)


@dataclass(frozen=True, slots=True)
class Window:
    """From a time of day on, before another one; one that is not later is on the day after. Neither: all day.

    Weekdays are those on which it begins: at two on a Saturday one of Fridays from 22 to 6 is still open.
    """

    weekdays: frozenset[int] = EVERY_DAY
    start: time = time.min
    end: time = time.min

    def opening(self, reading: datetime) -> datetime | None:
        """Return the first reading of a clock, this one or a later one, that is inside."""
        for day in _days(reading):
            if day.weekday() in self.weekdays:
                opens, closes = self._of(day)
                if reading < closes:
                    return max(reading, opens)
        return None

    def closing(self, reading: datetime) -> datetime | None:
        """Return the first reading of a clock, this one or a later one, that is outside."""
        for day in _days(reading):
            opens, closes = self._of(day)
            if day.weekday() in self.weekdays and opens <= reading < closes:
                reading = closes
            elif opens > reading:
                return reading
        return None

    def _of(self, day: date) -> tuple[datetime, datetime]:
        opens = datetime.combine(day, self.start)
        closes = datetime.combine(day, self.end)
        return opens, closes if closes > opens else closes + _DAY


def local_window(
    now: datetime, *, weekdays: Collection[int], start: time | None, end: time | None, zone: ZoneInfo
) -> datetime:
    """Return the first moment, now or later, that is inside a window on these days; without times at any time of them.

    Raises ValueError if there is no day, or only one of both times.
    """
    if not weekdays or (start is None) != (end is None):
        message = "A window has days, and either both times or neither."
        raise ValueError(message)
    window = Window(frozenset(weekdays), start or time.min, end or time.min)
    found = first(zone, now, window.opening, within=_SOON)
    assert found is not None, "a window opens each week, or the week after"
    return found


def opens_at(now: datetime, hours: Iterable[Window], zone: ZoneInfo) -> datetime | None:
    """Return the first moment, now or later, that is outside of all of these windows; None if there is none."""
    windows = tuple(hours)

    def closing(reading: datetime) -> datetime | None:
        goal = reading + _SOON
        while reading < goal:
            ends = [window.closing(reading) for window in windows]
            if None in ends:
                return None
            latest = max((end for end in ends if end), default=reading)
            if latest == reading:
                return reading
            reading = latest
        return None

    return first(zone, now, closing, within=_SOON)


def _days(reading: datetime) -> list[date]:
    """List the days, in their order, of whose windows one may be open, or the next to open."""
    today = reading.date()
    return [today + days * _DAY for days in range(-1, 9)]
