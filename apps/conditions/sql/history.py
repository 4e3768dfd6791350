"""Conditions on past events, in SQL: for all rows at once, or for one, as the planner prefers.

All have the form EXISTS (SELECT ... WHERE the events' owner is the row). The planner makes a join of it, or looks up
each row's events by their index where few rows are left to evaluate; grouping and windows do not stand in its way.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from apps.conditions.evaluate import Context, truth
from apps.conditions.evaluate.history import bounds
from apps.conditions.evaluate.past_events import AVERAGE_DIGITS
from apps.conditions.exceptions import ConditionError
from apps.conditions.sql.base import Scope, compiles, decide, operand, tests_aggregates
from apps.conditions.sql.fragment import TRUE, Sql, joined, listed, sql
from apps.conditions.sql.functions import shifted
from apps.conditions.sql.layout import Kind
from apps.conditions.sql.values import Json, SqlValue, Typed, as_amount, as_json
from apps.conditions.tree import Aggregate, Condition, Did, Period, Sequence, Step, substitute


@dataclass(frozen=True, slots=True)
class _Table:
    """The table of events as SQL, and where it is asked."""

    source: Sql
    owner: Sql
    id: Sql
    type: Sql
    time: Sql
    row_id: Sql
    only: tuple[Sql, ...]
    unnamed: tuple[str, ...]
    event: Scope

    @classmethod
    def of(cls, scope: Scope) -> "_Table":
        table = scope.layout.events
        if table is None:
            message = "Past events cannot be asked about here."
            raise ConditionError(message)
        return cls(
            source=Sql(table.table),
            owner=Sql(table.owner),
            id=Sql(table.id),
            type=Sql(table.type),
            time=Sql(table.time),
            row_id=Sql(scope.layout.row_id),
            only=(table.only,) if table.only else (),
            unnamed=table.unnamed,
            event=scope.of(columns=table.columns),
        )

    def chosen(self, of_types: list[Sql], period: Period | None) -> list[Sql]:
        """Choose events by type and time: what indexes and partitions serve."""
        since, until = bounds(period, now=self.event.now)
        tests = [*of_types, sql("{} <= {}", self.time, until)]
        if since:
            tests.append(sql("{} >= {}", self.time, since))
        return [*tests, *self.only]

    def of_types(self, types: tuple[str, ...]) -> list[Sql]:
        """Choose events by type; none named means any, but for those that have to be named."""
        return [sql("{} IN ({})", self.type, listed(types))] if types else self.of_any_type()

    def of_any_type(self, *, named: tuple[str, ...] = ()) -> list[Sql]:
        """Choose events of any type, and of those that have to be named and are."""
        left_out = [type_ for type_ in self.unnamed if type_ not in named]
        return [sql("{} NOT IN ({})", self.type, listed(left_out))] if left_out else []

    def where(self, condition: Condition | None) -> list[Sql]:
        """Choose events by what they are asked."""
        return [decide(condition, self.event, wanted=True)] if condition else []


@compiles(Did)
def _did(node: Did, scope: Scope, *, wanted: bool) -> Sql:
    table, events = _Table.of(scope), node.events
    of_row = sql("{} = {}", table.owner, table.row_id)
    found = joined(
        " AND ", [of_row, *table.chosen(table.of_types(events.types), events.period), *table.where(events.where)]
    )
    return _exists(sql("SELECT FROM {} WHERE {}", table.source, found), wanted=wanted)


@tests_aggregates
def _decide_aggregate(test: Condition, aggregate: Aggregate, scope: Scope, *, wanted: bool) -> Sql:
    """Compile a test of what is made of a row's events; rows without events are told by what is made of none."""
    table = _Table.of(scope)
    rows, value = _aggregated(aggregate, table)
    inner = decide(test, scope.of(aggregate=value), wanted=wanted)
    of_none = truth(substitute(test, aggregate, aggregate.of_none))({}, Context(scope.now))
    if of_none is wanted:
        inner = sql("({}) IS NOT TRUE", inner)
    found = sql("SELECT FROM ({}) AS h WHERE h.owner = {} AND ({})", rows, table.row_id, inner)
    return _exists(found, wanted=of_none is not wanted)


def _aggregated(node: Aggregate, table: _Table) -> tuple[Sql, SqlValue]:
    """Return the rows (owner, value) of owners that have such events, and what `value` is."""
    of_types = table.of_types(node.events.types)
    events = joined(" AND ", [*table.chosen(of_types, node.events.period), *table.where(node.events.where)])
    if node.field is None:
        return _grouped(Sql("count(*)"), events, table), _H_NUMBER
    value = operand(node.field, table.event)
    if node.function in ("first", "last"):
        return _first_or_last(node.function, value, events, table)
    return _grouped(_MADE_OF[node.function](value), events, table), _H_NUMBER


def _grouped(value: Sql, events: Sql, table: _Table) -> Sql:
    rows = "SELECT {0} AS owner, {1} AS value FROM {2} WHERE {3} GROUP BY {0}"
    return sql(rows, table.owner, value, table.source, events)


def _first_or_last(function: str, value: SqlValue, events: Sql, table: _Table) -> tuple[Sql, SqlValue]:
    if isinstance(value, Typed) and value.sql == table.time:
        # The usual question; a group has its earliest time more cheaply than a sort.
        extreme = "min({})" if function == "first" else "max({})"
        return _grouped(sql(extreme, table.time), events, table), Typed(Kind.TIME, Sql("h.value"))
    direction = Sql("ASC" if function == "first" else "DESC")
    rows = sql(
        "SELECT DISTINCT ON ({0}) {0} AS owner, {1} AS value FROM {2} WHERE {3} ORDER BY {0}, {4} {6}, {5} {6}",
        table.owner,
        value.sql if isinstance(value, Typed) else as_json(value),
        table.source,
        events,
        table.time,
        table.id,
        direction,
    )
    return rows, Typed(value.kind, Sql("h.value")) if isinstance(value, Typed) else Json(Sql("h.value"))


def _number(value: SqlValue) -> Sql:
    return as_amount(value) or Sql("NULL::numeric")


def _distinct(value: SqlValue) -> Sql:
    expression = value.sql if isinstance(value, Typed) else sql("NULLIF({}, 'null'::jsonb)", as_json(value))
    return sql("count(DISTINCT {})", expression)


def _average(value: SqlValue) -> Sql:
    # A quotient has no exact notation: div() and a product do not round, and both sides drop the same digits.
    scale = 10**AVERAGE_DIGITS
    return sql(f"div(sum({{0}}) * {scale}, count({{0}})) * {1 / scale:.{AVERAGE_DIGITS}f}", _number(value))


_H_NUMBER: Final = Typed(Kind.NUMBER, Sql("h.value"))
_MADE_OF: Final[dict[str, Callable[[SqlValue], Sql]]] = {
    "sum": lambda value: sql("COALESCE(sum({}), 0)", _number(value)),
    "average": _average,
    "min": lambda value: sql("min({})", _number(value)),
    "max": lambda value: sql("max({})", _number(value)),
    "distinct": _distinct,
}


@compiles(Sequence)
def _sequence(node: Sequence, scope: Scope, *, wanted: bool) -> Sql:
    """Go through each owner's events once, in their order, as apps/conditions/evaluate/history.py does.

    Each level adds to the events when the steps so far were last completed before them: t0, t1, ...
    """
    table = _Table.of(scope)
    flags = []
    for index, step in enumerate(node.steps):
        tests = [*table.of_types(step.types), *table.where(step.where)] or [TRUE]
        flags.append(sql(f"({{}}) IS TRUE AS s{index}", joined(" AND ", tests)))
    of_types = table.of_any_type(named=node.types) if node.takes_any_type else table.of_types(node.types)
    chosen = joined(" AND ", table.chosen(of_types, node.period))
    rows = "SELECT {} AS owner, {} AS time, {} AS id, {} FROM {} WHERE {}"
    level = sql(rows, table.owner, table.time, table.id, listed(flags), table.source, chosen)
    for index, step in enumerate(node.steps[:-1]):
        extreme = Sql("min" if index == 0 and node.from_first else "max")
        level = sql(_LEVEL, extreme, _completes(index, step), Sql(f"t{index}"), level, Sql(f"l{index}"))
    completes = _completes(len(node.steps) - 1, node.steps[-1])
    found = sql("SELECT FROM ({}) AS h WHERE h.owner = {} AND {}", level, table.row_id, completes)
    return _exists(found, wanted=wanted)


_LEVEL: Final = (
    "SELECT *, {}(time) FILTER (WHERE {}) "
    "OVER (PARTITION BY owner ORDER BY time, id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS {} FROM ({}) AS {}"
)


def _completes(index: int, step: Step) -> Sql:
    """Ask whether an event completes the steps up to one."""
    if index == 0:
        return Sql("s0")
    before = Sql(f"t{index - 1}")
    if step.within is None:
        return sql(f"s{index} AND {{}} IS NOT NULL", before)
    return sql(f"s{index} AND time <= {{}}", shifted(before, step.within))


def _exists(query: Sql, *, wanted: bool) -> Sql:
    return sql("EXISTS ({})" if wanted else "NOT EXISTS ({})", query)
