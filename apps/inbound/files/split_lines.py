"""Records of files: a line of JSON, or a row of CSV as an object by the names of its columns."""

import csv
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from apps.inbound.files.lines import HEAD_BYTES, MOST_BYTES, Line
from apps.inbound.files.settings import CSV, NAMES, LineSettings

MOST_LINES: Final = 200  # of one row, whose values may have line breaks
# Lines that are taken for further ones of a row, and are none, are looked at again: so often in all, and in one go.
AGAIN_TIMES: Final = 8
MOST_AGAIN: Final = 32_000_000  # bytes
MOST_COLUMNS: Final = 2_000
_UNENDED: Final = "unexpected end of data"
UNENDED_PROBLEM: Final = "A quote is opened, and never closed."
MANY_COLUMNS: Final = f"The header has more than {MOST_COLUMNS:,} columns: the file is not read."


@dataclass(frozen=True, slots=True)
class Record:
    """What becomes a message, or, with a problem, a dead letter."""

    body: bytes
    number: int  # of its first line
    last: Line  # after which one goes on
    problem: str = ""


def records(lines: Iterable[Line], settings: LineSettings, names: list[str]) -> Iterator[Record]:
    """Read records. Of CSV, the names of the columns are put into `names` once they are known."""
    if settings.format == CSV:
        return _Rows(settings, names).read(lines)
    return _documents(lines, settings.encoding)


def _documents(lines: Iterable[Line], encoding: str) -> Iterator[Record]:
    for line in lines:
        if line.problem:
            yield Record(line.data[:HEAD_BYTES], line.number, line, line.problem)
        elif line.data.strip():
            body, problem = line.data, ""
            if encoding not in ("utf-8", "utf-16"):  # UTF-16 was written anew before
                body, problem = _decoded(line.data, encoding)
            yield Record(body, line.number, line, problem)


def _decoded(data: bytes, encoding: str) -> tuple[bytes, str]:
    try:
        return data.decode(encoding).encode(), ""
    except UnicodeDecodeError as error:
        return data, f"It is no {encoding}: byte {error.start + 1} of the line has no meaning there."


@dataclass(slots=True)
class _Rows:
    """Makes rows of lines: a quoted value may have line breaks, and a quote too many must not swallow the rest."""

    settings: LineSettings
    names: list[str]
    again: deque[Line] = field(default_factory=deque)  # lines that are looked at once more, as rows of their own
    n_left: int = MOST_AGAIN  # bytes that may yet be taken for further lines

    def read(self, lines: Iterable[Line]) -> Iterator[Record]:
        source = iter(lines)
        if not self.names and self.settings.header == NAMES:
            self.names += self.settings.names
        while (line := self._next(source)) is not None:
            if line.problem:
                yield Record(line.data[:HEAD_BYTES], line.number, line, line.problem)
            elif line.data.strip():
                record = self._record(line, source)
                if record:
                    yield record
                if record and record.problem == MANY_COLUMNS:
                    return

    def _next(self, source: Iterator[Line]) -> Line | None:
        if self.again:
            return self.again.popleft()
        line = next(source, None)
        if line:
            self.n_left = min(MOST_AGAIN, self.n_left + AGAIN_TIMES * len(line.data))
        return line

    def _record(self, first: Line, source: Iterator[Line]) -> Record | None:
        """Read one row; None for the one that names the columns."""
        taken = [first]
        values, problem = self._whole(taken, source)
        if not problem and not self.names and len(values) > MOST_COLUMNS:
            problem = MANY_COLUMNS
        if not problem and not self.names:
            self.names += _named(values)
            return None
        if not problem and len(values) != len(self.names):
            problem = f"It has {_columns(len(values))}, and there are names for {len(self.names)}."
        if not problem:
            self.n_left += sum(len(line.data) for line in taken[1:])  # they are looked at once
        else:
            self.again.extendleft(reversed(taken[1:]))  # only the first line is surely wrong
            return Record(first.data[:HEAD_BYTES], first.number, first, problem)
        body = orjson.dumps(dict(zip(self.names, values, strict=True)))
        return Record(body, first.number, taken[-1])

    def _whole(self, taken: list[Line], source: Iterator[Line]) -> tuple[list[str], str]:
        """Parse a row, and take further lines for it while a quote is open; what is wrong with it is a sentence."""
        texts = self._texts(taken, source)
        quote = self.settings.quote_sign
        quoting: Any = {"quotechar": quote} if quote else {"quoting": csv.QUOTE_NONE}
        try:
            values = next(csv.reader(texts, delimiter=self.settings.delimiter_sign, strict=True, **quoting), [])
        except UnicodeDecodeError:
            return [], f"It is no {self._encoding}."
        except csv.Error as error:
            return [], UNENDED_PROBLEM if _UNENDED in str(error) else f"It is no row of CSV: {error}."
        return values, ""

    def _texts(self, taken: list[Line], source: Iterator[Line]) -> Iterator[str]:
        """Yield the lines of a row, which the parser asks for one by one, as far as a row may go."""
        yield taken[0].data.decode(self._encoding) + "\n"
        size = len(taken[0].data)
        while len(taken) < MOST_LINES and size < MOST_BYTES and self.n_left > 0:
            line = self._next(source)
            if line is None or line.problem:
                self.again.extendleft([line] if line else [])
                return
            taken.append(line)
            size += len(line.data)
            self.n_left -= len(line.data)
            yield line.data.decode(self._encoding) + "\n"

    @property
    def _encoding(self) -> str:
        return "utf-8" if self.settings.encoding == "utf-16" else self.settings.encoding


def _columns(n: int) -> str:
    return "1 column" if n == 1 else f"{n} columns"


def _named(values: Sequence[str]) -> list[str]:
    """Name columns by their header: each has a name, and no two the same."""
    names: dict[str, None] = {}
    used: Counter[str] = Counter()
    for number, value in enumerate(values, 1):
        name = base = value.strip() or f"column_{number}"
        while name in names:
            used[base] += 1
            name = f"{base}_{used[base] + 1}"
        names[name] = None
    return list(names)
