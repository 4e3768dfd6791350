"""How long it is from one time to another one."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from apps.conditions.durations import SECONDS, Duration, shift
from apps.core.typed_settings import text
from apps.flows.engine.moves import Fail, Go, Move
from apps.flows.engine.step import Step
from apps.flows.moments import reading_at
from apps.flows.node import Node, Place, register
from apps.flows.nodes import world_clocks
from apps.flows.nodes.results import into, placed

_CLOCK_UNITS: Final = ("second", "minute", "hour")


@register
class TimeDifference(Node):
    """How long it is from one time to another one: since the latest visit, until an appointment, the age of somebody.

    The payload gets an object: `seconds`, `minutes`, `hours`, `days` and `weeks` as they have elapsed, with their parts
    (a day has 24 hours), and in `whole` how many of each are over, months and years as well. Whole days and what is
    longer go by the calendar where the person is. All of them are below 0 where the second time is before the first.
    """

    key, group, title, icon, order = "time-difference", "time", "Time between", "timelapse", 40
    has_error_port = True
    example = {"from": "profile@last_seen_at", "into": "away"}

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """Between what."""

        from_: str = text("From", help="A reference, such as profile@last_seen_at, or a moment: 2026-12-24 18:00.")
        to: str = text("To", default="", help="The same. Empty: now.")
        clocks: str = world_clocks.whose()
        into: str = into("difference")

    def __init__(self, settings: Settings, place: Place) -> None:
        self._settings = settings
        self._from = world_clocks.moment_of(place, "from", settings.from_)
        self._to = world_clocks.moment_of(place, "to", settings.to)

    def run(self, step: Step) -> Move:
        """Reckon."""
        zone = world_clocks.zone_of(step, self._settings.clocks)
        start, end = self._from(step, zone), self._to(step, zone)
        if start is None or end is None:
            return Fail("A time is missing, or is none.")
        return Go(payload=placed(step.payload, self._settings.into, length_between(start, end, zone)))


def length_between(start: datetime, end: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """Return how long it is, in each unit: as it has elapsed, and how many of them are over."""
    sign, (first, last) = (1, (start, end)) if start <= end else (-1, (end, start))
    secs = (last - first).total_seconds()
    whole = {f"{unit}s": int(secs // SECONDS[unit]) for unit in _CLOCK_UNITS}
    whole |= _of_calendar(reading_at(first, zone), reading_at(last, zone))
    elapsed = {f"{unit}s": sign * round(secs / length, 6) for unit, length in SECONDS.items()}
    return {**elapsed, "whole": {name: sign * number for name, number in whole.items()}}


def _of_calendar(first: datetime, last: datetime) -> dict[str, int]:
    """Count by what clocks show; the evening of 31 January and that of 28 February are a month apart."""
    days = max((last - first).days, 0)
    months = max((last.year - first.year) * 12 + last.month - first.month, 0)
    if months and _after(first, months) > last:
        months -= 1
    return {"days": days, "weeks": days // 7, "months": months, "years": months // 12}


def _after(reading: datetime, months: int) -> datetime:
    return shift(reading.replace(tzinfo=UTC), Duration(months, "month")).replace(tzinfo=None)
