"""What clocks and calendars show now."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from apps.flows.engine.moves import Go, Move
from apps.flows.engine.step import Step
from apps.flows.moments import reading_at
from apps.flows.node import Node, Place, register
from apps.flows.nodes import world_clocks
from apps.flows.nodes.results import into, placed

_SATURDAY: Final = 5


@register
class Clock(Node):
    """What time it is now, where the person is: date, time of day, day of the week and whether that is a weekend.

    The payload gets an object: `date`, `time`, `zone`, `year`, `month`, `week` (by ISO 8601, Monday is its first day),
    `day`, `weekday` (its name), `weekday_number` (Monday is 1), `is_weekend` (Saturday and Sunday), `hour`, `minute`.
    Whether it is a time of some days at which people may be reached, *Is it the time* says at once.
    """

    key, group, title, icon, order = "clock", "time", "What time it is", "watch", 10
    example = {"clocks": "person", "into": "clock"}

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """Whose clocks are looked at."""

        clocks: str = world_clocks.whose()
        into: str = into("clock")

    def __init__(self, settings: Settings, place: Place) -> None:
        self._settings = settings

    def run(self, step: Step) -> Move:
        """Look at them."""
        zone = world_clocks.zone_of(step, self._settings.clocks)
        shown = {**_shown(reading_at(world_clocks.now(step), zone)), "zone": zone.key}
        return Go(payload=placed(step.payload, self._settings.into, shown))


def _shown(reading: datetime) -> dict[str, Any]:
    return {
        "date": reading.date().isoformat(),
        "time": reading.time().isoformat("seconds"),
        "year": reading.year,
        "month": reading.month,
        "week": reading.isocalendar().week,
        "day": reading.day,
        "weekday": world_clocks.DAYS[reading.weekday()],
        "weekday_number": reading.isoweekday(),
        "is_weekend": reading.weekday() >= _SATURDAY,
        "hour": reading.hour,
        "minute": reading.minute,
    }
