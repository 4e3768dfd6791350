"""Equality and order of two values in SQL."""

import json
from datetime import datetime
from typing import Any, Final

from apps.conditions import values
from apps.conditions.sql.fragment import FALSE, TRUE, Sql, joined, listed, sql
from apps.conditions.sql.layout import Kind
from apps.conditions.sql.values import (
    Constant,
    Json,
    SqlValue,
    Typed,
    as_json,
    as_number,
    as_text,
    as_time,
    canonical,
    literal,
    param,
)

MIRRORED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_MAX_IN_PATH: Final = 8  # a longer list is looked up rather than gone through


def ordered(op: str, left: SqlValue, right: SqlValue) -> Sql:
    """Return SQL that is true when the order holds, and NULL or false when it does not or there is none."""
    if isinstance(left, Constant):
        op, left, right = MIRRORED[op], right, left
    if isinstance(right, Constant):
        quick = _ordered_to(op, left, right.value)
        if quick:
            return quick
    if _is_time(left) or _is_time(right):
        pairs = [(as_time(left), as_time(right))]
    else:
        pairs = [(as_number(left), as_number(right)), (_sortable(left), _sortable(right))]
    found = [sql(f"{{}} {op} {{}}", one, other) for one, other in pairs if one and other]
    if len(found) == 2:
        return sql("COALESCE({}, {})", *found)
    return found[0] if found else FALSE


def _ordered_to(op: str, left: SqlValue, right: Any) -> Sql | None:
    """Compare with a constant in the quickest way, where there is one."""
    if isinstance(left, Json) and type(right) in (int, float, str):
        return left.test(f"{op} {literal(right)}")
    if isinstance(left, Typed) and left.kind is Kind.TIME_TEXT and isinstance(right, datetime):
        return sql(f'{{}} COLLATE "C" {op} {{}}', left.sql, canonical(right))
    return None


def _sortable(found: SqlValue) -> Sql | None:
    """Return a text that sorts by code point, whatever the database's language."""
    text = as_text(found)
    return text and sql('({}) COLLATE "C"', text)


def _is_time(found: SqlValue) -> bool:
    if isinstance(found, Constant):
        return isinstance(found.value, datetime)
    return isinstance(found, Typed) and found.kind is Kind.TIME


def is_nothing(found: SqlValue) -> Sql:
    """Return SQL that is true when a value is nothing."""
    match found:
        case Json():
            return sql("COALESCE({}, 'null'::jsonb) = 'null'::jsonb", found.json)
        case Typed():
            return sql("{} IS NULL", found.sql)
        case Constant(constant):
            return TRUE if constant is None else FALSE


def equal(left: SqlValue, right: SqlValue) -> Sql:
    """Return SQL that is true when two values are equal, and NULL or false when they are not."""
    if isinstance(left, Constant) and (isinstance(left.value, list) or not isinstance(right, Constant)):
        left, right = right, left
    match right:
        case Constant(list() as items):
            # A list that is written down stands for itself, and for each of its items.
            whole = [sql("{} = {}::jsonb", left.json, json.dumps(items))] if isinstance(left, Json) else []
            return joined(" OR ", [*whole, one_of(left, items)])
        case Constant(constant):
            return one_of(left, [constant])
    if _is_time(left) or _is_time(right):
        return _equal_times(left, right)
    return sql("COALESCE({}, 'null'::jsonb) = COALESCE({}, 'null'::jsonb)", as_json(left), as_json(right))


def _equal_times(left: SqlValue, right: SqlValue) -> Sql:
    if not _is_time(left):
        left, right = right, left
    time, other = as_time(left), as_time(right)
    if other is None:
        return joined(" AND ", [is_nothing(left), is_nothing(right)])
    return sql("CASE WHEN {0} IS NULL THEN {1} ELSE {0} = {2} END", time, is_nothing(right), other)


def one_of(found: SqlValue, constants: list[Any]) -> Sql:
    """Return SQL that is true when a value equals one of several constants; bare comparisons, so that indexes serve."""
    tests = [is_nothing(found)] if None in constants else []
    times = [constant for constant in constants if isinstance(constant, datetime)]
    scalars = [constant for constant in constants if constant is not None and not isinstance(constant, datetime)]
    if times:
        tests += _equal_to_times(found, times)
    if isinstance(found, Json):
        tests += _json_one_of(found, scalars)
    elif isinstance(found, Typed):
        tests += _typed_one_of(found, scalars)
    return joined(" OR ", tests) if tests else FALSE


def _typed_one_of(found: Typed, scalars: list[Any]) -> list[Sql]:
    if found.kind is Kind.TIME:
        return _equal_to_times(found, [time for scalar in scalars if (time := values.as_time(scalar))])
    fitting = [param(scalar) for scalar in scalars if type(scalar) in _PYTHON_TYPES[found.kind]]
    return _any_of(found.beside(*fitting), fitting)


_PYTHON_TYPES: Final[dict[Kind, tuple[type, ...]]] = {
    Kind.TEXT: (str,),
    Kind.TIME_TEXT: (str,),
    Kind.DATE_TEXT: (str,),
    Kind.NUMBER: values.NUMBERS,
    Kind.BOOLEAN: (bool,),
}


def _json_one_of(found: Json, scalars: list[Any]) -> list[Sql]:
    plain = [scalar for scalar in scalars if isinstance(scalar, str) and not _reads_as_json(scalar)]
    others = [scalar for scalar in scalars if scalar not in plain]
    tests = _any_of(found.text, plain)
    if others and len(others) <= _MAX_IN_PATH:
        tests.append(found.filter(" || ".join(f"@ == {literal(scalar)}" for scalar in others)))
    elif others:
        tests.append(sql("{} = ANY({}::jsonb[])", found.json, [literal(scalar) for scalar in others]))
    return tests


def _reads_as_json(text: str) -> bool:
    """Tell whether other JSON than this text has the same characters: the text 5 and the number 5 have."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _equal_to_times(found: SqlValue, times: list[datetime]) -> list[Sql]:
    if isinstance(found, Typed) and found.kind is Kind.TIME_TEXT:
        return _any_of(found.sql, [canonical(time) for time in times])
    expression = as_time(found)
    return _any_of(expression, times) if expression else []


def _any_of(expression: Sql, constants: list[Any]) -> list[Sql]:
    if len(constants) > 1:
        return [sql("{} IN ({})", expression, listed(constants))]
    return [sql("{} = {}", expression, constant) for constant in constants]
