"""Wait until a moment: one that is typed in, or one that is referred to."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from apps.core.typed_settings import text
from apps.flows.engine.moves import Move
from apps.flows.engine.step import Step
from apps.flows.moments import WhenPast
from apps.flows.node import Place, register
from apps.flows.nodes import world_clocks
from apps.flows.nodes.waits import declared
from apps.flows.nodes.waits.waiting import MomentWait


@register
class WaitUntil(MomentWait):
    """Let the person wait until a moment.

    One that is typed in without a time zone, such as 2026-12-24 18:00, is when clocks show it where the person is. A
    reference leads to a text in ISO 8601 (without a zone it means UTC; a day by itself begins where the person is), or
    to a number of seconds or milliseconds since 1970.
    """

    key, title, icon, order = "wait-until", "Wait until a moment", "event", 20
    example = {"moment": "event@properties.appointment_at", "past": "port"}

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """Until when."""

        moment: str = text("Moment", help="2026-12-24 18:00, or a reference such as event@properties.appointment_at.")
        past: str = declared.past("If it is past already", WhenPast.GO_ON, WhenPast.PORT)
        missing: str = declared.missing("If the reference says no moment")
        clocks: str = world_clocks.whose()
        zone_unknown: str = declared.zone_unknown()
        event_type: str = declared.resumed_type()
        properties: Any = declared.resumed_properties()

    def __init__(self, settings: Settings, place: Place) -> None:
        super().__init__(settings, place)
        self._moment = world_clocks.moment_of(place, "moment", settings.moment)

    @classmethod
    def may_lack(cls, settings: Settings) -> bool:
        """Tell whether it is referred to."""
        return "@" in settings.moment

    def look(self, step: Step, clock: datetime, zone: ZoneInfo) -> Move:
        """Let them wait, unless it is past."""
        moment = self._moment(step, zone)
        if moment is None:
            return self.lacks(step, self.settings.missing)
        return self.stay(step, moment) if moment > clock else self.is_late(step)
