"""Wait for so long, or for as long as chance says between two lengths."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from apps.flows.engine.moves import Move
from apps.flows.engine.step import Step
from apps.flows.moments import fixed, random_between
from apps.flows.node import Place, register
from apps.flows.nodes import world_clocks
from apps.flows.nodes.waits import declared
from apps.flows.nodes.waits.waiting import MomentWait
from apps.flows.nodes.world_clocks import Length


@register
class Wait(MomentWait):
    """Let the person wait for a length of time before they go on.

    Days, weeks, months and years end at the same time of day, by the clocks where the person is, also when these change
    meanwhile; hours, minutes and seconds are as long as they are. With a second length chance chooses a moment between
    both, which spares those who are asked afterwards from everybody at once.
    """

    key, title, icon, order = "wait", "Wait", "hourglass", 10
    is_dated = False
    example = {"length": "3 days"}

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """How long."""

        length: str = world_clocks.length(
            "How long", help="Such as 3 days, 1h30m, 2 months; or a reference to a length, or to a number of seconds."
        )
        up_to: str = world_clocks.length(
            "Up to", default="", help="Chance chooses between both. Empty: always as long."
        )
        missing: str = declared.missing("If the reference says no length")
        clocks: str = world_clocks.whose()
        zone_unknown: str = declared.zone_unknown()
        event_type: str = declared.resumed_type()
        properties: Any = declared.resumed_properties()

    def __init__(self, settings: Settings, place: Place) -> None:
        super().__init__(settings, place)
        self._length = world_clocks.length_of(place, "length", settings.length)
        self._up_to: Length | None = (
            world_clocks.length_of(place, "up_to", settings.up_to) if settings.up_to.strip() else None
        )

    @classmethod
    def may_lack(cls, settings: Settings) -> bool:
        """Tell whether a length is that of a reference."""
        return "@" in settings.length + settings.up_to

    def look(self, step: Step, clock: datetime, zone: ZoneInfo) -> Move:
        """Reckon from when they came: whoever asks again finds the same moment."""
        shortest = self._length(step)
        longest = self._up_to(step) if self._up_to else shortest
        if shortest is None or longest is None:
            return self.lacks(step, self.settings.missing)
        came_at = step.came_at + step.behind if step.came_at else clock
        if self._up_to is None:
            return self.stay(step, fixed(came_at, shortest, zone=zone))
        return self.stay(step, random_between(came_at, shortest, longest, zone=zone, seed=step.seed))
