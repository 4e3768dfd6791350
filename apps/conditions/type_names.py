"""How the types of events are written, whoever names one."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from apps.conditions.spelling import fold

MAX_LENGTH: Final = 128
# Names of one thing: Segment's specification of e-commerce and the built-in types grew apart. Events keep the name by
# which their sender calls them; who names one of a line asks about both.
SAME: Final = (
    ("product-details-page-view", "product-viewed"),
    ("product-added-to-basket", "product-added"),
    ("product-removed-from-basket", "product-removed"),
    ("basket-viewed", "cart-viewed"),
    ("search", "products-searched"),
    ("order-cancelled", "order-canceled"),
)
_SAME_AS: Final = {name: names for names in SAME for name in names}


def event_type(name: str) -> str:
    """Return the type that a name means: "Order Completed" is order-completed.

    Blanks of all kinds become dashes, capitals small letters, and what nobody sees is left out. Whoever reads the name
    of a type from a sender or from people passes it through here, once or several times: else two spellings would be
    two types.
    """
    return _known(name) if len(name) <= MAX_LENGTH else _written(name)


def _written(name: str) -> str:
    return fold("-".join(fold(name).split()).lower())  # again: small letters may be composed of others than capitals


_known: Final = lru_cache(maxsize=4_096)(_written)  # next to all events are of few types


def event_types(names: Iterable[str]) -> tuple[str, ...]:
    """Return the types whose events are meant by some names, each once: those named, and others for the same thing."""
    written = (event_type(name) for name in names)
    return tuple(dict.fromkeys(type_ for name in written for type_ in _SAME_AS.get(name, (name,))))


def part_of_event_type(text: str) -> str:
    """Return what a part of a name is in the type: " Comp" of "Order Completed" is -comp."""
    return event_type(f"0{text}0")[1:-1]  # nothing is trimmed between digits, nor joined to them
