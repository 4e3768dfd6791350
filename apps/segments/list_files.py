"""Files that hold lists of people, as spreadsheets save them: their encoding, their separator, their columns."""

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice, zip_longest
from typing import BinaryIO, Final, NamedTuple, TextIO

from apps.core.reading import BYTE_ORDER_MARK
from apps.profiles.lookup import people_of

Line = tuple[int, str]  # its number, and the name in it
HEAD: Final = 20  # lines that are looked at before the rest is read
SEPARATORS: Final = ",;\t|"  # of two that fit alike, the first
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class ListError(ValueError):
    """A list cannot be taken at all; the text says why."""


class Choice(NamedTuple):
    """Where in a file people are named: the place of the column, from 0, and whether the first line names columns."""

    column: int = 0
    has_header: bool = False


def open_text(raw: BinaryIO) -> TextIO:
    """Read a file as text: UTF-8 or UTF-16. The mark that tells which is no part of the first name."""
    buffered = raw if isinstance(raw, io.BufferedReader) else io.BufferedReader(raw)  # type: ignore[type-var]
    return io.TextIOWrapper(buffered, encoding=_encoding(buffered.peek(4)), newline="")


def _encoding(start: bytes) -> str:
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            return encoding
    if start[1:2] == b"\0":  # without a mark, but no name begins like this in UTF-8
        return "utf-16-le"
    return "utf-16-be" if start[:1] == b"\0" else "utf-8"


class ListFile:
    """A list of people, a line each. Raises ListError where it cannot be read."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        try:
            head = list(islice(self._lines, HEAD))
        except UnicodeDecodeError:
            raise _not_text(0) from None
        if head:  # to whom the text is handed as it was decoded, the mark is a letter of the first name
            head[0] = head[0].removeprefix(BYTE_ORDER_MARK)
        self._all = chain(head, self._lines)
        tables = {separator: _rows_of(head, separator) for separator in SEPARATORS}
        # The one that separates most.
        self.separator = max(tables, key=lambda separator: sum(len(row) - 1 for row in tables[separator]))
        self.rows = [[cell.strip() for cell in row] for row in tables[self.separator] if any(row)]

    @property
    def n_columns(self) -> int:
        """The number of columns, as far as the first lines tell."""
        return max(map(len, self.rows), default=0)

    def chosen(self, column: str) -> Choice:
        """Find a column by its name, which the first line has then, or by its number from 1."""
        header = [name.lower() for name in self.rows[0]] if self.rows else []
        if column.strip().lower() in header:
            return Choice(header.index(column.strip().lower()), has_header=True)
        if column.strip().isdecimal() and 0 < int(column) <= self.n_columns:
            return Choice(int(column) - 1)
        message = f"There is no column {column}; the first line has {', '.join(header) or 'nothing'}."
        raise ListError(message)

    def guess(self) -> Choice:
        """Take the column whose first lines name most people, and a first line for a header if it names nobody.

        It has to be unlike the lines below it for that: someone whom nobody knows is reported, not passed over.
        """
        columns = list(zip_longest(*self.rows, fillvalue=""))
        if not columns:
            return Choice()
        found = people_of({cell for row in self.rows for cell in row if cell})
        known = {cell for cell, people in found.items() if people}
        n_named = [(sum(cell in known for cell in cells), sum(map(_is_id, cells))) for cells in columns]
        best = n_named.index(max(n_named))
        first, *others = (cell in known or _is_id(cell) for cell in columns[best])
        return Choice(best, has_header=not first and any(others))

    def names(self, choice: Choice) -> Iterator[Line]:
        """Yield who is named, with the number of the line. Empty lines are skipped."""
        rows = csv.reader(self._all, delimiter=self.separator)
        is_header = choice.has_header
        try:
            for row in rows:
                name = row[choice.column].strip() if len(row) > choice.column else ""
                if name and not is_header:
                    yield rows.line_num, name
                is_header = is_header and not any(row)
        except UnicodeDecodeError:
            raise _not_text(rows.line_num) from None  # it is read in blocks
        except csv.Error as error:
            message = f"Line {rows.line_num} is no CSV: {error}."
            raise ListError(message) from None


def _not_text(line: int) -> ListError:
    where = f"After line {line} there" if line else "There"
    return ListError(f'{where} is something that is not in UTF-8. Save the file as "CSV UTF-8".')


def _rows_of(lines: Sequence[str], separator: str) -> list[list[str]]:
    try:
        return [row for row in csv.reader(lines, delimiter=separator) if row]
    except csv.Error:  # which is told, with its line, when the list is read
        return []


def _is_id(cell: str) -> bool:
    return "@" in cell or any(character.isdecimal() for character in cell)
