"""What an event can do to one field of a profile: set it, fill it, add to it, empty it.

An operation takes what the field holds and what the event brings, both possibly null, and the former possibly MISSING;
it returns what the field holds from now on, MISSING for nothing. It never changes a list in place.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from operator import gt, lt
from typing import Any, Final

from apps.core.numbers import add
from apps.core.paths import MISSING
from apps.profiles.conversions import number
from apps.profiles.schema import Kind, is_empty

MAX_ITEMS: Final = 1_000  # of a list that events append to: a profile is read and written with each of its events


class OperationError(ValueError):
    """A field and a value are nothing that the operation can work on."""


class Input(Enum):
    """What an operation works with, besides the field itself."""

    EVENT = "a path in the event"
    LITERAL = "a number in the rules"
    TIME = "the time of the event"
    NOTHING = "nothing"


class Order(Enum):
    """Which of several events has its way, whatever the order in which they arrive."""

    ANY = "all of them"
    NEWEST = "the newest"
    OLDEST = "the oldest"


@dataclass(frozen=True, slots=True)
class Operation:
    """One of the operations, and what must hold where it is used."""

    name: str
    label: str
    apply: Callable[[Any, Any], Any]
    input: Input = Input.EVENT
    order: Order = Order.ANY
    # It says what the field holds at the time of the event, also when the field held just that before.
    is_statement: bool = False
    # Doing it again for the same events leaves the field as it is; sums would count them twice.
    is_repeatable: bool = True
    kinds: frozenset[Kind] = frozenset(Kind)


def same(left: object, right: object) -> bool:
    """Tell whether two JSON values are the same; unlike in Python, true is not 1."""
    if left is right:
        return True
    if left != right:
        return False
    if isinstance(left, (dict, list)):
        return json.dumps(left, sort_keys=True) == json.dumps(right, sort_keys=True)
    return (type(left) is bool) == (type(right) is bool)


def _equals(_current: object, value: object) -> object:
    return value


def _fill(current: object, value: object) -> object:
    return value if is_empty(current) and not is_empty(value) else current


def _append(current: object, value: object) -> object:
    return _bounded([*_items(current), *_new_items(value)])


def _append_unique(current: object, value: object) -> object:
    if type(value) is str and type(current) is list:  # nearly always, and then Python's own search will do
        return current if value in current else _bounded([*current, value])
    new = _new_items(value)
    if isinstance(current, list) and all(_holds(current, item) for item in new):
        return current
    items = _items(current)
    for item in new:
        if not _holds(items, item):
            items.append(item)
    return _bounded(items)


def _remove(current: object, value: object) -> object:
    if is_empty(current):
        return current
    gone = value if isinstance(value, list) else [value]
    items = _items(current)
    left = [item for item in items if not _holds(gone, item)]
    return current if len(left) == len(items) else left


def _holds(items: list[object], item: object) -> bool:
    # A text is the same as no other kind of value, so that Python's own search will do.
    return item in items if type(item) is str else any(same(each, item) for each in items)


def _items(current: object) -> list[object]:
    if is_empty(current):
        return []
    return list(current) if isinstance(current, list) else [current]


def _new_items(value: object) -> list[object]:
    if value is None:
        message = "Null cannot be appended."
        raise OperationError(message)
    return value if isinstance(value, list) else [value]


def _bounded(items: list[object]) -> list[object]:
    if len(items) > MAX_ITEMS:
        message = f"The list is full: it may hold {MAX_ITEMS} items."
        raise OperationError(message)
    return items


def _sum(sign: int) -> Callable[[Any, Any], int | float]:
    def sum_(current: object, value: object) -> int | float:
        what = "sum"
        try:
            if type(current) is int and type(value) is int:  # counters, which are most sums
                return number(current + sign * value)
            what = "field"
            before = 0 if type(current) is not float and is_empty(current) else number(current)
            what = "value"
            brought = sign * number(value)
            what = "sum"
            return number(add(before, brought))
        except ValueError as error:
            message = f"{error} (the {what})"
            raise OperationError(message) from None

    return sum_


def _extreme(exceeds: Callable[[Any, Any], bool]) -> Callable[[Any, Any], Any]:
    def extreme(current: object, value: object) -> object:
        scale, known = _SCALE_OF.get(type(value)), _SCALE_OF.get(type(current))
        if scale and known is not _NUMBER and is_empty(current):
            return value
        if scale is None or scale is not known:
            message = "Only two numbers, or two texts, have a lesser and a greater one."
            raise OperationError(message)
        return value if exceeds(value, current) else current

    return extreme


def _delete(_current: object, _value: object) -> object:
    return MISSING


_TEXT, _NUMBER = "text", "number"
_SCALE_OF: Final[dict[type, str]] = {str: _TEXT, int: _NUMBER, float: _NUMBER}
_NUMBERS: Final = frozenset({Kind.NUMBER, Kind.FREE})
_SCALES: Final = _NUMBERS | {Kind.DATE, Kind.DATETIME}

_LISTS: Final = frozenset({Kind.TEXTS, Kind.FREE})
_TIMES: Final = frozenset({Kind.DATE, Kind.DATETIME, Kind.FREE})

EQUALS: Final = Operation("equals", "is set to", _equals, order=Order.NEWEST, is_statement=True)
_OPERATIONS: Final = (
    EQUALS,
    Operation("equals_if_not_exists", "is set, if empty, to", _fill, order=Order.NEWEST),
    # Who was first is decided by time, before the operation is asked.
    Operation("first", "keeps the first", _equals, order=Order.OLDEST, is_statement=True),
    Operation("append", "gets appended", _append, kinds=_LISTS, is_repeatable=False),
    Operation("append_unique", "gets appended, if new,", _append_unique, kinds=_LISTS),
    # What came back since would be gone once more.
    Operation("remove", "loses", _remove, kinds=_LISTS, is_repeatable=False),
    Operation("increment", "goes up by", _sum(1), input=Input.LITERAL, kinds=_NUMBERS, is_repeatable=False),
    Operation("decrement", "goes down by", _sum(-1), input=Input.LITERAL, kinds=_NUMBERS, is_repeatable=False),
    Operation("add", "grows by", _sum(1), kinds=_NUMBERS, is_repeatable=False),
    Operation("subtract", "shrinks by", _sum(-1), kinds=_NUMBERS, is_repeatable=False),
    Operation("min", "keeps the least", _extreme(lt), kinds=_SCALES),
    Operation("max", "keeps the greatest", _extreme(gt), kinds=_SCALES),
    Operation("first_time", "is the time of the first event", _extreme(lt), input=Input.TIME, kinds=_TIMES),
    Operation("last_time", "is the time of the last event", _extreme(gt), input=Input.TIME, kinds=_TIMES),
    Operation("delete", "is emptied", _delete, input=Input.NOTHING, order=Order.NEWEST, is_statement=True),
)
_ALIASES: Final = {"equal": "equals", "+": "add", "-": "subtract"}
_BY_NAME: Final = {operation.name: operation for operation in _OPERATIONS}
OPERATIONS: Final = _BY_NAME | {alias: _BY_NAME[name] for alias, name in _ALIASES.items()}
