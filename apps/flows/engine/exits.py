"""Exits and goals: what ends a run, or is what it is for, whatever node somebody is at."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from apps.conditions.type_names import event_types
from apps.flows.engine.graph import Compiled, Goal, Rule, Scope
from apps.flows.engine.matching import matches, text_of
from apps.flows.engine.moves import Failure
from apps.flows.engine.outcome import Awaiting
from apps.flows.engine.state import State
from apps.flows.models import Wait

Event = Mapping[str, Any]


def match_of(rule: Rule, scope: Scope) -> dict[str, str] | None:
    """Say what an event has to say for a rule; None: no event can, as the run does not know what."""
    try:
        found = {path: text_of(value(scope)) for path, value in rule.match.items()}
    except Failure:  # it reckons with what is no number, say
        return None
    said = {path: text for path, text in found.items() if text is not None}
    return said if len(said) == len(found) else None


def holds(rule: Rule, scope: Scope, clock: datetime, event: Event | None = None) -> bool:
    """Tell whether a rule holds as an event has come, or, without one, of the person as they are.

    A rule of events asks for one. `clock` is the world's time.
    """
    if event is None:
        return not rule.event_type and not rule.match and rule.condition is not None and rule.condition(scope, clock)
    if rule.event_type and event.get("type") not in event_types([rule.event_type]):
        return False
    if rule.match:
        match = match_of(rule, scope)
        if match is None or not matches(match, event):
            return False
    return rule.condition is None or rule.condition({**scope, "event": event}, clock)


def reached(
    compiled: Compiled,
    state: State,
    scope: Scope,
    now: datetime,
    event: Event | None = None,
    *,
    behind: timedelta = timedelta(),
) -> Iterator[Goal]:
    """Yield the goals that are reached just now, and were not before; also of a run that has ended.

    An event counts by when it happened: not before what started the run, as history does that is told later, and
    within the goal's time, however late it comes. `scope` has the event that started the run; `now` is the engine's
    time. See `holds`.
    """
    clock = now + behind
    happened = (_time_of(event) if event else None) or clock
    if happened < min(state.began, _time_of(scope["event"]) or state.began):
        return
    for goal in compiled.goals:
        is_late = goal.within is not None and happened - behind - state.began > goal.within
        if goal.id not in state.goals and not is_late and holds(goal.rule, scope, clock, event):
            yield goal


def _time_of(event: Event) -> datetime | None:
    """Return when an event happened; None where it does not say."""
    said = event.get("time")
    return datetime.fromisoformat(said) if isinstance(said, str) else None


def waits(compiled: Compiled, state: State, scope: Scope, *, has_ended: bool) -> Iterator[Awaiting]:
    """Yield the rows by which events are held to exits and goals; a run that has ended has goals alone, for a while."""
    rules: list[tuple[Wait.Kind, Rule, datetime | None]]
    rules = [] if has_ended else [(Wait.Kind.EXIT, rule, None) for rule in compiled.exits]
    for goal in compiled.goals:
        if goal.id not in state.goals and (goal.within or not has_ended):
            rules.append((Wait.Kind.GOAL, goal.rule, state.began + goal.within if goal.within else None))
    for kind, rule, expires_at in rules:
        match = match_of(rule, scope)
        if match is not None:
            yield Awaiting(0, kind, rule.event_type or Wait.ANYTHING, match or None, expires_at)
