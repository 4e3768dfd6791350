"""Trees evaluated in memory: a tree is compiled once to closures, which evaluate one document after the other."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from apps.conditions.evaluate import conditions as _conditions  # noqa: F401 - these register what they can do
from apps.conditions.evaluate import history as _history  # noqa: F401
from apps.conditions.evaluate import operands as _operands  # noqa: F401
from apps.conditions.evaluate.base import Context, Document, Truth, truth, value
from apps.conditions.evaluate.past_events import History, RecordedEvents
from apps.conditions.tree import Condition

__all__ = [
    "Context",
    "Document",
    "History",
    "Matcher",
    "RecordedEvents",
    "Truth",
    "compile",
    "matches",
    "truth",
    "value",
]


class Matcher(Protocol):
    """Tells whether a condition is true of a document; what is unknown does not match."""

    def __call__(self, document: Mapping[str, Any], *, now: datetime, history: History | None = None) -> bool:
        """Evaluate one document."""


def compile(condition: Condition) -> Matcher:
    """Make a function of a condition; keep it where many documents are evaluated."""
    test = truth(condition)

    def matcher(document: Document, *, now: datetime, history: History | None = None) -> bool:
        return test(document, Context(now, history)) is True

    return matcher


def matches(condition: Condition, document: Document, *, now: datetime, history: History | None = None) -> bool:
    """Tell whether a condition is true of a document: {"profile": {...}, "event": {...}, ...}."""
    return compile(condition)(document, now=now, history=history)
