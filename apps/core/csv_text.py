"""Tables for other programs, line by line: they may be longer than the memory."""

import csv
from collections.abc import Iterable, Iterator
from typing import Any, Final

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet takes for something to compute


class _Line:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text


def lines(columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """Yield the lines of a table; no cell of its rows is one that a spreadsheet would compute."""
    writer = csv.writer(_Line())
    yield writer.writerow(columns)
    for row in rows:
        yield writer.writerow(map(_cell, row))


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
