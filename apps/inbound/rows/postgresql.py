"""PostgreSQL as a source of rows: its dialect, and its values as JSON has them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import orjson
import psycopg
from psycopg.adapt import Buffer, Loader
from psycopg.types.string import TextLoader

from apps.bridges.connection_kind import Part, failure_of
from apps.bridges.kinds.postgresql import PostgresqlSettings, failure_at_connecting
from apps.bridges.transport import statement_runner
from apps.core.egress import EgressError
from apps.inbound.received import Failure
from apps.inbound.rows.cells import decimal_of
from apps.inbound.rows.server import Clause, Column, Nature

_NATURES: Final = {
    "timestamp without time zone": Nature.TIME,
    "timestamp with time zone": Nature.TIME,
    "date": Nature.DATE,
    **dict.fromkeys(("smallint", "integer", "bigint", "numeric", "real", "double precision"), Nature.NUMBER),
}
# How a session writes values, and how long it may take.
_SESSION: Final = (
    "SET client_encoding TO 'UTF8'; SET TIME ZONE 'UTC'; SET datestyle TO 'ISO'; SET intervalstyle TO 'iso_8601';"
    " SET bytea_output TO 'hex'; SET extra_float_digits TO 1; SET statement_timeout TO {:d}"
)
# As the database writes them: no month of an interval is lost, and no time is too late for Python.
_RANGES: Final = [
    f"{of}{kind}" for of in ("int4", "int8", "num", "date", "ts", "tstz") for kind in ("range", "multirange")
]
_TEXTS: Final = ("date", "time", "timetz", "interval", "uuid", "inet", "cidr", *_RANGES)
_MOST_PLACES: Final = 1_000
_LEAST: Final = {"smallint": -(2**15), "integer": -(2**31), "bigint": -(2**63)}
_RIGHT: Final = ("42501", "25006")
_PLACES: Final = {"42P01": "table", "3F000": "schema", "42703": "column"}
_TABLES: Final = f"""
    SELECT nspname || '.' || relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND nspname NOT IN ('pg_catalog', 'information_schema')
    AND NOT relispartition AND has_schema_privilege(relnamespace, 'USAGE')
    AND has_table_privilege(pg_class.oid, 'SELECT')
    ORDER BY 1 LIMIT {_MOST_PLACES}"""  # noqa: S608 - a number of ours
_PRIMARY_KEY: Final = """
    SELECT attname FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY (indkey::smallint[])
    WHERE indrelid = %s::regclass AND indisprimary ORDER BY array_position(indkey::smallint[], attnum)"""
_INDEX: Final = """
    SELECT relkind, EXISTS (
        SELECT FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0]
        WHERE indrelid = pg_class.oid AND indisvalid AND indpred IS NULL AND attname = %s)
    FROM pg_class WHERE oid = %s::regclass"""


class PostgresqlDatabase:
    """A connection that reads."""

    def __init__(self, settings: PostgresqlSettings) -> None:
        """Connect. Raises Failure."""
        self._settings = settings
        try:
            self._connection = statement_runner.connect(settings)
        except EgressError as error:
            raise failure_of(error) from None
        except psycopg.Error as error:
            raise failure_at_connecting(error, settings) from None
        try:
            self._prepare()
        except psycopg.Error as error:
            self.close()
            raise self._failure(error) from None

    def _prepare(self) -> None:
        self._connection.execute(_SESSION.format(int(self._settings.secs * 1_000)).encode())
        self._connection.autocommit = False
        self._connection.read_only = True
        adapters = self._connection.adapters
        for name in _TEXTS:
            adapters.register_loader(name, TextLoader)
        adapters.register_loader("timestamp", _Timestamp)
        adapters.register_loader("timestamptz", _ZonedTimestamp)
        adapters.register_loader("numeric", _Numeric)
        for name in ("float4", "float8"):
            adapters.register_loader(name, _Float)
        for name in ("json", "jsonb"):
            adapters.register_loader(name, _Json)
        if self._connection.info.parameter_status("server_encoding") == "SQL_ASCII":  # it may hold any bytes as text
            for name in ("text", "varchar", "bpchar", "name"):
                adapters.register_loader(name, _AnyText)

    def columns(self, source: str, *, table: str) -> Sequence[Column]:
        """Return the columns of a table, or of a query in brackets."""
        with self._reading() as cursor:
            cursor.execute(f"SELECT it.* FROM {source} LIMIT %s".encode(), [0])  # noqa: S608
            found = [(column.name, column.type_code) for column in cursor.description or ()]
        names = "SELECT format_type(oid, NULL) FROM unnest(%s::oid[]) WITH ORDINALITY AS it (oid, n) ORDER BY n"
        types = [name for (name,) in self.rows((names, [[oid for _, oid in found]]))]
        return [
            Column(name, type, _NATURES.get(type, Nature.NONE)) for (name, _), type in zip(found, types, strict=True)
        ]

    def primary_key(self, table: str) -> Sequence[str]:
        """Return the columns of a table's primary key, in its order; none where it has none."""
        return [name for (name,) in self.rows((_PRIMARY_KEY, [self.quoted(table)]))]

    def begins_index(self, table: str, column: str) -> bool | None:
        """Tell whether an index begins with a column; None: that cannot be told, as of a view."""
        [[kind, is_there]] = self.rows((_INDEX, [column, self.quoted(table)]))
        return bool(is_there) if kind in ("r", "p", "m") else None

    def tables(self) -> Sequence[str]:
        """Name the tables and views that may be read."""
        return [name for (name,) in self.rows((_TABLES, []))]

    def rows(self, clause: Clause, *, secs: float | None = None) -> Sequence[Sequence[Any]]:
        """Run a query in a transaction that only reads, and return its rows, each value as JSON can have it."""
        statement, values = clause
        with self._reading() as cursor:
            if secs:
                cursor.execute(f"SET LOCAL statement_timeout TO {int(secs * 1_000)}".encode())
            # With a value, as of LIMIT, the protocol takes one statement alone, whatever else a query tries to bring.
            cursor.execute(statement.encode(), values)
            return cursor.fetchall()

    def quoted(self, name: str) -> str:
        """Write a name, with its schema where a dot parts it."""
        return ".".join(f'"{part}"' for part in name.split(".", 1))

    def bracketed(self, query: str) -> str:
        """Write a query in brackets; behind them nothing could be written either."""
        return f"(\n{query}\n)"

    def quoted_column(self, name: str) -> str:
        """Write the name of a column."""
        return '"{}"'.format(name.replace('"', '""').replace("%", "%%"))

    def text_of(self, column: Column, expression: str) -> str:
        """Write an expression of the type of a column as text, without a loss."""
        return f"({expression})::text"

    def value_of(self, column: Column, text: str) -> Clause:
        """Write such a text as a value of the column's type again."""
        return f"%s::text::{column.type}", [text]

    def back(self, column: Column, expression: str, n: int) -> str:
        """Write an expression less so many seconds, or numbers."""
        less = f"{n:d}" if column.nature is Nature.NUMBER else f"interval '{n:d} seconds'"
        if column.type not in _LEAST:
            return f"({expression} - {less})::{column.type}"
        return f"GREATEST({expression}::numeric - {less}, {_LEAST[column.type]})::{column.type}"

    def is_usual(self, column: Column) -> str:
        """Write a condition that leaves out what comes after all else, and would end all reading: infinity."""
        name = f"it.{self.quoted_column(column.name)}"
        if column.nature is not Nature.NUMBER:
            return f"isfinite({name})"
        if column.type == "numeric":
            return f"{name} <> 'NaN'"
        return f"{name} < 'Infinity'" if column.type in ("real", "double precision") else "1 = 1"

    def ahead(self, column: Column) -> str:
        """Write what the watermark is a day from now; no number is in the future."""
        return "NULL" if column.nature is Nature.NUMBER else "now() + interval '1 day'"

    def after(self, columns: Sequence[Column], texts: Sequence[str]) -> Clause:
        """Write a condition: the columns, in this order, come after these values."""
        names = ", ".join(f"it.{self.quoted_column(column.name)}" for column in columns)
        values = [self.value_of(column, text) for column, text in zip(columns, texts, strict=True)]
        return f"({names}) > ({', '.join(sql for sql, _ in values)})", [text for _, [text] in values]

    def close(self) -> None:
        """End the connection; raise nothing."""
        self._connection.close()

    @contextmanager
    def _reading(self) -> Iterator[psycopg.Cursor[Any]]:
        """Ask in a transaction that only reads, for so long as a statement may take, and then no longer."""
        try:
            with statement_runner.bounded(lambda: statement_runner.cut(self._connection), self._settings.secs):
                try:
                    with self._connection.cursor() as cursor:
                        yield cursor
                finally:
                    if not self._connection.broken:
                        self._connection.rollback()
        except psycopg.Error as error:
            raise self._failure(error) from None

    def _failure(self, error: psycopg.Error) -> Failure:
        """Say what failed by its code: what a database says of it may repeat values."""
        said, code = statement_runner.said_of(error, self._settings), error.sqlstate or ""
        if code in _RIGHT:
            return Failure(Part.RIGHT, f"{self._settings.user} may not read this: {said}")
        if code.startswith("28"):
            return Failure(Part.SIGN_IN, said)
        if code == "57014":
            told = f"{self._settings.host} did not find the rows in {self._settings.secs:g} seconds: an index may help."
            return Failure(Part.PLACE, told)
        if code in _PLACES:
            return Failure(Part.PLACE, f"There is no such {_PLACES[code]} in {self._settings.database}: {said}")
        is_theirs = not code or code[:2] in ("08", "53", "57", "58")
        return Failure(Part.NETWORK if is_theirs else Part.PLACE, said)


def _text(data: Buffer) -> str:
    return bytes(data).decode()


class _Timestamp(Loader):
    """Times as ISO 8601 writes them; what Python has no time for stays as the database writes it."""

    def load(self, data: Buffer) -> str:
        return _text(data).replace(" ", "T", 1)


class _ZonedTimestamp(Loader):
    def load(self, data: Buffer) -> str:
        text = _text(data).replace(" ", "T", 1)
        return f"{text}:00" if text.endswith("+00") else text


class _Numeric(Loader):
    def load(self, data: Buffer) -> int | float | str:
        return decimal_of(_text(data))


class _Float(Loader):
    def load(self, data: Buffer) -> float | str:
        text = _text(data)
        return text if text.lstrip("-") in ("NaN", "Infinity") else float(text)


class _Json(Loader):
    def load(self, data: Buffer) -> orjson.Fragment:
        return orjson.Fragment(bytes(data))


class _AnyText(Loader):
    def load(self, data: Buffer) -> str:
        return bytes(data).decode("utf-8", "replace")
