"""Wait until a date that a field says, so long before or after it; or until it comes back in the year."""

from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from apps.conditions.durations import Duration, parse_length
from apps.conditions.exceptions import TreeError
from apps.core.typed_settings import choice, text
from apps.flows.engine.moves import Move
from apps.flows.engine.step import Step
from apps.flows.moments import Leap, WhenPast, next_anniversary, read_day, until_field
from apps.flows.node import Place, register
from apps.flows.nodes import world_clocks
from apps.flows.nodes.waits import declared
from apps.flows.nodes.waits.waiting import MomentWait

BEFORE, AFTER = "before", "after"
_MAX_DAYS = 366  # that a date which comes back may be away from its day


@register
class WaitForDate(MomentWait):
    """Let the person wait until a date that a field says, so long before it or after it.

    Three days before a renewal at nine is nine o'clock by the clocks where the person is, whatever the time of year. A
    date that is past may be waited for until it comes back, as a birthday does each year.
    """

    key, title, icon, order = "wait-for-date", "Wait for a date", "calendar_month", 30
    example = {"field": "profile@data.pii.birthday", "offset": "3 days", "at": "09:00"}

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """Which date, how long before or after it, and at what time."""

        field: str = text("Date", help="A reference, such as profile@data.pii.birthday.")
        offset: str = text("So long", max_length=60, default="", help="Such as 3 days. Empty: on the date.")
        side: str = choice("Before or after it", {BEFORE: "Before", AFTER: "After"}, default=BEFORE)
        at: str = world_clocks.time_of_day(
            "At",
            default="",
            help="A time of day, such as 09:00. Empty: that of the date; a day, and what comes back, is at 00:00.",
        )
        past: str = declared.past("If it is past already", WhenPast.GO_ON, WhenPast.PORT, WhenPast.NEXT_TIME)
        leap: str = choice(
            "29 February, in other years",
            {Leap.FEB28.value: "Is 28 February", Leap.MAR1.value: "Is 1 March"},
            default=Leap.FEB28.value,
            when=("past", WhenPast.NEXT_TIME.value),
        )
        missing: str = declared.missing("If the field says no date")
        clocks: str = world_clocks.whose()
        zone_unknown: str = declared.zone_unknown()
        event_type: str = declared.resumed_type()
        properties: Any = declared.resumed_properties()

    def __init__(self, settings: Settings, place: Place) -> None:
        super().__init__(settings, place)
        if "@" not in settings.field:
            place.refuse("field", "Expected a reference to a date, such as profile@data.pii.birthday.")
        self._value = place.value("field", settings.field)
        self._at = time.fromisoformat(settings.at) if settings.at else None
        self._offset = _offset(place, settings)

    def look(self, step: Step, clock: datetime, zone: ZoneInfo) -> Move:
        """Let them wait for the date, or until it comes back."""
        value = self._value(step.scope)
        moment = until_field(value, self._offset, zone=zone, at=self._at)
        if moment is None:
            return self.lacks(step, self.settings.missing)
        if moment > clock:
            return self.stay(step, moment)
        day = read_day(value)
        if self.settings.past != WhenPast.NEXT_TIME or day is None:
            return self.is_late(step)
        leap, at = Leap(self.settings.leap), self._at or time.min
        moment = next_anniversary(clock, day, self._offset, zone=zone, leap=leap, at=at)
        return self.stay(step, moment) if moment > clock else self.go_on(step)


def _offset(place: Place, settings: WaitForDate.Settings) -> Duration | None:
    if not settings.offset.strip():
        return None
    try:
        length = parse_length(settings.offset)
    except TreeError as error:
        place.refuse("offset", error.message)
        return None
    if settings.past == WhenPast.NEXT_TIME and length.days > _MAX_DAYS:
        place.refuse("offset", "At most a year from a date that comes back each year.")
        return None
    return -length if settings.side == BEFORE else length
