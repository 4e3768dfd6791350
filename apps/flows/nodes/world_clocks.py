"""What nodes have in common that look at clocks: whose clocks, days, times of day, moments, lengths of time."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from apps.conditions.durations import Duration, parse_length
from apps.conditions.exceptions import TreeError
from apps.conditions.values import TIME_WITH_ZONE, as_time
from apps.core.typed_settings import Problem, choice, text, texts
from apps.flows.engine.step import Step
from apps.flows.moments import default_zone, named_zone, read_moment, until
from apps.flows.node import Place

PERSON, FLOW = "person", "flow"  # whose clocks
DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
Moment = Callable[[Step, ZoneInfo], datetime | None]
Length = Callable[[Step], Duration | None]


def whose(**common: Any) -> Any:
    """Declare whose clocks count."""
    return choice("Whose clocks", {PERSON: "Theirs, where they are", FLOW: "The flow's"}, default=PERSON, **common)


def weekdays() -> Any:
    """Declare days of the week."""
    return texts("Days", default=DAYS, check=_check_days, help=f"Some of {', '.join(DAYS)}.")


def time_of_day(label: str, **common: Any) -> Any:
    """Declare a time of day, such as 09:30; an optional one may be empty."""
    return text(
        label, max_length=5, format="time", check=_optional_time if "default" in common else _check_time, **common
    )


def length(label: str, **common: Any) -> Any:
    """Declare a length of time, or a reference to one."""
    return text(label, max_length=200, **common)


def problems_of_window(start: str, end: str) -> Iterator[Problem]:
    """Tell what is wrong with the settings `from` and `to` of a window that no field can tell alone."""
    if bool(start) != bool(end):
        yield Problem("to" if start else "from", "A window has both times, or neither.")
    elif start and start == end:
        yield Problem("to", "Both times are the same: leave both empty for any time of the days.")


def now(step: Step) -> datetime:
    """Return what time it is in the world: the engine's may be behind it."""
    return step.now + step.behind


def zone_of(step: Step, clocks: str) -> ZoneInfo:
    """Return the zone whose clocks count: the flow's, where nobody knows where somebody is."""
    there = named_zone(step.subject.zone) if clocks == PERSON else None
    return there or default_zone(step.zone)


def moment_of(place: Place, field: str, said: str) -> Moment:
    """Compile a moment that is typed in, or a reference to a value that says one; where nothing is said it is now."""
    said = said.strip()
    if not said:
        return lambda step, _zone: now(step)
    typed = as_time(said)
    if typed is not None:
        moment = typed if re.match(TIME_WITH_ZONE, said) else typed.replace(tzinfo=None)
        return lambda _step, zone: until(moment, zone=zone)
    if "@" not in said:
        place.refuse(field, "Expected a moment such as 2026-12-24 18:00, or a reference to one.")
    value = place.value(field, said)
    return lambda step, zone: read_moment(value(step.scope), zone=zone)


def length_of(place: Place, field: str, said: str) -> Length:
    """Compile a length of time, or a reference to a value that says one: a text, or a number of seconds."""
    try:
        constant = parse_length(said)
    except TreeError as error:
        if "@" not in said:
            place.refuse(field, error.message)
            return lambda _step: None
        value = place.value(field, said)
        return lambda step: _read_length(value(step.scope))
    return lambda _step: constant


def _read_length(value: Any) -> Duration | None:
    try:
        if isinstance(value, str):
            return parse_length(value)
        if isinstance(value, int | float) and not isinstance(value, bool) and value >= 1:
            return Duration(int(value), "second")
    except (TreeError, OverflowError, ValueError):
        pass
    return None


def _optional_time(value: str) -> None:
    if value:
        _check_time(value)


def _check_time(value: str) -> None:
    hour, colon, minute = value.partition(":")
    is_time = colon and len(hour) == len(minute) == 2 and value.isascii() and (hour + minute).isdigit()
    if not is_time or int(hour) > 23 or int(minute) > 59:
        raise ValueError("Expected a time of day, from 00:00 to 23:59.")


def _check_days(value: tuple[str, ...]) -> None:
    if not value:
        raise ValueError("One day at least is needed.")
    wrong = [day for day in value if day not in DAYS]
    if wrong:
        raise ValueError(f"'{wrong[0][:20]}' is no day of the week: there are {', '.join(DAYS)}.")
