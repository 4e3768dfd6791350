"""Branches come together."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from apps.core.typed_settings import choice, duration, number, text
from apps.flows.engine.graph import Joining
from apps.flows.engine.moves import Go, Move, TimedOut
from apps.flows.engine.step import Step
from apps.flows.node import Node, Place, register

TIME_OUT: Final = "time_out"
_MODES: Final = {
    "all": "All that can still come",
    "any": "The first goes on; the others end here",
    "first": "The first goes on; the others are stopped where they are",
    "key": "So many of one key",
}


@register
class Join(Node):
    """Branches of a run that part at a port with several edges come together here, and go on as one.

    What goes on has for payload what came along each edge, by the edge's name: payload@prices.answer.
    """

    key, group, title, icon, order = "join", "flow", "Join", "call_merge", 60
    is_wait = True
    is_join = True
    example = {"mode": "all", "time_out": "1 day"}

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """Who is waited for, and for how long."""

        mode: str = choice("Who is waited for", _MODES, default="all")
        key_of: str = text("Key", when=("mode", "key"), help="Those of one value belong together: payload@order_id.")
        count: int = number("How many of them", least=1, most=100, default=2, when=("mode", "key"))
        time_out: timedelta | None = duration(
            "At most",
            default=None,
            most=timedelta(days=400),
            help="From the first that came; then it goes on by time_out. Empty: for as long as it takes.",
        )

    def __init__(self, settings: Settings, place: Place) -> None:
        key = place.value("key_of", settings.key_of) if settings.mode == "key" else None
        self.joining = Joining(settings.mode, settings.time_out, key, settings.count)  # type: ignore[arg-type]

    @classmethod
    def ports_of(cls, settings: Settings) -> tuple[str, ...]:
        """Return a second one where not all are waited for."""
        return ("out", TIME_OUT) if settings.time_out else ("out",)

    def run(self, step: Step) -> Move:
        """Go on for all that came; the engine has waited for them."""
        return Go(TIME_OUT if isinstance(step.wake, TimedOut) else "out")
