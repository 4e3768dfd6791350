"""Two ways: whether something is so."""

from dataclasses import dataclass
from typing import Final

from apps.core.typed_settings import condition
from apps.flows.engine.moves import Go, Move
from apps.flows.engine.step import Step
from apps.flows.node import Node, Place, register

_TRUE: Final = Go("true")
_FALSE: Final = Go("false")


@register
class Condition(Node):
    """Whoever meets a condition goes one way, everybody else the other. It is judged once, when they come.

    What cannot be told, such as a comparison with a value that is missing, is false.
    """

    key, group, title, icon, order = "condition", "flow", "Condition", "alt_route", 30
    ports = ("true", "false")
    has_error_port = True
    example = {"condition": "event@properties.total > 100"}

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """What is asked."""

        condition: str = condition(
            "Condition",
            help="As in segments, and of event@, session@, payload@ and memory@: event@properties.total > 100.",
        )

    def __init__(self, settings: Settings, place: Place) -> None:
        self._holds = place.condition("condition", settings.condition)

    def run(self, step: Step) -> Move:
        """Judge."""
        return _TRUE if self._holds(step) else _FALSE
