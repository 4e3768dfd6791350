"""What is read of a database, and how: the settings of bridges from tables."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from apps.core.typed_settings import Problem, choice, duration, long_text, number, text, texts

TABLE, QUERY = "table", "query"
_OF: Final = {TABLE: "A table or a view", QUERY: "A query"}
_QUERY: Final = re.compile(r"\s*(select|with)\b", re.IGNORECASE)


def check_table(name: str) -> None:
    """Refuse what is no name of a table. Raises ValueError."""
    if not all(name.split(".")) or any(character in "\"'`\\\0" for character in name):
        raise ValueError("The name of a table is written without quotes, with its schema or database: shop.orders.")


def check_query(query: str) -> None:
    """Refuse what is no query, as far as that can be seen. Raises ValueError."""
    if not _QUERY.match(query):
        raise ValueError("A query begins with SELECT or WITH.")
    if ";" in query.strip().rstrip(";"):
        raise ValueError("There is one query, and no semicolon within it.")


@dataclass(frozen=True, kw_only=True)
class TableSettings:
    """What is read, and what says how far one is."""

    reads: str = choice("Read", _OF, default=TABLE)
    table: str = text(
        "Table", help="With its schema or database: shop.orders.", when=("reads", TABLE), check=check_table
    )
    query: str = long_text(
        "Query",
        help="SELECT alone; it runs in a transaction that can only read.",
        max_length=20_000,
        when=("reads", QUERY),
        check=check_query,
    )
    watermark: str = text(
        "Watermark",
        help="A column that grows with each new or changed row: updated_at, or an id that is counted up.",
        max_length=128,
    )
    key: tuple[str, ...] = texts(
        "Key",
        help="Columns that tell rows of one watermark apart. Empty: the primary key of the table.",
        default=(),
        max_items=8,
        max_length=128,
    )
    left_out: tuple[str, ...] = texts(
        "Columns left out", help="They are never asked for.", default=(), max_items=200, max_length=128
    )
    overlap_secs: int = number(
        "Overlap of times",
        help="So many seconds back rows are read again, as transactions that began earlier may commit later.",
        least=0,
        most=86_400,
        default=30,
    )
    overlap_ids: int = number(
        "Overlap of numbers",
        help="The same where the watermark is a number: so many numbers back.",
        least=0,
        most=1_000_000,
        default=1_000,
    )
    poll: timedelta = duration(
        "Look again after", help="While there is nothing new.", most=timedelta(hours=24), default=timedelta(seconds=5)
    )
    batch_size: int = number("Rows at once", least=1, most=10_000, default=1_000)

    def problems(self) -> Iterator[Problem]:
        """Refuse a query without a key, and what is left out and needed."""
        if self.reads == QUERY and not self.key:
            yield Problem("key", "A query has no primary key: name the columns that tell its rows apart.")
        if len(set(self.key)) < len(self.key):
            yield Problem("key", "A column is named twice.")

    @property
    def place(self) -> str:
        """Name what is read, and by which order: of something else another position is remembered."""
        return f"{self.name} by {', '.join((self.watermark, *self.key))}"

    @property
    def name(self) -> str:
        """Name the table, or the query by a hash of its words."""
        if self.reads == TABLE:
            return self.table
        return f"query {hashlib.sha256(' '.join(self.query.split()).encode()).hexdigest()[:16]}"


def reads(settings: TableSettings) -> str:
    """Say in short what is read."""
    return f"table {settings.table}" if settings.reads == TABLE else "a query"
