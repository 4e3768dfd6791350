"""While one document is looked at, each text is parsed once, and only so much: long ones take their time."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final

from apps.conditions.tree import Condition

MOST: Final = 100_000  # characters of all conditions of a document together
TOO_MUCH: Final = f"All conditions together have at most {MOST:,} characters: with this one they have more."


@dataclass(slots=True)
class Kept:
    """The trees of texts, and how many characters may still be parsed."""

    n_left: int = MOST
    trees: dict[tuple[str, bool], Condition] = field(default_factory=dict)

    def may(self, text: str) -> bool:
        """Take the characters of a text that is to be parsed; tell whether there were so many left."""
        self.n_left -= len(text)
        return self.n_left >= 0


_kept: Final = ContextVar[Kept | None]("kept", default=None)


@contextmanager
def parsing_once() -> Iterator[None]:
    """Keep what is parsed until this is over; within another one, as long as that."""
    if _kept.get() is not None:
        yield
        return
    token = _kept.set(Kept())
    try:
        yield
    finally:
        _kept.reset(token)


def kept() -> Kept | None:
    """Return what is kept; None where nothing is."""
    return _kept.get()
