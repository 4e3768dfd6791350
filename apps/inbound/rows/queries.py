"""The queries by which a table is read in order of its watermark, whatever the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, Self

from apps.bridges.connection_kind import Part
from apps.inbound.received import Failure
from apps.inbound.rows.mark import Mark
from apps.inbound.rows.server import Clause, Column, Database, Nature
from apps.inbound.rows.settings import TABLE, TableSettings

MOST_COUNTED: Final = 10_000
COUNT_SECS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Row:
    """A row, with what the reader has to know of it."""

    values: Sequence[Any]
    mark: Mark
    is_recent: bool  # it will be read again, as rows beside it may still come
    is_beyond: bool  # it comes after the mark that the query was told


@dataclass(frozen=True, slots=True)
class Bounds:
    """What is read in one go through a table: up to the newest row that there was when it began."""

    top: str  # the newest watermark
    start: str  # from where on it is read, where one has been there already: lower than the mark by the overlap
    recent: str  # rows from here on are read again next time


@dataclass(frozen=True, slots=True)
class Queries:
    """All that is asked of one table or query."""

    database: Database
    source: str  # as it stands behind FROM
    overlap: int
    columns: Sequence[Column]  # that become the message
    watermark: Column
    key: Sequence[Column]

    @classmethod
    def of(cls, settings: TableSettings, database: Database) -> Self:
        """Look at the columns that there are. Raises Failure where one is missing, or is no watermark."""
        source = source_of(settings, database)
        columns = {column.name: column for column in database.columns(source, table=settings.table)}
        names = _names_of_key(settings, database)
        missing = [name for name in (settings.watermark, *names, *settings.left_out) if name not in columns]
        if missing:
            raise Failure(Part.PLACE, f"{settings.name} has no column {', '.join(missing)}.")
        watermark = columns[settings.watermark]
        if not watermark.nature:
            message = f"{watermark.name} is no watermark: it is {watermark.type}, and no time, date or number."
            raise Failure(Part.PLACE, message)
        overlap = settings.overlap_ids if watermark.nature is Nature.NUMBER else settings.overlap_secs
        shown = [column for column in columns.values() if column.name not in settings.left_out]
        key = [columns[name] for name in names if name != settings.watermark]
        return cls(database, source, overlap, shown, watermark, key)

    @property
    def order(self) -> Sequence[Column]:
        """The columns by which rows are in order."""
        return [self.watermark, *self.key]

    def bounds(self, mark: Mark | None, since: Mark | None) -> Bounds | None:
        """Ask how far to read now; None where there is nothing."""
        database, watermark = self.database, self.watermark
        recent = database.back(watermark, "top", self.overlap)
        start, values = recent, list[Any]()
        for function, known in (("LEAST", mark), ("GREATEST", since)):
            if known:
                value, more = database.value_of(watermark, known.watermark)
                start = f"{function}({start}, {value})"
                values += more
        shown = ", ".join(database.text_of(watermark, each) for each in ("top", recent, start))
        name = self._name(watermark)
        newest = f"SELECT {name} AS top FROM {self.source} WHERE {self._readable} ORDER BY {name} DESC LIMIT %s"  # noqa: S608
        found = database.rows((f"SELECT {shown} FROM ({newest}) AS newest", [*values, 1]))  # noqa: S608
        return Bounds(str(found[0][0]), str(found[0][2]), str(found[0][1])) if found else None

    def page(self, start: Mark | None, bounds: Bounds, mark: Mark | None, *, most: int) -> list[Row]:
        """Return the next rows behind a row, up to the top."""
        name, value_of = self._name(self.watermark), self.database.value_of
        recent, of_recent = value_of(self.watermark, bounds.recent)
        beyond, of_beyond = self.behind(mark)
        behind, of_behind = self.behind(start)
        top, of_top = value_of(self.watermark, bounds.top)
        shown = [*self._shown, f"{name} >= {recent}", beyond]
        where = f"{self._readable} AND {behind} AND {name} <= {top}"
        values = [*of_recent, *of_beyond, *of_behind, *of_top]
        return self._rows(shown, where, values, most=most)

    def first(self, n: int) -> list[Row]:
        """Return the first rows that there are."""
        return self._rows([*self._shown, "1 = 0", "1 = 1"], self._readable, [], most=n)

    def last(self) -> Mark | None:
        """Return the last row that there is now."""
        rows = self._rows([*self._shown, "1 = 0", "1 = 1"], self._readable, [], most=1, direction=" DESC")
        return rows[0].mark if rows else None

    def count(self, mark: Mark | None) -> tuple[int, str | None]:
        """Count the rows beyond a mark, up to a bound, and return the watermark of the first of them."""
        behind, values = self.behind(mark)
        name = self._name(self.watermark)
        inner = f"SELECT {name} AS it FROM {self.source} WHERE {self._readable} AND {behind} LIMIT %s"  # noqa: S608
        least = self.database.text_of(self.watermark, "min(it)")
        counts = f"SELECT count(*), {least} FROM ({inner}) AS them"  # noqa: S608
        [[n, oldest]] = self.database.rows((counts, [*values, MOST_COUNTED]), secs=COUNT_SECS)
        return n, oldest

    def has_unreadable(self) -> bool:
        """Tell whether rows lack a watermark or a key: they are never read."""
        lacks = " OR ".join(f"{self._name(column)} IS NULL" for column in self.order)
        return bool(self.database.rows((f"SELECT 1 FROM {self.source} WHERE {lacks} LIMIT %s", [1])))  # noqa: S608

    def is_ahead(self) -> bool:
        """Tell whether a watermark is far in the future: what comes before it is passed over."""
        ahead = self.database.ahead(self.watermark)
        where = f"{self._readable} AND {self._name(self.watermark)} > {ahead}"
        return bool(self.database.rows((f"SELECT 1 FROM {self.source} WHERE {where} LIMIT %s", [1])))  # noqa: S608

    def canonical(self, text: str) -> str:
        """Write a watermark that people wrote as the database does."""
        value, values = self.database.value_of(self.watermark, _in_utc(text))
        [[written]] = self.database.rows((f"SELECT {self.database.text_of(self.watermark, value)}", values))
        if written is None:
            raise Failure(Part.PLACE, f"{text} is no {self.watermark.name}.")
        return str(written)

    def is_same(self, one: str, other: str) -> bool:
        """Tell whether two watermarks are the same, however many zeros a number ends in."""
        if self.watermark.nature is Nature.NUMBER:
            return Decimal(one) == Decimal(other)
        return one == other

    def behind(self, mark: Mark | None) -> Clause:
        """Write a condition: a row comes after this one, or, without a key, at it."""
        if not mark:
            return "1 = 1", []
        if mark.key is not None:
            return self.database.after(self.order, [mark.watermark, *mark.key])
        value, values = self.database.value_of(self.watermark, mark.watermark)
        return f"{self._name(self.watermark)} >= {value}", values

    @property
    def _shown(self) -> list[str]:
        texts = [self.database.text_of(column, self._name(column)) for column in self.order]
        return [*(self._name(column) for column in self.columns), *texts]

    @property
    def _readable(self) -> str:
        there = [f"{self._name(column)} IS NOT NULL" for column in self.order]
        return " AND ".join([*there, self.database.is_usual(self.watermark)])

    def _rows(
        self, shown: Sequence[str], where: str, values: Sequence[Any], *, most: int, direction: str = ""
    ) -> list[Row]:
        order = ", ".join(f"{self._name(column)}{direction}" for column in self.order)
        statement = f"SELECT {', '.join(shown)} FROM {self.source} WHERE {where} ORDER BY {order} LIMIT %s"  # noqa: S608
        n = len(self.columns)
        rows = self.database.rows((statement, [*values, most]))
        return [
            Row(row[:n], Mark(str(row[n]), tuple(map(str, row[n + 1 : -2]))), bool(row[-2]), bool(row[-1]))
            for row in rows
        ]

    def _name(self, column: Column) -> str:
        return f"it.{self.database.quoted_column(column.name)}"


def _names_of_key(settings: TableSettings, database: Database) -> tuple[str, ...]:
    """Name the columns of the key: of a table its primary key, where nobody says another. Raises Failure."""
    names = settings.key
    if not names and settings.reads == TABLE:
        names = tuple(database.primary_key(settings.table))
    if not names:
        raise Failure(Part.PLACE, f"{settings.name} has no primary key: name the columns of its key.")
    return names


def _in_utc(text: str) -> str:
    """Write a time with a zone as databases read it whose times have none; all else as it is."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}" if moment.tzinfo else text


def source_of(settings: TableSettings, database: Database) -> str:
    """Write what is read as it stands behind FROM. Per cent signs are doubled, as drivers read them."""
    if settings.reads == TABLE:
        return f"{database.quoted(settings.table)} AS it".replace("%", "%%")
    return database.bracketed(settings.query.strip().rstrip(";")).replace("%", "%%") + " AS it"
