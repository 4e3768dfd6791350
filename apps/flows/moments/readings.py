"""What the clocks of a zone show, and when they show it.

A *reading* is what a clock shows: a datetime without a zone. Between two changes of a zone clocks run evenly, so what
is looked for by what they show is reckoned there alone, and begun anew where they change.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

_STEP: Final = timedelta(hours=6)  # no zone changes twice within it
_SECOND: Final = timedelta(seconds=1)


def reading_at(moment: datetime, zone: ZoneInfo) -> datetime:
    """Return what clocks of a zone show at a moment."""
    return moment.astimezone(zone).replace(tzinfo=None)


def moment_of(reading: datetime, zone: ZoneInfo) -> datetime:
    """Return when clocks of a zone show this for the first time; if they skip it, when they have just done so."""
    placed = reading.replace(tzinfo=zone, fold=0)
    moment = placed.astimezone(UTC)
    if reading_at(moment, zone) == reading:
        return moment
    return _changed(zone, placed.replace(fold=1).astimezone(UTC), moment)


def first(
    zone: ZoneInfo, now: datetime, search: Callable[[datetime], datetime | None], *, within: timedelta
) -> datetime | None:
    """Return the first moment, now or later, at which clocks show what is searched for; None if that is not soon.

    `search` returns the first reading, this one or a later one, that will do if clocks run evenly.
    """
    moment = now.astimezone(UTC)
    end = moment + within
    while moment <= end:
        reading = reading_at(moment, zone)
        found = search(reading)
        if found is None:
            return None
        goal = moment + (found - reading)
        change = _next_change(zone, moment, goal)
        if change is None:
            return goal
        moment = change
    return None


def _next_change(zone: ZoneInfo, moment: datetime, goal: datetime) -> datetime | None:
    """Return when clocks change after a moment, if they do so until the goal is reached."""
    while moment < goal:
        following = min(moment + _STEP, goal)
        if _ahead(zone, following) != _ahead(zone, moment):
            return _changed(zone, moment, following)
        moment = following
    return None


def _changed(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """Return when the clocks changed between two moments: the first full second of those that run as they do after."""
    ahead = _ahead(zone, before)
    before = before.replace(microsecond=0)
    low, high = 0, int((after - before) / _SECOND) + 1
    while high - low > 1:
        middle = (low + high) // 2
        if _ahead(zone, before + middle * _SECOND) == ahead:
            low = middle
        else:
            high = middle
    return before + high * _SECOND


def _ahead(zone: ZoneInfo, moment: datetime) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()
