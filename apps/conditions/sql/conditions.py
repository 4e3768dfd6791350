"""Conditions on a row, in SQL."""

from typing import Any, Final

from apps.conditions.exceptions import ConditionError
from apps.conditions.sql.base import Scope, compiles, decide, operand
from apps.conditions.sql.comparisons import equal, is_nothing, one_of, ordered
from apps.conditions.sql.fragment import FALSE, Sql, joined, sql
from apps.conditions.sql.layout import Kind
from apps.conditions.sql.values import Constant, Json, SqlValue, Typed, as_json, literal
from apps.conditions.tree import (
    And,
    Between,
    Compare,
    Consent,
    Empty,
    Exists,
    Field,
    In,
    Items,
    ListLiteral,
    Match,
    Not,
    Or,
)

_CONTRARY: Final = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}


@compiles(And)
def _and(node: And, scope: Scope, *, wanted: bool) -> Sql:
    return joined(" AND " if wanted else " OR ", [decide(item, scope, wanted=wanted) for item in node.items])


@compiles(Or)
def _or(node: Or, scope: Scope, *, wanted: bool) -> Sql:
    return joined(" OR " if wanted else " AND ", [decide(item, scope, wanted=wanted) for item in node.items])


@compiles(Not)
def _not(node: Not, scope: Scope, *, wanted: bool) -> Sql:
    return decide(node.item, scope, wanted=not wanted)


@compiles(Compare)
def _compare(node: Compare, scope: Scope, *, wanted: bool) -> Sql:
    left, right = operand(node.left, scope), operand(node.right, scope)
    if node.op == "=":
        return _either(equal(left, right), wanted=wanted)
    return ordered(node.op if wanted else _CONTRARY[node.op], left, right)


@compiles(Between)
def _between(node: Between, scope: Scope, *, wanted: bool) -> Sql:
    found, low, high = operand(node.operand, scope), operand(node.low, scope), operand(node.high, scope)
    if wanted:
        return joined(" AND ", [ordered(">=", found, low), ordered("<=", found, high)])
    return joined(" OR ", [ordered("<", found, low), ordered(">", found, high)])


@compiles(In)
def _in(node: In, scope: Scope, *, wanted: bool) -> Sql:
    return _either(one_of(operand(node.operand, scope), node.values.value), wanted=wanted)


@compiles(Exists)
def _exists(node: Exists, scope: Scope, *, wanted: bool) -> Sql:
    match operand(node.operand, scope):
        case Json() as found:
            return _either(found.test("!= null"), wanted=wanted)
        case found:
            return _either(is_nothing(found), wanted=not wanted)


@compiles(Empty)
def _empty(node: Empty, scope: Scope, *, wanted: bool) -> Sql:
    match operand(node.operand, scope):
        case Json() as found:
            empty = """COALESCE({}, 'null'::jsonb) IN ('null', '""', '[]', '{{}}')"""
            return _either(sql(empty, found.json), wanted=wanted)
        case Typed(Kind.TEXT, expression):
            return _either(sql("COALESCE({}, '') = ''", expression), wanted=wanted)
        case found:
            return _either(is_nothing(found), wanted=wanted)


# How a part is looked for in a text, {0} being the text, {1} the part, {2} its length; and in a list, {3} being the
# list, {4} the part as JSON.
_CONTAINS: Final = ("strpos({0}, {1}) > 0", "{3} @> {4}::jsonb")
_MATCHES: Final = {
    "contains": _CONTAINS,
    "contains any": _CONTAINS,
    "contains all": _CONTAINS,
    "starts with": ("starts_with({0}, {1})", "({3} -> 0) = {4}::jsonb"),
    "ends with": ("right({0}, {2}) = {1}", "({3} -> -1) = {4}::jsonb"),
}


@compiles(Match)
def _match(node: Match, scope: Scope, *, wanted: bool) -> Sql:
    parts = node.value.value if isinstance(node.value, ListLiteral) else [node.value.value]
    holds = _holds(node, scope)
    if holds:
        tests = [sql(holds, part) if isinstance(part, str) else FALSE for part in parts]
    else:
        found = operand(node.operand, scope)
        tests = [_part_of(found, part, *_MATCHES[node.op]) for part in parts]
    return _either(joined(" AND " if node.op == "contains all" else " OR ", tests), wanted=wanted)


def _holds(node: Match, scope: Scope) -> str:
    """Return the SQL by which a list that is kept elsewhere tells whether it holds a text, if it is one."""
    if not isinstance(node.operand, Field) or node.operand.root == "item" or not node.op.startswith("contains"):
        return ""
    column, keys = scope.columns.find(node.operand)
    return "" if keys else column.holds


def _part_of(found: SqlValue, part: Any, of_text: str, of_list: str) -> Sql:
    """Ask for a part of a text, or for an item of a list."""
    n_characters = len(part) if isinstance(part, str) else 0
    match found:
        case Json():
            when_text = f"WHEN 'string' THEN {of_text} " if isinstance(part, str) else ""
            by_type = f"CASE jsonb_typeof({{3}}) {when_text}WHEN 'array' THEN {of_list} END"
            return sql(by_type, found.text, part, n_characters, found.json, literal(part))
        case Typed() if isinstance(part, str) and found.kind.is_text:
            return sql(of_text, found.beside(part), part, n_characters)
    return FALSE


@compiles(Items)
def _items(node: Items, scope: Scope, *, wanted: bool) -> Sql:
    found = operand(node.operand, scope)
    if isinstance(found, Typed) or (isinstance(found, Constant) and not isinstance(found.value, list)):
        return FALSE
    whole = found if isinstance(found, Json) else Json(as_json(found))
    alias = f"i{scope.depth}"
    inner = scope.of(item=Json(Sql(f"{alias}.item")), depth=scope.depth + 1)
    test = decide(node.where, inner, wanted=wanted)
    elements = f"jsonb_array_elements(CASE WHEN {{}} THEN {{}} END) AS {alias}(item)"
    rows = sql(f"FROM {elements}", whole.is_a("array"), whole.json)
    if (node.quantifier == "any") is wanted:
        return sql("EXISTS (SELECT {} WHERE {})", rows, test)
    return sql("{} AND NOT EXISTS (SELECT {} WHERE ({}) IS NOT TRUE)", whole.is_a("array"), rows, test)


@compiles(Consent)
def _consent(node: Consent, scope: Scope, *, wanted: bool) -> Sql:
    if scope.layout.consents is None:
        message = f"{node} cannot be asked about here."
        raise ConditionError(message)
    return _either(scope.layout.consents(node.state, node.consent, scope.now), wanted=wanted)


def _either(test: Sql, *, wanted: bool) -> Sql:
    """Return a test that is never unknown, or its contrary."""
    return test if wanted else sql("({}) IS NOT TRUE", test)
