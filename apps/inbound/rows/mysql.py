"""MySQL and MariaDB as a source of rows: their dialect, and their values as JSON has them."""

import re
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import orjson
import pymysql
from pymysql.constants import FIELD_TYPE
from pymysql.converters import conversions

from apps.bridges import mysql_session
from apps.bridges.connection_kind import Part
from apps.bridges.kinds.mysql import MysqlSettings
from apps.bridges.transport import statement_runner
from apps.inbound.received import Failure
from apps.inbound.rows.cells import decimal_of
from apps.inbound.rows.server import Clause, Column, Nature

_NUMBERS: Final = ("TINY", "SHORT", "INT24", "LONG", "LONGLONG", "DECIMAL", "NEWDECIMAL", "YEAR")
_NAMES: Final = {number: name for name, number in vars(FIELD_TYPE).items() if name.isupper() and name != "CHAR"}
_NATURES: Final = {
    "DATETIME": Nature.TIME,
    "TIMESTAMP": Nature.TIME,
    "DATE": Nature.DATE,
    **dict.fromkeys(_NUMBERS, Nature.NUMBER),
}
_TEXTS: Final = ("VARCHAR", "VAR_STRING", "STRING", "TINY_BLOB", "BLOB", "MEDIUM_BLOB", "LONG_BLOB")
_OF_BYTES: Final = 63  # the character set that is none
BINARY: Final = "BINARY"
_MOST_PLACES: Final = 1_000
_THERE: Final = "table_schema = COALESCE(%s, DATABASE()) AND table_name = %s"
_TABLES: Final = """
    SELECT CONCAT(table_schema, '.', table_name) FROM information_schema.tables
    WHERE table_schema NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys') ORDER BY 1 LIMIT %s"""
_PRIMARY_KEY: Final = f"""
    SELECT column_name FROM information_schema.statistics
    WHERE {_THERE} AND index_name = 'PRIMARY' ORDER BY seq_in_index"""  # noqa: S608
_INDEX: Final = f"""
    SELECT table_type = 'BASE TABLE', EXISTS (
        SELECT 1 FROM information_schema.statistics WHERE {_THERE} AND seq_in_index = 1 AND column_name = %s)
    FROM information_schema.tables WHERE {_THERE}"""  # noqa: S608
# To MariaDB, JSON is a text of which it checks that it is some.
_JSON: Final = re.compile(r"CHECK \(json_valid\(`((?:[^`]|``)+)`\)\)")


class MysqlTables:
    """A connection that reads."""

    def __init__(self, settings: MysqlSettings) -> None:
        """Connect. Raises Failure."""
        self._settings = settings
        self._connection = mysql_session.connect(settings, conv=_CONVERSIONS)
        self._is_mariadb = mysql_session.is_mariadb(self._connection)
        self._json: frozenset[str] = frozenset()

    def columns(self, source: str, *, table: str) -> Sequence[Column]:
        """Return the columns of a table, or of a query in brackets."""
        with self._reading() as cursor:
            cursor.execute(f"SELECT it.* FROM {source} LIMIT %s", [0])  # noqa: S608
            fields = cursor._result.fields  # only there a field has its character set
        if table and self._is_mariadb:
            self._json = self._documents(table)
        return [_column(field) for field in fields]

    def primary_key(self, table: str) -> Sequence[str]:
        """Return the columns of a table's primary key, in its order; none where it has none."""
        return [name for (name,) in self.rows((_PRIMARY_KEY, _parts(table)))]

    def begins_index(self, table: str, column: str) -> bool | None:
        """Tell whether an index begins with a column; None: that cannot be told, as of a view."""
        parts = _parts(table)
        found = self.rows((_INDEX, [*parts, column, *parts]))
        return bool(found[0][1]) if found and found[0][0] else None

    def tables(self) -> Sequence[str]:
        """Name the tables and views that may be read."""
        return [name for (name,) in self.rows((_TABLES, [_MOST_PLACES]))]

    def rows(self, clause: Clause, *, secs: float | None = None) -> Sequence[Sequence[Any]]:
        """Run a query in a transaction that only reads, and return its rows, each value as JSON can have it."""
        statement, values = clause
        if secs and self._is_mariadb:
            statement = f"SET STATEMENT max_statement_time = {secs:g} FOR {statement}"
        elif secs:
            statement = statement.replace("SELECT", f"SELECT /*+ MAX_EXECUTION_TIME({int(secs * 1_000)}) */", 1)
        with self._reading() as cursor:
            cursor.execute(statement, values)
            rows: Sequence[Sequence[Any]] = cursor.fetchall()
            documents = [n for n, (name, *_) in enumerate(cursor.description or ()) if name in self._json]
        return [_with_json(row, documents) for row in rows] if documents else rows

    def quoted(self, name: str) -> str:
        """Write a name, with its database where a dot parts it."""
        return ".".join(f"`{part}`" for part in name.split(".", 1))

    def bracketed(self, query: str) -> str:
        """Write a query in brackets, once the server has read it alone: behind brackets it could write files."""
        with self._reading() as cursor:
            cursor.execute("PREPARE alone FROM %s", [query])
            cursor.execute("DEALLOCATE PREPARE alone")
        return f"(\n{query}\n)"

    def quoted_column(self, name: str) -> str:
        """Write the name of a column."""
        return "`{}`".format(name.replace("`", "``").replace("%", "%%"))

    def text_of(self, column: Column, expression: str) -> str:
        """Write an expression of the type of a column as text, without a loss."""
        if column.type == BINARY:
            return f"HEX({expression})"
        if column.nature is Nature.TIME:
            return f"CAST(CAST({expression} AS DATETIME(6)) AS CHAR)"
        return f"CAST({expression} AS CHAR)"

    def value_of(self, column: Column, text: str) -> Clause:
        """Write such a text as a value of the column's type again."""
        if column.type == BINARY:
            return "UNHEX(%s)", [text]
        if column.nature is Nature.NUMBER:
            return "%s", [_number(column, text)]
        if column.nature in (Nature.TIME, Nature.DATE):
            return f"CAST(%s AS {'DATE' if column.nature is Nature.DATE else 'DATETIME(6)'})", [text]
        return "%s", [text]

    def back(self, column: Column, expression: str, n: int) -> str:
        """Write an expression less so many seconds, or numbers."""
        if column.nature is Nature.NUMBER:
            return f"(CAST({expression} AS DECIMAL(65, 20)) - {n:d})"  # what is unsigned has nothing below zero
        less = f"({expression} - INTERVAL {n:d} SECOND)"
        return f"CAST({less} AS DATE)" if column.nature is Nature.DATE else less

    def is_usual(self, column: Column) -> str:
        """Write a condition that leaves out what no time can be read of: 0000-00-00."""
        name = f"it.{self.quoted_column(column.name)}"
        return "1 = 1" if column.nature is Nature.NUMBER else f"{name} > '1000-01-01'"

    def ahead(self, column: Column) -> str:
        """Write what the watermark is a day from now; no number is in the future."""
        return "NULL" if column.nature is Nature.NUMBER else "NOW(6) + INTERVAL 1 DAY"

    def after(self, columns: Sequence[Column], texts: Sequence[str]) -> Clause:
        """Write a condition: the columns, in this order, come after these values.

        Written out: a comparison of rows would use no index.
        """
        sql, values = "1 = 0", list[Any]()
        for column, text in reversed(list(zip(columns, texts, strict=True))):
            name = f"it.{self.quoted_column(column.name)}"
            value, more = self.value_of(column, text)
            sql = f"({name} >= {value} AND ({name} > {value} OR ({name} = {value} AND {sql})))"
            values = [*more, *more, *more, *values]
        return sql, values

    def close(self) -> None:
        """End the connection; raise nothing."""
        mysql_session.close(self._connection)

    def _documents(self, table: str) -> frozenset[str]:
        """Name the columns of JSON; those of a view are not told to everybody, and stay texts."""
        with suppress(Failure):
            [[_, told, *_]] = self.rows((f"SHOW CREATE TABLE {self.quoted(table)}", []))
            return frozenset(name.replace("``", "`") for name in _JSON.findall(told))
        return frozenset()

    @contextmanager
    def _reading(self) -> Iterator[Any]:
        """Ask in a transaction that only reads, for so long as a statement may take, and then no longer."""
        try:
            with statement_runner.bounded(self._cut, self._settings.secs), self._connection.cursor() as cursor:
                cursor.execute("START TRANSACTION READ ONLY")
                yield cursor
                cursor.execute("COMMIT")
        except pymysql.MySQLError as error:
            self._abandon()
            raise mysql_session.failure_at(error, self._settings) from None

    def _abandon(self) -> None:
        with suppress(OSError, pymysql.MySQLError):
            self._connection.rollback()

    def _cut(self) -> None:
        with suppress(OSError, AttributeError):  # it is closed
            self._connection._sock.shutdown(socket.SHUT_RDWR)  # type: ignore[attr-defined]


def _parts(table: str) -> list[str | None]:
    database, _, name = table.rpartition(".")
    return [database or None, name]


def _column(field: Any) -> Column:
    name = _NAMES.get(field.type_code, "")
    is_of_bytes = name in _TEXTS and field.charsetnr == _OF_BYTES
    return Column(field.name, BINARY if is_of_bytes else name, _NATURES.get(name, Nature.NONE))


def _number(column: Column, text: str) -> int | Decimal:
    try:
        return int(text) if text.lstrip("-").isdigit() else Decimal(text)
    except InvalidOperation:
        raise Failure(Part.PLACE, f"{column.name} is a number, and {text} is none.") from None


def _with_json(row: Sequence[Any], documents: Sequence[int]) -> Sequence[Any]:
    return [
        orjson.Fragment(value) if n in documents and isinstance(value, str) else value for n, value in enumerate(row)
    ]


def _bits(value: Any) -> Any:
    return int.from_bytes(value) if isinstance(value, bytes) else value


def _same(text: str) -> str:
    return text


_CONVERSIONS: Final[Mapping[Any, Callable[[Any], Any]]] = {
    **conversions,
    FIELD_TYPE.DECIMAL: decimal_of,
    FIELD_TYPE.NEWDECIMAL: decimal_of,
    # As the database writes them: 0000-00-00 stays, and a TIME may have more than a day.
    FIELD_TYPE.DATETIME: lambda text: text.replace(" ", "T"),
    FIELD_TYPE.TIMESTAMP: lambda text: f"{text.replace(' ', 'T')}+00:00",
    FIELD_TYPE.DATE: _same,
    FIELD_TYPE.TIME: _same,
    FIELD_TYPE.BIT: _bits,
    FIELD_TYPE.JSON: orjson.Fragment,
}
