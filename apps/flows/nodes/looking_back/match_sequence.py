"""Look whether things came in an order."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from apps.core.typed_settings import choice, text, yes_no
from apps.core.typed_settings import items as listed_items
from apps.flows.engine.moves import Go, Move
from apps.flows.engine.step import Step
from apps.flows.node import Node, Place, register
from apps.flows.nodes.data.given import given, listed

ANYWHERE, BEGINS, ENDS = "anywhere", "begins", "ends"
_WHERE: Final = {ANYWHERE: "Anywhere", BEGINS: "Where the list begins", ENDS: "Where the list ends"}
_ANYTHING: Final = "*"


@dataclass(frozen=True, kw_only=True)
class Item:
    """What comes next."""

    text: str = text("Item", help="An event type, or any text; * is anything.")


@register
class MatchSequence(Node):
    """A list is searched for items that follow one another: what the person viewed, put into the cart, and bought.

    It is for lists as List latest events makes them, and for any other list of texts. Capitals count.
    """

    key, group, title, icon, order = "match-sequence", "past", "Match a sequence", "conversion_path", 50
    ports = ("true", "false")
    has_error_port = True
    example = {"list": "payload@sequence", "items": [{"text": "product-viewed"}, {"text": "order-completed"}]}

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """Which list, and in what order."""

        list: str = given("List", default="payload@sequence", help="A reference, such as payload@sequence.")
        items: tuple[Item, ...] = listed_items("Items", Item, least=1, most=50)
        has_gaps: bool = yes_no("Others may come in between", default=True)
        where: str = choice("Where", _WHERE, default=ANYWHERE)

    def __init__(self, settings: Settings, place: Place) -> None:
        self._where, self._has_gaps = settings.where, settings.has_gaps
        self._items = [each.text for each in settings.items]
        self._list = place.value("list", settings.list)

    def run(self, step: Step) -> Move:
        """Search."""
        return Go("true" if self._is_in(listed(self._list(step.scope))) else "false")

    def _is_in(self, found: Sequence[Any]) -> bool:
        wanted: Sequence[str] = self._items
        if self._where == ENDS:  # the same from the other end
            found, wanted = found[::-1], wanted[::-1]
        if self._has_gaps:
            return (self._where == ANYWHERE or _begins(found, wanted[:1])) and _in_order(found, wanted)
        starts = range(len(found)) if self._where == ANYWHERE else (0,)
        return any(_begins(found[start : start + len(wanted)], wanted) for start in starts)


def _is(item: Any, wanted: str) -> bool:
    return wanted in (_ANYTHING, item)


def _begins(found: Sequence[Any], wanted: Sequence[str]) -> bool:
    return len(found) >= len(wanted) and all(map(_is, found, wanted))


def _in_order(found: Sequence[Any], wanted: Sequence[str]) -> bool:
    rest = iter(found)
    return all(any(_is(item, each) for item in rest) for each in wanted)
