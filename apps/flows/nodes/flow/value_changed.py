"""Two ways: whether something is what it was."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import orjson

from apps.core.ids import digest
from apps.core.typed_settings import choice, duration
from apps.flows.engine.moves import Ask, Failure, Go, Move
from apps.flows.engine.step import Step
from apps.flows.node import Effects, Node, Place, register
from apps.flows.nodes.data.given import given

CHANGED, SAME = "changed", "same"
_FIRST: Final = {CHANGED: "They leave by changed", SAME: "They leave by same"}


@register
class ValueChanged(Node):
    """A value is compared with what it was when the person came here last, in whatever run: a plan, a price, a town.

    Each node keeps it for itself, of each person, as a digest. With a fixed text in place of a reference people pass
    once, or once within a time: a welcome, a reminder a week. What leads to nothing is a value, too.
    """

    key, group, title, icon, order = "changed", "flow", "Value changed", "change_circle", 35
    ports = (CHANGED, SAME)
    effects = Effects.KEEPS
    has_error_port = True
    needs_person = True
    example = {"value": "profile@traits.plan", "within": "30 days"}

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """What is compared."""

        value: str = given("Value", help="A reference, such as profile@traits.plan.")
        first: str = choice("Who comes for the first time", _FIRST, default=CHANGED)
        within: timedelta | None = duration(
            "Within", default=None, help="What came so long ago is forgotten. Empty: it is kept."
        )

    def __init__(self, settings: Settings, place: Place) -> None:
        self._value = place.value("value", settings.value)
        self._first = settings.first
        self._within_secs = settings.within.total_seconds() if settings.within else None

    def run(self, step: Step) -> Move:
        """Ask what it was."""
        if step.answer is None:
            return Ask("changed", {"digest": _digest(self._value(step.scope)), "within_secs": self._within_secs})
        return Go(step.answer if step.answer in (CHANGED, SAME) else self._first)


def _digest(value: Any) -> str:
    try:
        return str(digest(orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()))
    except TypeError:
        raise Failure("The value is no JSON.") from None
