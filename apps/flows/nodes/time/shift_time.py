"""A time so long before another one, or after it."""

from dataclasses import dataclass
from datetime import UTC
from typing import Final

from apps.core.typed_settings import choice, text
from apps.flows.engine.moves import Fail, Go, Move
from apps.flows.engine.step import Step
from apps.flows.moments import fixed, reading_at
from apps.flows.node import Node, Place, register
from apps.flows.nodes import world_clocks
from apps.flows.nodes.results import into, placed

LATER, EARLIER = "later", "earlier"
TIME, DAY = "time", "day"
_SIDES: Final = {LATER: "Later", EARLIER: "Earlier"}
_GIVES: Final = {TIME: "The time", DAY: "Its day, where they are"}


@register
class ShiftTime(Node):
    """A time is moved by so long: when a trial of 14 days ends, or what day was three months ago.

    Days, weeks, months and years end at the same time of day, by the clocks where the person is, also when these change
    meanwhile; a day that a month does not have is its last one. The payload gets a text by ISO 8601, a time in UTC: it
    can be stored in a field, waited for, and written as people read it by the filter `date`.
    """

    key, group, title, icon, order = "shift-time", "time", "Move a time", "update", 50
    has_error_port = True
    example = {"time": "event@properties.appointment_at", "side": "earlier", "length": "1 day", "into": "remind_at"}

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """Which time, and by how much."""

        time: str = text("Time", default="", help="A reference, or a moment: 2026-12-24 18:00. Empty: now.")
        side: str = choice("To where", _SIDES, default=LATER)
        length: str = world_clocks.length(
            "By how long",
            help="Such as 3 days, 1h30m, 2 months; or a reference to a length, or to a number of seconds.",
        )
        gives: str = choice("What is wanted", _GIVES, default=TIME)
        clocks: str = world_clocks.whose()
        into: str = into("time")

    def __init__(self, settings: Settings, place: Place) -> None:
        self._settings = settings
        self._time = world_clocks.moment_of(place, "time", settings.time)
        self._length = world_clocks.length_of(place, "length", settings.length)

    def run(self, step: Step) -> Move:
        """Move it."""
        said = self._settings
        zone = world_clocks.zone_of(step, said.clocks)
        time, length = self._time(step, zone), self._length(step)
        if time is None:
            return Fail("The time is missing, or is none.")
        if length is None:
            return Fail("The length is missing, or is none.")
        moved = fixed(time, length if said.side == LATER else -length, zone=zone)
        shown = moved.astimezone(UTC).isoformat() if said.gives == TIME else reading_at(moved, zone).date().isoformat()
        return Go(payload=placed(step.payload, said.into, shown))
