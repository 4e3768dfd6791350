"""So many in a while, and no more."""

from dataclasses import dataclass
from datetime import timedelta

from apps.core.typed_settings import duration, number
from apps.flows.engine.moves import Ask, Go, Move
from apps.flows.engine.step import Step
from apps.flows.node import Effects, Node, Place, register
from apps.flows.nodes.flow import shared_keys


@register
class Limiter(Node):
    """So many may pass within a length of time that moves along with the clock; all others leave by block at once.

    Limiters of one key count together, whatever flow they are in: by that several flows share an allowance.
    A key that refers to something counts each of its values by itself: so many for each product, or address.
    """

    key, group, title, icon, order = "limiter", "flow", "Limiter", "speed", 70
    ports = ("pass", "block")
    effects = Effects.COUNTS
    example = {"limit": 2, "within": "7 days", "key": "offers"}

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """How many may pass."""

        limit: int = number("At most", least=1, most=100_000, default=1)
        within: timedelta = duration("Within", default=timedelta(days=1), most=timedelta(days=400))
        counts: str = shared_keys.counts(shared_keys.PERSON)
        key: str = shared_keys.shared_key()

    def __init__(self, settings: Settings, place: Place) -> None:
        self._settings, self._key_of = settings, shared_keys.compiled(place, settings)

    def run(self, step: Step) -> Move:
        """Ask, as all that pass are counted at one place."""
        if step.answer is None:
            said = self._settings
            about = {"limit": said.limit, "window_secs": int(said.within.total_seconds())}
            return Ask("limit", {"key": self._key_of(step), **about})
        return Go("pass" if step.answer else "block")
