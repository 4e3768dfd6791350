"""Values in SQL: constants, typed columns and expressions, and parts of jsonb; and how one is read as another.

What each of them means is said in apps/conditions/values.py; this is the same in SQL.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from apps.conditions import values
from apps.conditions.sql.fragment import Sql, sql
from apps.conditions.sql.layout import Kind


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that is known while SQL is written."""

    value: Any


@dataclass(frozen=True, slots=True)
class Typed:
    """An SQL expression of one kind, or NULL."""

    kind: Kind
    sql: Sql
    # A cheaper expression, where there is one, that equals and contains the same ASCII texts.
    for_ascii: Sql | None = None

    def beside(self, *constants: Any) -> Sql:
        """Return the expression to be compared with some constants."""
        is_ascii = all(isinstance(constant, str) and constant.isascii() for constant in constants)
        return self.for_ascii if self.for_ascii and is_ascii else self.sql


@dataclass(frozen=True, slots=True)
class Json:
    """What is at a path within jsonb."""

    base: Sql
    keys: tuple[str, ...] = ()

    @property
    def json(self) -> Sql:
        """Return it as jsonb."""
        return self._at(self.keys, "->")

    @property
    def text(self) -> Sql:
        """Return it as text; only of JSON texts that is their value."""
        return self._at(self.keys, "->>") if self.keys else sql("({} #>> '{{}}')", self.base)

    def test(self, predicate: str) -> Sql:
        """Ask by a jsonpath, which looks the path up once and does not compare different types."""
        root, path = self._root_and_path()
        return sql("{} @@ {}::jsonpath", root, f"strict ${path} {predicate}")

    def filter(self, predicate: str) -> Sql:
        """Ask whether what is at the path, @, meets a predicate of several parts."""
        root, path = self._root_and_path()
        return sql("{} @? {}::jsonpath", root, f"strict ${path} ? ({predicate})")

    def is_a(self, type_: str) -> Sql:
        """Ask for its JSON type."""
        return sql(f"jsonb_typeof({{}}) = '{type_}'", self.json)

    def _root_and_path(self) -> tuple[Sql, str]:
        """Split the path so that names are left: jsonpath must be told whether 0 is a key or an index."""
        cut = max((index + 1 for index, key in enumerate(self.keys) if values.is_index(key)), default=0)
        names = "".join(f".{json.dumps(key, ensure_ascii=False)}" for key in self.keys[cut:])
        return self._at(self.keys[:cut], "->"), names

    def _at(self, keys: tuple[str, ...], last: str) -> Sql:
        found = self.base
        for position, key in enumerate(keys):
            arrow = last if position == len(keys) - 1 else "->"
            if values.is_index(key):
                # #> takes digits for a key of an object and for an index of a list, as we do; -> only for a key.
                found = sql(f"({{}} {arrow.replace('-', '#')} {{}}::text[])", found, [key])
            else:
                found = sql(f"({{}} {arrow} {{}})", found, key)
        return found


SqlValue = Constant | Typed | Json


def literal(value: Any) -> str:
    """Write a scalar as JSON and jsonpath have it."""
    return json.dumps(value, ensure_ascii=False)


def param(value: Any) -> Any:
    """Return a constant as the driver takes it."""
    return Decimal(repr(value)) if type(value) is float else value


def as_json(found: SqlValue) -> Sql:
    """Read a value as jsonb; nothing is NULL or null."""
    match found:
        case Json():
            return found.json
        case Typed():
            return sql("to_jsonb({})", found.sql)
        case Constant(constant):
            return sql("{}::jsonb", literal(constant))


def as_number(found: SqlValue) -> Sql | None:
    """Read a value as a number: NULL where it is none, and no SQL where it never is one."""
    match found:
        case Constant(constant) if type(constant) in values.NUMBERS:
            return sql("{}", param(constant))
        case Typed(Kind.NUMBER, expression):
            return expression
        case Json():
            return sql("CASE WHEN {} THEN {}::numeric END", found.is_a("number"), found.json)
    return None


def as_amount(found: SqlValue) -> Sql | None:
    """Read a value as a number that a text may say, too: NULL where there is none."""
    match found:
        case Typed(kind, expression) if kind.is_text:
            return _number_of_text(expression)
        case Json():
            by_type = "CASE jsonb_typeof({0}) WHEN 'number' THEN {0}::numeric WHEN 'string' THEN {1} END"
            return sql(by_type, found.json, _number_of_text(found.text))
    return as_number(found)


def _number_of_text(text: Sql) -> Sql:
    return sql("CASE WHEN {0} ~ {1} THEN {0}::numeric END", text, values.NUMBER)


def as_text(found: SqlValue) -> Sql | None:
    """Read a value as a text: NULL where it is none, and no SQL where it never is one."""
    match found:
        case Constant(str() as constant):
            return sql("{}", constant)
        case Typed(kind, expression) if kind.is_text:
            return expression
        case Json():
            return sql("CASE WHEN {} THEN {} END", found.is_a("string"), found.text)
    return None


def as_time(found: SqlValue) -> Sql | None:
    """Read a value as a time: NULL where it is none, and no SQL where it never is one."""
    match found:
        case Constant(constant):
            time = values.as_time(constant)
            return sql("{}::timestamptz", time) if time else None
        case Typed(Kind.TIME, expression):
            return expression
        case Typed(Kind.TIME_TEXT, expression):
            return sql("({})::timestamptz", expression)
        case Typed(Kind.DATE_TEXT, expression):
            return sql("({})::timestamp AT TIME ZONE 'UTC'", expression)
        case Typed(Kind.TEXT, expression):
            return _time_of_text(expression)
        case Json():
            return _time_of_text(found.text)  # what is no text does not look like a time
    return None


def as_day(found: SqlValue) -> Sql | None:
    """Read a value as the day that is written, or the day of a time in UTC: NULL, or no SQL, where it is no time."""
    match found:
        case Constant(constant):
            day = values.as_day(constant)
            return sql("{}::date", day) if day else None
        case Typed(Kind.TIME, expression):
            return sql("({} AT TIME ZONE 'UTC')::date", expression)
        case Typed(Kind.TIME_TEXT | Kind.DATE_TEXT, expression):
            return sql("left({}, 10)::date", expression)
        case Typed(Kind.TEXT, expression):
            return _day_of_text(expression)
        case Json():
            return _day_of_text(found.text)
    return None


def _day_of_text(text: Sql) -> Sql:
    return sql(
        "CASE WHEN {0} NOT LIKE '____-__-__%%' THEN NULL WHEN {0} ~ {1} OR {0} ~ {2} THEN left({0}, 10)::date END",
        text,
        values.TIME_WITH_ZONE,
        values.TIME_WITHOUT_ZONE,
    )


def _time_of_text(text: Sql) -> Sql:
    # LIKE is quick, and most texts are no times.
    return sql(
        "CASE WHEN {0} NOT LIKE '____-__-__%%' THEN NULL WHEN {0} ~ {1} THEN {0}::timestamptz "
        "WHEN {0} ~ {2} THEN {0}::timestamp AT TIME ZONE 'UTC' END",
        text,
        values.TIME_WITH_ZONE,
        values.TIME_WITHOUT_ZONE,
    )


def canonical(time: datetime) -> str:
    """Write a time as Kind.TIME_TEXT has it."""
    return time.astimezone(UTC).isoformat()
