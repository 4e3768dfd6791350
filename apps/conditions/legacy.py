"""Functions as the language before this one had them, in terms of ours.

A time is the same moment in every zone, so the zones that they take change nothing; they are still checked.
"""

import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import Final
from zoneinfo import available_timezones

from apps.conditions.durations import Duration, parse_offset, unit_of
from apps.conditions.exceptions import TreeError
from apps.conditions.tree import Call, Literal, Operand, Shift

NOW: Final = Call("now")
_DAYS: Final = {"now": 0, "today": 0, "yesterday": -1, "tomorrow": 1}
_AGO: Final = re.compile(
    r"(?P<ago>\d{1,9})\s*(?P<unit_ago>[a-z]+)\s+ago|in\s+(?P<ahead>\d{1,9})\s*(?P<unit_ahead>[a-z]+)"
)


def call(name: str, arguments: Sequence[Operand]) -> Operand:
    """Make the operand that a function's name and arguments mean. Raises TreeError."""
    rewritten = _REWRITTEN.get((name, len(arguments)))
    return rewritten(*arguments) if rewritten else Call(name, tuple(arguments))


def _now_in(zone_or_offset: Operand) -> Operand:
    text = _text(zone_or_offset, "now")
    if text.lower() in _zones():
        return NOW
    return Shift(NOW, parse_offset(text))


def _now_in_zone(zone: Operand) -> Operand:
    _check_zone(zone)
    return NOW


def _now_in_zone_and_offset(zone: Operand, offset: Operand) -> Operand:
    _check_zone(zone)
    return _shifted(NOW, offset)


def _time_in_zone(time: Operand, zone: Operand) -> Operand:
    _check_zone(zone)
    return _time(time)


def _time(time: Operand) -> Operand:
    """Take words such as "yesterday" and "2 days ago" for what they mean."""
    text = time.value.strip().lower() if isinstance(time, Literal) and isinstance(time.value, str) else ""
    if text in _DAYS:
        return Shift(NOW, Duration(_DAYS[text], "day")) if _DAYS[text] else NOW
    found = _AGO.fullmatch(text)
    if not found:
        return Call("datetime", (time,))
    if found["ago"]:
        return Shift(NOW, Duration(-int(found["ago"]), unit_of(found["unit_ago"])))
    return Shift(NOW, Duration(int(found["ahead"]), unit_of(found["unit_ahead"])))


def _shifted(time: Operand, offset: Operand) -> Operand:
    return Shift(time, parse_offset(_text(offset, "offset")))


def _check_zone(zone: Operand) -> None:
    if _text(zone, "timezone").lower() not in _zones():
        message = f"There is no time zone {zone}."
        raise TreeError(message, zone)


def _text(operand: Operand, name: str) -> str:
    if isinstance(operand, Literal) and isinstance(operand.value, str):
        return operand.value
    message = f"{name}() takes a text here."
    raise TreeError(message, operand)


@cache
def _zones() -> frozenset[str]:
    return frozenset(zone.lower() for zone in available_timezones())


_REWRITTEN: Final[dict[tuple[str, int], Callable[..., Operand]]] = {
    ("now", 1): _now_in,
    ("utcnow", 0): lambda: NOW,
    ("now.offset", 1): lambda offset: _shifted(NOW, offset),
    ("now.timezone", 1): _now_in_zone,
    ("now.timezone.offset", 2): _now_in_zone_and_offset,
    ("datetime", 1): _time,
    ("datetime.offset", 2): lambda time, offset: _shifted(_time(time), offset),
    ("datetime.timezone", 2): _time_in_zone,
    ("datetime.from_timestamp", 1): lambda number: Call("from_timestamp", (number,)),
}
