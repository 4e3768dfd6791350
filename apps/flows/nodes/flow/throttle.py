"""One after the other."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.core.typed_settings import duration, number
from apps.flows.engine.moves import Ask, Go, Move, Stay
from apps.flows.engine.step import Step
from apps.flows.node import Node, Place, register
from apps.flows.nodes.flow import shared_keys


@register
class Throttle(Node):
    """People go on one after the other, so many in a while and evenly: whoever comes too early waits for their turn.

    It spares a system that bears only so much. Throttles of one key share their turns, whatever flow they are in.
    """

    key, group, title, icon, order = "throttle", "flow", "Throttle", "hourglass_bottom", 80
    is_wait = True
    example = {"limit": 10, "within": "1 minute", "key": "shop-api"}

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """How many go on in a while."""

        limit: int = number("At most", least=1, most=100_000, default=60)
        within: timedelta = duration("Within", default=timedelta(minutes=1), most=timedelta(days=30))
        counts: str = shared_keys.counts(shared_keys.ALL)
        key: str = shared_keys.shared_key()

    def __init__(self, settings: Settings, place: Place) -> None:
        self._key_of = shared_keys.compiled(place, settings)
        self._every_secs = settings.within.total_seconds() / settings.limit

    def run(self, step: Step) -> Move:
        """Ask for a turn, and wait until it comes; whoever is skipped goes on at once."""
        if step.wake is not None:
            return Go()
        if step.answer is None:
            return Ask("slot", {"key": self._key_of(step), "every_secs": self._every_secs})
        turn = datetime.fromisoformat(step.answer)
        return Go() if turn <= step.now else Stay(until=turn)
