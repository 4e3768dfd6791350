"""Let a worker go on, while whoever waits for an answer gets it."""

from dataclasses import dataclass
from typing import Any

from apps.flows.engine.moves import Move, Stay
from apps.flows.engine.step import Step
from apps.flows.node import Effects, Place, register
from apps.flows.nodes.waits import declared
from apps.flows.nodes.waits.waiting import Waiting


@register
class RunInBackground(Waiting):
    """Answer whoever waits now, and let a worker go on with what comes behind.

    In a flow that does not answer at once it changes nothing. What a flow answers has to stand before it.
    """

    key, title, icon, order = "run-in-background", "Run in background", "low_priority", 90
    effects = Effects.ANSWERS
    is_wait = False  # no time passes: a circle may not lead through it
    example = {}

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """What is said when a worker goes on."""

        event_type: str = declared.resumed_type()
        properties: Any = declared.resumed_properties()

    def __init__(self, settings: Settings, place: Place) -> None:
        super().__init__(settings, place)

    def run(self, step: Step) -> Move:
        """Leave it to a worker, if somebody waits."""
        if step.is_inline and step.wake is None:
            return Stay(until=step.now, leaves_inline=True)
        return self.go_on(step)
