"""Conditions and values that look at past events."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from apps.conditions import values
from apps.conditions.durations import Duration, shift
from apps.conditions.evaluate.base import Context, Document, Test, Value, decides, evaluates, once_for, truth, value
from apps.conditions.evaluate.past_events import AGGREGATES, Event, History
from apps.conditions.tree import (
    Aggregate,
    Before,
    Did,
    Events,
    FromTo,
    Last,
    Literal,
    Operand,
    Period,
    Sequence,
    Since,
    Step,
)

_TICK: Final = timedelta(microseconds=1)  # the shortest time that PostgreSQL and Python know


def bounds(period: Period | None, *, now: datetime) -> tuple[datetime | None, datetime]:
    """Return the first and the last moment of a period; nothing is later than now."""
    start, end = None, now
    match period:
        case Last(duration):
            start = shift(now, -duration)
        case Since(operand):
            start = _moment(operand, now)
        case Before(operand):
            end = min(now, _moment(operand, now) - _TICK)
        case FromTo(first, last):
            start, end = _moment(first, now), _moment(last, now)
            if isinstance(last, Literal) and values.is_date(str(last.value)):
                end += timedelta(days=1) - _TICK
            end = min(now, end)
    return start, end


def _moment(operand: Operand, now: datetime) -> datetime:
    found = values.as_time(value(operand)({}, Context(now)))
    assert found, "the tree holds nothing but times here"
    return found


def _select(events: Events) -> Callable[[Context], Iterable[Event]]:
    recorded, is_one = _recorded(events.types, events.period), _is_one(events)

    def select(context: Context) -> Iterable[Event]:
        found = recorded(context)
        return [event for event in found if is_one(event, context)] if events.where or not events.types else found

    return select


def _recorded(types: tuple[str, ...], period: Period | None) -> Callable[[Context], Iterable[Event]]:
    """Make a function that yields the events of some types in a period."""
    bounds_at = once_for(lambda now: bounds(period, now=now))

    def recorded(context: Context) -> Iterable[Event]:
        return _history(context).events(types, *bounds_at(context.now))

    return recorded


def _history(context: Context) -> History:
    if context.history is None:
        message = "The condition looks at past events, and no history was given."
        raise ValueError(message)
    return context.history


def _is_one(selection: Events | Step) -> Callable[[Event, Context], bool]:
    """Make a function that tells whether an event is of the types that are named, and meets the condition."""
    types, test = selection.types, truth(selection.where) if selection.where else None

    def is_one(event: Event, context: Context) -> bool:
        if not (event["type"] in types if types else event["type"] not in _history(context).unnamed):
            return False
        return test is None or test({"event": event}, context) is True

    return is_one


@decides(Did)
def _did(node: Did) -> Test:
    select = _select(node.events)
    return lambda document, context: any(True for _ in select(context))


@decides(Sequence)
def _sequence(node: Sequence) -> Test:
    steps = [(_is_one(step), step.within) for step in node.steps]
    recorded = _recorded(() if node.takes_any_type else node.types, node.period)
    return lambda document, context: _happened_in_order(recorded(context), steps, context, from_first=node.from_first)


def _happened_in_order(
    events: Iterable[Event],
    steps: list[tuple[Callable[[Event, Context], bool], Duration | None]],
    context: Context,
    *,
    from_first: bool,
) -> bool:
    """Tell whether events meet all steps one after the other, each within its duration after the one before.

    For each step the latest event that completed it is kept: no earlier one leaves more time to the step that follows.
    Steps are looked at from the last to the first, so that one event is never two steps.
    """
    completed: list[datetime | None] = [None] * len(steps)
    for event in events:
        for index in range(len(steps) - 1, -1, -1):
            is_step, within = steps[index]
            if _may_follow(completed, index, within, event["time"], from_first=from_first) and is_step(event, context):
                completed[index] = event["time"]
        if completed[-1]:
            return True
    return False


def _may_follow(
    completed: list[datetime | None], index: int, within: Duration | None, time: datetime, *, from_first: bool
) -> bool:
    if index == 0:
        return not (from_first and completed[0])
    before = completed[index - 1]
    return before is not None and (within is None or time <= shift(before, within))


@evaluates(Aggregate)
def _aggregate(node: Aggregate) -> Value:
    select, fold = _select(node.events), AGGREGATES[node.function]
    field = value(node.field) if node.field else None

    def aggregate(document: Document, context: Context) -> Any:
        if aggregate not in context.made:  # it depends on nothing else
            events = select(context)
            context.made[aggregate] = fold(
                [field({"event": event}, context) for event in events] if field else [*events]
            )
        return context.made[aggregate]

    return aggregate
