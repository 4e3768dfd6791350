"""What compiling to SQL consists of.

Three-valued logic needs no care in SQL once NOT is gone: a condition is compiled to what is true when the condition is
true, or to what is true when it is false, and NOT changes from one to the other. NULL and false are the same then.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from apps.conditions.evaluate import Context, truth, value
from apps.conditions.makers import Maker, Makers
from apps.conditions.sql.fragment import FALSE, TRUE, Sql
from apps.conditions.sql.layout import Columns, Kind, Layout
from apps.conditions.sql.values import Constant, Json, SqlValue, Typed
from apps.conditions.tree import Aggregate, Condition, Field, Node, Operand, ValueTest

_tests: Final[Makers[Sql]] = Makers()
_values: Final[Makers[SqlValue]] = Makers()


@dataclass(frozen=True, slots=True)
class Scope:
    """What fields and events mean at some place of a condition."""

    layout: Layout
    now: datetime
    columns: Columns
    item: Json | None = None  # of the innermost list
    depth: int = 0  # of lists within lists
    aggregate: SqlValue | None = None  # what is made of past events, within the test of it

    def of(self, **changes: Any) -> "Scope":
        """Return the same with some changes."""
        return replace(self, **changes)


def compiles(kind: type[Node]) -> Callable[[Maker], Maker]:
    """Register the function that compiles a kind of node: a condition, or an operand."""
    if issubclass(kind, Condition):
        return _tests.register(kind)
    return _values.register(kind)


def tests_aggregates(maker: Maker) -> Maker:
    """Register the function that compiles a test of what is made of past events."""
    return _tests.register(Aggregate)(maker)


def decide(condition: Condition, scope: Scope, *, wanted: bool) -> Sql:
    """Compile a condition to SQL that is true when the condition is `wanted`, and false or NULL when it is not."""
    if _is_constant(condition):
        return TRUE if truth(condition)({}, Context(scope.now)) is wanted else FALSE
    if not scope.aggregate and isinstance(condition, ValueTest):
        aggregate = next(condition.histories(), None)
        if isinstance(aggregate, Aggregate):
            return _tests[Aggregate](condition, aggregate, scope, wanted=wanted)
    return _tests[type(condition)](condition, scope, wanted=wanted)


def operand(node: Operand, scope: Scope) -> SqlValue:
    """Compile an operand; what depends on no document is computed at once."""
    if _is_constant(node):
        return Constant(value(node)({}, Context(scope.now)))
    return _values[type(node)](node, scope)


def _is_constant(node: Node) -> bool:
    return next(node.free_fields(), None) is None and next(node.histories(), None) is None


@compiles(Field)
def _field(node: Field, scope: Scope) -> SqlValue:
    if node.root == "item":
        assert scope.item, "the tree was checked"
        return Json(scope.item.base, scope.item.keys + node.keys)
    column, keys = scope.columns.find(node)
    if column.kind is Kind.JSON:
        return Json(Sql(column.sql), keys)
    return Constant(None) if keys else Typed(column.kind, Sql(column.sql))


@compiles(Aggregate)
def _aggregate(node: Aggregate, scope: Scope) -> SqlValue:
    assert scope.aggregate, "tests of past events bring their value"
    return scope.aggregate
