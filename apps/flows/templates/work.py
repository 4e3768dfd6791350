"""How much work it may be to fill a template: whatever goes through a text or a list says so, and is stopped in time.

A rendering has so much of it, whatever the loops and filters of its template make of the data: a worker does nothing
else meanwhile.
"""

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from time import thread_time
from typing import Any, Final, TypeVar

from apps.flows.engine.moves import Failure

MOST: Final = 3_000_000  # characters
OF_AN_ITEM: Final = 10  # an item of a list, or an entry of an object, is as much work as so many of them
MAX_ROUNDS: Final = 10_000  # of all loops of a template together
MAX_SECS: Final = 2.0  # of the thread's own time, once there is a loop: what a round does is as long as the template
_LOOKS: Final = 10  # rounds between two looks at the clock
_SHORT: Final = 50  # what is shorter is no more work than any operation is: of these there are as many as rounds allow
_LONG: Final = (str, list, tuple, dict)
T = TypeVar("T")
TOO_MUCH: Final = "It is too much work to fill it: the lists or texts that it goes through are too long."


@dataclass(slots=True)
class _Left:
    """What is left of a rendering."""

    work: int = MOST
    rounds: int = MAX_ROUNDS
    until: float = 0.0  # 0: no loop has gone so far


_now: Final[ContextVar[_Left | None]] = ContextVar("work of a template", default=None)


def bounded(do: Callable[..., T], *args: Any) -> T:
    """Call a function that fills a template, with all the work that it may be; outside of it nothing counts."""
    token = _now.set(_Left())
    try:
        return do(*args)
    finally:
        _now.reset(token)


def spend(n: int) -> None:
    """Do so much. Raises Failure where no more is left."""
    left = _now.get()
    if left is None:
        return
    left.work -= n
    if left.work < 0:
        raise Failure(TOO_MUCH)


def go_through(value: Any) -> None:
    """Go through a text, or the items of a list, but not into them. Raises Failure where no more is left."""
    if isinstance(value, _LONG) and len(value) > _SHORT:
        spend(len(value) if isinstance(value, str) else OF_AN_ITEM * len(value))


def go_round() -> None:
    """Go round a loop once. Raises Failure where it is once too often, or takes too long."""
    left = _now.get()
    assert left is not None
    left.rounds -= 1
    if left.rounds < 0:
        raise Failure(f"The loops of a template go round more than {MAX_ROUNDS} times.")
    if left.rounds % _LOOKS:
        return
    now = thread_time()
    if not left.until:
        left.until = now + MAX_SECS
    elif now > left.until:
        raise Failure(TOO_MUCH)
