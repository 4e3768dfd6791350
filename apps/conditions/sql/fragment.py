"""Pieces of SQL with their parameters."""

from collections.abc import Iterable
from dataclasses import dataclass
from string import Formatter
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Sql:
    """SQL text with a %s for each of its parameters."""

    text: str
    params: tuple[Any, ...] = ()


def sql(template: str, *parts: Any) -> Sql:
    """Put parts into the places {} or {0} of a template: pieces of SQL as they are, all else as parameters."""
    text, position = "", 0
    params: list[Any] = []
    for words, place, _, _ in Formatter().parse(template):
        text += words
        if place is not None:
            part = parts[int(place or position)]
            position += 1
            piece = part if isinstance(part, Sql) else Sql("%s", (part,))
            text += piece.text
            params += piece.params
    return Sql(text, tuple(params))


def listed(parts: Iterable[Any]) -> Sql:
    """Write parts one after the other, with commas: pieces of SQL as they are, all else as parameters."""
    items = list(parts)
    return sql(", ".join("{}" for _ in items), *items)


def joined(separator: str, parts: Iterable[Sql]) -> Sql:
    """Join pieces of SQL in brackets; one alone needs none."""
    pieces = list(parts)
    if len(pieces) == 1:
        return pieces[0]
    return Sql(
        separator.join(f"({piece.text})" for piece in pieces),
        tuple(param for piece in pieces for param in piece.params),
    )


TRUE: Final = Sql("TRUE")
FALSE: Final = Sql("FALSE")
