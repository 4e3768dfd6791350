"""Where people enter."""

from dataclasses import dataclass
from typing import Final

from apps.flows.engine.moves import Go, Move
from apps.flows.engine.step import Step
from apps.flows.node import Node, Place, register

_ON: Final = Go()


@register
class Start(Node):
    """Everybody enters here, whatever let them in. A flow has one start, and nothing leads back to it."""

    key, group, title, icon, order = "start", "flow", "Start", "play_arrow", 10
    example = {}

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """There is nothing to say: triggers belong to the flow."""

    def __init__(self, settings: Settings, place: Place) -> None:
        pass

    def run(self, step: Step) -> Move:
        """Go on."""
        return _ON
