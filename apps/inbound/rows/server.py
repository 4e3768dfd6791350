"""What the reader of tables asks of a database, whichever it is: its dialect, and answers to queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol


class Nature(StrEnum):
    """What a watermark counts."""

    TIME = "time"
    DATE = "date"
    NUMBER = "number"
    NONE = ""  # it is no watermark


@dataclass(frozen=True, slots=True)
class Column:
    """A column of what is read."""

    name: str
    type: str  # as the database has it
    nature: Nature = Nature.NONE


Clause = tuple[str, Sequence[Any]]  # SQL, and the values of its %s


class Database(Protocol):
    """An open connection to a database. Each method may raise Failure."""

    def columns(self, source: str, *, table: str) -> Sequence[Column]:
        """Return the columns of what stands behind FROM; the table is named again where it is one, and no query."""

    def primary_key(self, table: str) -> Sequence[str]:
        """Return the columns of a table's primary key, in its order; none where it has none."""

    def begins_index(self, table: str, column: str) -> bool | None:
        """Tell whether an index begins with a column; None: that cannot be told, as of a view."""

    def tables(self) -> Sequence[str]:
        """Name the tables and views that may be read."""

    def rows(self, clause: Clause, *, secs: float | None = None) -> Sequence[Sequence[Any]]:
        """Run a query in a transaction that only reads, and return its rows, each value as JSON can have it.

        It takes so many seconds at most, or as many as the connection says.
        """

    def quoted(self, name: str) -> str:
        """Write a name, with its schema where dots part it."""

    def bracketed(self, query: str) -> str:
        """Write a query in brackets. Raises Failure where it would leave them, and that may do harm."""

    def quoted_column(self, name: str) -> str:
        """Write the name of a column."""

    def text_of(self, column: Column, expression: str) -> str:
        """Write an expression of the type of a column as text, without a loss."""

    def value_of(self, column: Column, text: str) -> Clause:
        """Write such a text as a value of the column's type again."""

    def back(self, column: Column, expression: str, n: int) -> str:
        """Write an expression less so many seconds, or numbers."""

    def is_usual(self, column: Column) -> str:
        """Write a condition that leaves out what comes after all else, and would end all reading: infinity."""

    def ahead(self, column: Column) -> str:
        """Write what the watermark is a day from now, in the database's time."""

    def after(self, columns: Sequence[Column], texts: Sequence[str]) -> Clause:
        """Write a condition: the columns, in this order, come after these values."""

    def close(self) -> None:
        """End the connection; raise nothing."""
