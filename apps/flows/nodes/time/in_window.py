"""Two ways: whether it is a time of some days of the week."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import time

from apps.core.typed_settings import Problem
from apps.flows.engine.moves import Go, Move
from apps.flows.engine.step import Step
from apps.flows.moments import local_window
from apps.flows.node import Node, Place, register
from apps.flows.nodes import world_clocks


@register
class InWindow(Node):
    """Whoever comes at a time of some days, such as from Monday to Friday between 9:00 and 17:00, leaves by inside.

    All others leave by outside, at once; *Wait for a time window* lets them wait instead. A window whose end is not
    later than its beginning goes on over midnight, and belongs to the day on which it began.
    """

    key, group, title, icon, order = "in-window", "time", "Is it the time", "event_available", 20
    ports = ("inside", "outside")
    example = {"weekdays": ["friday", "saturday"], "from": "18:00", "to": "02:00"}

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """Days and times."""

        weekdays: tuple[str, ...] = world_clocks.weekdays()
        from_: str = world_clocks.time_of_day(
            "From", default="", help="A time of day, such as 09:00. Empty: at any time."
        )
        to: str = world_clocks.time_of_day("To", default="", help="Such as 17:00, which is outside.")
        clocks: str = world_clocks.whose()

        def problems(self) -> Iterator[Problem]:
            """Tell what no field can tell alone."""
            yield from world_clocks.problems_of_window(self.from_, self.to)

    def __init__(self, settings: Settings, place: Place) -> None:
        self._settings = settings
        self._days = frozenset(map(world_clocks.DAYS.index, settings.weekdays))
        self._start = time.fromisoformat(settings.from_) if settings.from_ else None
        self._end = time.fromisoformat(settings.to) if settings.to else None

    def run(self, step: Step) -> Move:
        """Look at the clock."""
        now, zone = world_clocks.now(step), world_clocks.zone_of(step, self._settings.clocks)
        opens = local_window(now, weekdays=self._days, start=self._start, end=self._end, zone=zone)
        return Go("inside" if opens <= now else "outside")
