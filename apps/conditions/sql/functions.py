"""The functions of the language in SQL; apps/conditions/functions.py says what they do."""

from collections.abc import Callable
from string import ascii_lowercase, ascii_uppercase
from typing import Final

from apps.conditions import values
from apps.conditions.durations import Duration
from apps.conditions.functions import END_SECOND, FIRST_SECOND
from apps.conditions.sql.base import Scope, compiles, operand
from apps.conditions.sql.fragment import Sql, sql
from apps.conditions.sql.layout import Kind
from apps.conditions.sql.values import Constant, Json, SqlValue, Typed, as_day, as_number, as_text, as_time
from apps.conditions.tree import Call, Shift

NOTHING: Final = Constant(None)
# translate() looks for each letter from the left: letters that stay as they are come along, the frequent ones first.
_PAIRS: Final = tuple(zip(values.SMALL, values.CAPITALS, strict=True))
_EITHER: Final = "".join(small + capital for small, capital in _PAIRS)
_SMALL_TWICE: Final = "".join(small * 2 for small, _ in _PAIRS)
_CAPITALS_TWICE: Final = "".join(capital * 2 for _, capital in _PAIRS)


@compiles(Call)
def _call(node: Call, scope: Scope) -> SqlValue:
    return FUNCTIONS[node.name](operand(node.arguments[0], scope), scope)


@compiles(Shift)
def _shift(node: Shift, scope: Scope) -> SqlValue:
    time = as_time(operand(node.operand, scope))
    return Typed(Kind.TIME, shifted(time, node.by)) if time else NOTHING


def shifted(time: Sql, by: Duration) -> Sql:
    """Move a time."""
    if by.seconds is not None:
        return sql("({} + make_interval(secs => {}))", time, by.seconds)
    return sql("(({} AT TIME ZONE 'UTC' + make_interval(months => {})) AT TIME ZONE 'UTC')", time, by.months)


def _datetime(found: SqlValue, scope: Scope) -> SqlValue:
    time = as_time(found)
    return Typed(Kind.TIME, time) if time else NOTHING


def _from_timestamp(found: SqlValue, scope: Scope) -> SqlValue:
    number = as_number(found)
    if number is None:
        return NOTHING
    time = (
        "CASE WHEN {0} >= {1} AND {0} < {2} THEN 'epoch'::timestamptz + make_interval(secs => trunc({0})::float8) END"
    )
    return Typed(Kind.TIME, sql(time, number, FIRST_SECOND, END_SECOND))


# OFFSET 0 keeps the planner from computing the text once for each place.
_CASED: Final = """(
    SELECT CASE WHEN octet_length(t) = char_length(t) THEN {0}(t) ELSE translate({0}(t), {1}, {2}) END
    FROM (SELECT ({3}) COLLATE "C" OFFSET 0) AS f(t)
)"""


def _cased(function: str, ascii_letters: str, targets: str) -> Callable[[SqlValue, Scope], SqlValue]:
    def convert(found: SqlValue, scope: Scope) -> SqlValue:
        text = as_text(found)
        if text is None:
            return NOTHING
        converted = sql(_CASED, Sql(function), ascii_letters + _EITHER, ascii_letters + targets, text)
        # No letter outside of ASCII becomes one of ASCII, or the other way round.
        return Typed(Kind.TEXT, converted, for_ascii=sql('{}(({}) COLLATE "C")', Sql(function), text))

    return convert


def _length(found: SqlValue, scope: Scope) -> SqlValue:
    if isinstance(found, Json):
        by_type = (
            "CASE jsonb_typeof({0}) WHEN 'string' THEN char_length({1}) WHEN 'array' THEN jsonb_array_length({0}) END"
        )
        return Typed(Kind.NUMBER, sql(by_type, found.json, found.text))
    text = as_text(found)
    return Typed(Kind.NUMBER, sql("char_length({})", text)) if text else NOTHING


def _number_of_time(template: str) -> Callable[[SqlValue, Scope], SqlValue]:
    """Compute a number of a time, {0} being the time, {1} the time now."""

    def convert(found: SqlValue, scope: Scope) -> SqlValue:
        time = as_time(found)
        return Typed(Kind.NUMBER, sql(template, time, sql("{}::timestamptz", scope.now))) if time else NOTHING

    return convert


def _number_of_day(template: str) -> Callable[[SqlValue, Scope], SqlValue]:
    """Compute a number of a day, {0} being the day, {1} today."""

    def convert(found: SqlValue, scope: Scope) -> SqlValue:
        day, today = as_day(found), values.as_day(scope.now)
        return Typed(Kind.NUMBER, sql(template, day, sql("{}::date", today))) if day else NOTHING

    return convert


def _part(name: str) -> Callable[[SqlValue, Scope], SqlValue]:
    return _number_of_time(f"extract({name} FROM {{0}} AT TIME ZONE 'UTC')")


_YMD: Final = "to_char({}::timestamp, 'YYYYMMDD')::int"
_DAYS: Final = "div(extract(epoch FROM {} - {}) * 1000000, 86400000000)"
# The day in this year, or in the next one where this year's has passed; a leap day becomes the 28th where it must.
_ANNIVERSARY: Final = """(
    SELECT (day + make_interval(years => years + (day + make_interval(years => years) < today)::int))::date - today
    FROM (
        SELECT day, today, (extract(year FROM today) - extract(year FROM day))::int AS years
        FROM (SELECT {0} AS day, {1} AS today OFFSET 0) AS days
        OFFSET 0
    ) AS anniversary
)"""

FUNCTIONS: Final[dict[str, Callable[[SqlValue, Scope], SqlValue]]] = {
    "datetime": _datetime,
    "from_timestamp": _from_timestamp,
    "lowercase": _cased("lower", ascii_lowercase, _SMALL_TWICE),
    "uppercase": _cased("upper", ascii_uppercase, _CAPITALS_TWICE),
    "length": _length,
    "year": _part("year"),
    "month": _part("month"),
    "day": _part("day"),
    "weekday": _part("isodow"),
    "hour": _part("hour"),
    "age": _number_of_day(f"floor(({_YMD.format('{1}')} - {_YMD.format('{0}')}) / 10000.0)"),
    "days_since": _number_of_time(_DAYS.format("{1}", "{0}")),
    "days_until": _number_of_time(_DAYS.format("{0}", "{1}")),
    "days_to_anniversary": _number_of_day(_ANNIVERSARY),
}
