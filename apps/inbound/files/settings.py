"""Which files are read, how their lines are written, and what becomes of them: settings of bridges from files."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from apps.core.typed_settings import Problem, choice, duration, text, texts

JSON_LINES, CSV = "json_lines", "csv"
LEAVE, MOVE, DELETE = "leave", "move", "delete"
NAMES = "names"
_FORMATS: Final = {JSON_LINES: "JSON, a message a line", CSV: "CSV, a message a row"}
_DELIMITERS: Final = {"comma": "Comma", "semicolon": "Semicolon", "tab": "Tab", "pipe": "Pipe"}
_SIGNS: Final = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", "double": '"', "single": "'", "none": ""}
_QUOTES: Final = {"double": 'Double quotes: "', "single": "Single quotes: '", "none": "None"}
_HEADERS: Final = {"row": "By the first row", NAMES: "By me, below"}
_ENCODINGS: Final = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "cp1252": "Windows-1252",
    "iso-8859-1": "ISO 8859-1 (Latin-1)",
    "iso-8859-15": "ISO 8859-15 (Latin-9)",
}
_AFTERWARDS: Final = {LEAVE: "Stays", MOVE: "Is moved", DELETE: "Is deleted"}


def check_relative(path: str) -> None:
    """Refuse a folder that is not below another one. Raises ValueError."""
    if path.startswith("/") or any(part in ("", ".", "..") for part in path.rstrip("/").split("/")):
        raise ValueError("This is a folder below the one that is read: done, or done/orders.")


@dataclass(frozen=True, kw_only=True)
class LineSettings:
    """What is the same of files in folders and in buckets."""

    pattern: str = text(
        "Files",
        help="* stands for anything but a slash, **/ for folders of any depth: *.csv, **/orders-*.jsonl.gz.",
        max_length=500,
        default="*",
    )
    format: str = choice("They are", _FORMATS, default=JSON_LINES)
    delimiter: str = choice("Delimiter", _DELIMITERS, default="comma", when=("format", CSV))
    quotes: str = choice("Quotes", _QUOTES, default="double", when=("format", CSV))
    header: str = choice("Columns are named", _HEADERS, default="row", when=("format", CSV))
    names: tuple[str, ...] = texts("Names of the columns", max_items=500, when=("header", NAMES))
    encoding: str = choice("Encoding", _ENCODINGS, default="utf-8")
    afterwards: str = choice("A file that was read", _AFTERWARDS, default=LEAVE)
    move_to: str = text(
        "Move them to",
        help="A folder below the one that is read; nothing is read there.",
        default="done",
        max_length=500,
        when=("afterwards", MOVE),
        check=check_relative,
    )
    poll: timedelta = duration("Look for files after", most=timedelta(hours=24), default=timedelta(seconds=15))

    def problems(self) -> Iterator[Problem]:
        """Refuse columns without names, and names that stand for two."""
        if self.header == NAMES and not self.names:
            yield Problem("names", "Name the columns, in their order.")
        if len(set(self.names)) < len(self.names):
            yield Problem("names", "Two columns have the same name.")

    @property
    def delimiter_sign(self) -> str:
        """What stands between two columns."""
        return _SIGNS[self.delimiter]

    @property
    def quote_sign(self) -> str:
        """What stands around a value; empty: nothing does."""
        return _SIGNS[self.quotes]
