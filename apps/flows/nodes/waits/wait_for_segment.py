"""Wait until the person enters a segment, or leaves it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from apps.core.typed_settings import choice, reference
from apps.flows.engine.moves import Awaited, Met, Move
from apps.flows.engine.step import Step
from apps.flows.node import Place, register
from apps.flows.nodes.waits import declared
from apps.flows.nodes.waits.waiting import OpenWait
from apps.segments.platform_events import ENTERED, LEFT

IN, OUT_OF = "entered", "left"


@register
class WaitForSegment(OpenWait):
    """Let the person wait until they are in a segment, or are in it no more.

    Whoever is so already goes on at once; whoever waits in vain leaves by time_out.
    """

    key, title, icon, order = "wait-for-segment", "Wait for a segment", "group_work", 70
    needs_person = True
    reads_segments = True
    example = {"segment": "buyers", "time_out": "14 days"}

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """Which segment, and until when."""

        segment: str = reference("Segment", to="segment")
        change: str = choice("Until they", {IN: "Are in it", OUT_OF: "Are not in it"}, default=IN)
        time_out: timedelta = declared.time_out()
        event_type: str = declared.resumed_type()
        properties: Any = declared.resumed_properties()

    def __init__(self, settings: Settings, place: Place) -> None:
        super().__init__(settings, place)
        [type] = self.awaited_by(settings)
        self._awaited = Awaited(type, {"properties.segment": settings.segment})

    @classmethod
    def awaited_by(cls, settings: Settings) -> tuple[str, ...]:
        """Return the type that tells of it."""
        return ((ENTERED if settings.change == IN else LEFT).type,)

    def look(self, step: Step, deadline: datetime) -> Move:
        """Look at whether they are in it."""
        is_in = self.settings.segment in step.scope["profile"].get("segments", ())
        # Who has entered and left again since was in it all the same.
        if is_in == (self.settings.change == IN) or isinstance(step.wake, Met):
            return self.go_on(step)
        if self.times_out(step, deadline):
            return self.go_on(step, "time_out")
        return self.stay(deadline, self._awaited)
