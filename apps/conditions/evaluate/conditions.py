"""Conditions on a document, evaluated in memory."""

import operator
from collections.abc import Callable
from typing import Any, Final

from apps.conditions import values
from apps.conditions.evaluate.base import Context, Document, Test, Truth, Value, decides, truth, value
from apps.conditions.tree import (
    And,
    Between,
    Compare,
    Consent,
    Empty,
    Exists,
    In,
    Items,
    ListLiteral,
    Literal,
    Match,
    Not,
    Or,
)

_ORDERS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@decides(And)
def _and(node: And) -> Test:
    tests = tuple(map(truth, node.items))

    def test(document: Document, context: Context) -> Truth:
        result: Truth = True
        for each in tests:
            found = each(document, context)
            if found is False:
                return False
            if found is None:
                result = None
        return result

    return test


@decides(Or)
def _or(node: Or) -> Test:
    tests = tuple(map(truth, node.items))

    def test(document: Document, context: Context) -> Truth:
        result: Truth = False
        for each in tests:
            found = each(document, context)
            if found:
                return True
            if found is None:
                result = None
        return result

    return test


@decides(Not)
def _not(node: Not) -> Test:
    test = truth(node.item)

    def contrary(document: Document, context: Context) -> Truth:
        found = test(document, context)
        return None if found is None else not found

    return contrary


@decides(Compare)
def _compare(node: Compare) -> Test:
    if node.op == "=":
        return _equal(node)
    compare = _ORDERS[node.op]
    if isinstance(node.right, Literal):
        return _compare_with(value(node.left), compare, node.right.value)
    return _ordered(value(node.left), compare, value(node.right))


def _ordered(left: Value, compare: Callable[[Any, Any], bool], right: Value) -> Test:
    def test(document: Document, context: Context) -> Truth:
        found = values.order(left(document, context), right(document, context))
        return None if found is None else compare(found, 0)

    return test


def _compare_with(left: Value, compare: Callable[[Any, Any], bool], right: Any) -> Test:
    """Compare with a value that is written down; the frequent types first, without a detour."""
    kind = type(right)
    is_safe = kind in (float, str) or (kind is int and abs(right) <= values.SAFE_INTEGER)
    # A float beside a small integer compares as their decimal notations do, and so does a small integer beside itself.
    other = float if kind is int else None

    def test(document: Document, context: Context) -> Truth:
        found = left(document, context)
        found_type = type(found)
        if is_safe and (found_type is kind or found_type is other):
            return compare(found, right)
        order = values.order(found, right)
        return None if order is None else compare(order, 0)

    return test


def _equal(node: Compare) -> Test:
    left, right = value(node.left), value(node.right)
    if isinstance(node.left, ListLiteral) or isinstance(node.right, ListLiteral):
        # A list that is written down stands for itself, and for each of its items.
        if not isinstance(node.right, ListLiteral):
            left, right = right, left

        def is_or_is_in(document: Document, context: Context) -> bool:
            found, items = left(document, context), right(document, context)
            return values.equal(found, items) or any(values.equal(found, item) for item in items)

        return is_or_is_in
    if isinstance(node.right, Literal) and isinstance(node.right.value, str | None):
        return _equal_to(left, node.right.value)
    return lambda document, context: values.equal(left(document, context), right(document, context))


def _equal_to(left: Value, right: str | None) -> Test:
    def test(document: Document, context: Context) -> bool:
        found = left(document, context)
        return bool(found == right) if type(found) is str else values.equal(found, right)

    return test


@decides(Between)
def _between(node: Between) -> Test:
    return _and(And((Compare(">=", node.operand, node.low), Compare("<=", node.operand, node.high))))


@decides(In)
def _in(node: In) -> Test:
    operand = value(node.operand)
    items = [item.value for item in node.values.items]
    texts = frozenset(item for item in items if isinstance(item, str))

    def test(document: Document, context: Context) -> bool:
        found = operand(document, context)
        return found in texts if type(found) is str else any(values.equal(found, item) for item in items)

    return test


@decides(Exists)
def _exists(node: Exists) -> Test:
    operand = value(node.operand)
    return lambda document, context: operand(document, context) is not None


@decides(Empty)
def _empty(node: Empty) -> Test:
    operand = value(node.operand)
    return lambda document, context: values.is_empty(operand(document, context))


_MATCHES: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "contains": values.contains,
    "contains any": lambda whole, parts: any(values.contains(whole, part) for part in parts),
    "contains all": lambda whole, parts: all(values.contains(whole, part) for part in parts),
    "starts with": values.starts_with,
    "ends with": values.ends_with,
}


@decides(Match)
def _match(node: Match) -> Test:
    matches, operand, part = _MATCHES[node.op], value(node.operand), node.value.value
    return lambda document, context: matches(operand(document, context), part)


@decides(Items)
def _items(node: Items) -> Test:
    """Evaluate ANY as OR over the items, and ALL as AND; what is no list is unknown."""
    operand, where = value(node.operand), truth(node.where)
    decisive = node.quantifier == "any"

    def test(document: Document, context: Context) -> Truth:
        found = operand(document, context)
        if type(found) is not list:
            return None
        result: Truth = not decisive
        for item in found:
            of_item = where({**document, "item": item}, context)
            if of_item is decisive:
                return decisive
            if of_item is None:
                result = None
        return result

    return test


@decides(Consent)
def _consent(node: Consent) -> Test:
    consent, wanted = node.consent, node.state
    return lambda document, context: document["consents"](consent, context.now) == wanted
