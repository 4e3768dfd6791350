"""Share a value with all flows."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from apps.core.typed_settings import Problem, choice, duration, number, template
from apps.flows.engine.effects import check_size
from apps.flows.engine.moves import Ask, Fail, Go, Move
from apps.flows.engine.step import Step
from apps.flows.node import Effects, Node, Place, register
from apps.flows.nodes.data import shared_value
from apps.flows.nodes.results import into, placed

SET, ADD, FORGET = "set", "add", "forget"
MAX_BYTES: Final = 4_000
_WHAT: Final = {SET: "Set it", ADD: "Add to it", FORGET: "Forget it"}


@register
class SetShared(Node):
    """A value is there for all flows, under a key and for a while: a price, a stock, how many have come today.

    Setting replaces what is there. Adding counts: what is not there is 0, and of many who come at once each is counted,
    and finds in the payload what it has come to. Each time it is set the while begins anew. A value has up to 4,000
    bytes as JSON. It counts as something of the person whose run has set it: it is erased and exported with them.
    """

    key, group, title, icon, order = "set-shared", "data", "Share a value", "cloud_upload", 25
    effects = Effects.KEEPS
    has_error_port = True
    example = {"key": "orders-today", "do": "add", "by": 1, "keep": "1 day", "into": "orders"}

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """Which value, and for how long."""

        key: str = shared_value.key()
        do: str = choice("What", _WHAT, default=SET)
        value: Any = template("Value", when=("do", SET), help='{"price": "event@properties.price"}, or a reference.')
        by: float = number(
            "By",
            least=-1_000_000,
            most=1_000_000,
            is_whole=False,
            default=1,
            when=("do", ADD),
            help="Below 0 it falls.",
        )
        keep: timedelta = duration(
            "For",
            default=timedelta(days=1),
            least=timedelta(seconds=1),
            most=timedelta(days=400),
            when=("do", SET, ADD),
        )
        into: str = into("shared")

        def problems(self) -> Iterator[Problem]:
            """Refuse a value that is nothing: forgetting one is another setting."""
            if self.do == SET and self.value is None:
                yield Problem("value", "There is no value.")

    def __init__(self, settings: Settings, place: Place) -> None:
        self._settings = settings
        self._key = place.text("key", settings.key)
        self._value = place.value("value", settings.value)

    def run(self, step: Step) -> Move:
        """Have it done where all that share it can be counted."""
        said = self._settings
        if step.answer is None:
            value = self._value(step.scope) if said.do == SET else said.by
            check_size(value, MAX_BYTES, "value")
            about = {"do": said.do, "value": value, "keep_secs": int(said.keep.total_seconds())}
            return Ask("share", {"key": shared_value.checked(self._key(step.scope)), **about})
        if "refused" in step.answer:
            return Fail(step.answer["refused"])
        return Go(payload=placed(step.payload, said.into, step.answer.get("value")))
