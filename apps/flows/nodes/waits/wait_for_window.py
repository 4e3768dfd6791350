"""Wait until it is a time of some days of the week, where the person is."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from apps.core.typed_settings import Problem
from apps.flows.engine.moves import Move
from apps.flows.engine.step import Step
from apps.flows.moments import WhenPast, local_window, reading_at
from apps.flows.node import Place, register
from apps.flows.nodes import world_clocks
from apps.flows.nodes.waits import declared
from apps.flows.nodes.waits.waiting import MomentWait


@register
class WaitForWindow(MomentWait):
    """Let the person go on only within a window of local time, such as from Monday to Friday between 9:00 and 17:00.

    Who comes while it is open goes on at once; others wait until it opens, by the clocks where they are. A window whose
    end is not later than its beginning goes on over midnight, and belongs to the day on which it began. Who is woken
    late as workers stood still looks again: nobody is let through at night because of an outage.
    """

    key, title, icon, order = "wait-for-window", "Wait for a time window", "date_range", 40
    looks_again = True
    example = {"weekdays": ["monday", "tuesday"], "from": "09:00", "to": "17:00"}

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """Days and times."""

        weekdays: tuple[str, ...] = world_clocks.weekdays()
        from_: str = world_clocks.time_of_day(
            "From", default="", help="A time of day, such as 09:00. Empty: at any time."
        )
        to: str = world_clocks.time_of_day("To", default="", help="Such as 17:00, which is outside.")
        past: str = declared.past("If today's is over already", WhenPast.NEXT_TIME, WhenPast.GO_ON, WhenPast.PORT)
        clocks: str = world_clocks.whose()
        zone_unknown: str = declared.zone_unknown()
        event_type: str = declared.resumed_type()
        properties: Any = declared.resumed_properties()

        def problems(self) -> Iterator[Problem]:
            """Tell what no field can tell alone."""
            yield from world_clocks.problems_of_window(self.from_, self.to)

    def __init__(self, settings: Settings, place: Place) -> None:
        super().__init__(settings, place)
        self._days = frozenset(map(world_clocks.DAYS.index, settings.weekdays))
        self._start = time.fromisoformat(settings.from_) if settings.from_ else None
        self._end = time.fromisoformat(settings.to) if settings.to else None

    def look(self, step: Step, clock: datetime, zone: ZoneInfo) -> Move:
        """Let them through while it is open, and wait while it is not."""
        opens = local_window(clock, weekdays=self._days, start=self._start, end=self._end, zone=zone)
        if opens <= clock:
            return self.go_on(step)
        today = reading_at(clock, zone).date()
        is_past = today.weekday() in self._days and reading_at(opens, zone).date() > today
        if is_past and self.settings.past != WhenPast.NEXT_TIME:
            return self.is_late(step)
        return self.stay(step, opens)
