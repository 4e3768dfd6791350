"""What evaluating in memory consists of: each kind of node registers how it becomes a closure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar

from apps.conditions.evaluate.past_events import History
from apps.conditions.makers import Maker, Makers
from apps.conditions.tree import Condition, Operand

# Values by root: {"profile": {...}}. "consents" is a function of a consent and the time that gives its state.
Document = Mapping[str, Any]


@dataclass(slots=True)  # not frozen: one is made for each decision, and that would cost half of its time
class Context:
    """What a decision depends on besides the document."""

    now: datetime
    history: History | None = None
    # What was made of the history, by what made it: many conditions ask for the same sum.
    made: dict[object, Any] = field(default_factory=dict)


Truth = bool | None  # None is unknown
Test = Callable[[Document, Context], Truth]
Value = Callable[[Document, Context], Any]
_tests: Makers[Test] = Makers()
_values: Makers[Value] = Makers()


def decides(kind: type[Condition]) -> Callable[[Maker], Maker]:
    """Register the function that makes tests of a kind of condition."""
    return _tests.register(kind)


def evaluates(kind: type[Operand]) -> Callable[[Maker], Maker]:
    """Register the function that makes values of a kind of operand."""
    return _values.register(kind)


@lru_cache(maxsize=1024)
def truth(condition: Condition) -> Test:
    """Make a function that says whether a condition is true, false or unknown of a document."""
    return _tests[type(condition)](condition)


@lru_cache(maxsize=1024)
def value(operand: Operand) -> Value:
    """Make a function that gives the value of an operand; None is nothing."""
    return _values[type(operand)](operand)


Made = TypeVar("Made")


def once_for(make: Callable[[datetime], Made]) -> Callable[[datetime], Made]:
    """Remember what is made of the present time: many documents are evaluated at the same one."""
    known: tuple[datetime, Made] | None = None

    def get(now: datetime) -> Made:
        nonlocal known
        found = known  # another thread may evaluate at another time
        if found is None or found[0] is not now:
            found = known = (now, make(now))
        return found[1]

    return get
