"""Wait until it is a time of day, on one of some days of the week, where the person is."""

from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from apps.flows.engine.moves import Move
from apps.flows.engine.step import Step
from apps.flows.moments import WhenPast, local_time, reading_at
from apps.flows.node import Place, register
from apps.flows.nodes import world_clocks
from apps.flows.nodes.waits import declared
from apps.flows.nodes.waits.waiting import MomentWait


@register
class WaitForTimeOfDay(MomentWait):
    """Let the person wait until it is a time of day, such as half past nine on a Monday, by the clocks where they are.

    A time that clocks skip is when they have done so; one that they show twice is the first of both.
    """

    key, title, icon, order = "wait-for-time-of-day", "Wait for a time of day", "schedule", 50
    example = {"at": "09:30"}

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """Time and days."""

        at: str = world_clocks.time_of_day("At", help="A time of day, such as 09:30.")
        weekdays: tuple[str, ...] = world_clocks.weekdays()
        past: str = declared.past("If it was today already", WhenPast.NEXT_TIME, WhenPast.GO_ON, WhenPast.PORT)
        clocks: str = world_clocks.whose()
        zone_unknown: str = declared.zone_unknown()
        event_type: str = declared.resumed_type()
        properties: Any = declared.resumed_properties()

    def __init__(self, settings: Settings, place: Place) -> None:
        super().__init__(settings, place)
        self._at = time.fromisoformat(settings.at)
        self._days = frozenset(map(world_clocks.DAYS.index, settings.weekdays))

    def look(self, step: Step, clock: datetime, zone: ZoneInfo) -> Move:
        """Let them wait, unless clocks show this time just now."""
        minute = clock.replace(second=0, microsecond=0)
        moment = local_time(minute, hour=self._at.hour, minute=self._at.minute, weekdays=self._days, zone=zone)
        if moment <= clock:
            return self.go_on(step)
        today = reading_at(clock, zone).date()
        is_past = today.weekday() in self._days and reading_at(moment, zone).date() > today
        if is_past and self.settings.past != WhenPast.NEXT_TIME:
            return self.is_late(step)
        return self.stay(step, moment)
