"""Wait until a condition holds of the person."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from apps.core.typed_settings import condition, duration
from apps.flows.engine.moves import Awaited, Move
from apps.flows.engine.step import Step
from apps.flows.models import Wait as Row
from apps.flows.node import Place, register
from apps.flows.nodes.waits import declared
from apps.flows.nodes.waits.waiting import OpenWait


@register
class WaitUntilCondition(OpenWait):
    """Let the person wait until a condition holds.

    It is judged when they come, whenever an event comes of them, and every so often, as time alone may make it true, or
    a change that no event tells of. Whoever waits in vain leaves by time_out.
    """

    key, title, icon, order = "wait-until-condition", "Wait until a condition holds", "rule", 80
    needs_person = True
    example = {"condition": 'profile@traits.plan = "pro"', "time_out": "30 days"}

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """What has to hold, and until when it is waited for."""

        condition: str = condition("Until", help='A condition, as in segments: profile@traits.plan = "pro".')
        every: timedelta = duration(
            "Judged at least every",
            default=timedelta(hours=1),
            least=timedelta(minutes=10),
            most=timedelta(days=7),
            help="Besides whenever an event comes of the person.",
        )
        time_out: timedelta = declared.time_out()
        event_type: str = declared.resumed_type()
        properties: Any = declared.resumed_properties()

    def __init__(self, settings: Settings, place: Place) -> None:
        super().__init__(settings, place)
        self._condition = place.condition("condition", settings.condition)

    @classmethod
    def awaited_by(cls, settings: Settings) -> tuple[str, ...]:
        """Whatever happens may make it true."""
        return (Row.ANYTHING,)

    def look(self, step: Step, deadline: datetime) -> Move:
        """Judge the condition; what is unknown does not hold."""
        if self._condition(step):
            return self.go_on(step)
        if self.times_out(step, deadline):
            return self.go_on(step, "time_out")
        return self.stay(deadline, Awaited(Row.ANYTHING), look_at=step.now + self.settings.every)
