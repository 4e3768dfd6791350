"""Conditions and values that look at past events."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from apps.conditions import values
from apps.conditions.durations import Duration, shift
from apps.conditions.evaluate.base import Context, Document, Test, Value, decides, evaluates, once_for, truth, value
from apps.conditions.evaluate.events import AGGREGATES, Event
from apps.conditions.tree import (
    Aggregate,
    Before,
    Condition,
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
    where, recorded = _meets(events.where), _recorded(events.types, events.period)

    def select(context: Context) -> Iterable[Event]:
        found = recorded(context)
        return [event for event in found if where(event, context)] if events.where else found

    return select


def _recorded(types: tuple[str, ...], period: Period | None) -> Callable[[Context], Iterable[Event]]:
    """Make a function that yields the events of some types in a period."""
    bounds_at = once_for(lambda now: bounds(period, now=now))

    def recorded(context: Context) -> Iterable[Event]:
        if context.history is None:
            message = "The condition looks at past events, and no history was given."
            raise ValueError(message)
        return context.history.events(types, *bounds_at(context.now))

    return recorded


def _meets(where: Condition | None) -> Callable[[Event, Context], bool]:
    if where is None:
        return lambda event, context: True
    test = truth(where)
    return lambda event, context: test({"event": event}, context) is True


@decides(Did)
def _did(node: Did) -> Test:
    select = _select(node.events)
    return lambda document, context: any(True for _ in select(context))


@decides(Sequence)
def _sequence(node: Sequence) -> Test:
    steps = [(_is_step(step), step.within) for step in node.steps]
    recorded = _recorded(node.types, node.period)
    return lambda document, context: _happened_in_order(recorded(context), steps, context, from_first=node.from_first)


def _is_step(step: Step) -> Callable[[Event, Context], bool]:
    meets = _meets(step.where)
    return lambda event, context: step.is_of(event["type"]) and meets(event, context)


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
