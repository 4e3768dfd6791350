"""What an event can do to one field of a profile: set it, fill it, add to it, empty it.

An operation takes what the field holds and what the event brings, both possibly null, and the former possibly MISSING;
it returns what the field holds from now on, MISSING for nothing. It never changes a list in place.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from apps.core.numbers import add
from apps.core.paths import MISSING
from apps.profiles.schema import Kind, is_empty, number


class OperationError(ValueError):
    """A field and a value are nothing that the operation can work on."""


class Source(Enum):
    """What an operation works with, besides the field itself."""

    EVENT = "a path in the event"
    LITERAL = "a number in the rules"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Operation:
    """One of the operations, and what must hold where it is used."""

    name: str
    apply: Callable[[Any, Any], Any]
    source: Source = Source.EVENT
    # The order of the events decides: an event older than the field's value changes nothing.
    is_ordered: bool = False
    # It says what the field holds at the time of the event, also when the field held just that before.
    is_statement: bool = False
    kinds: frozenset[Kind] = frozenset(Kind) - {Kind.CONSENTS}


def same(left: object, right: object) -> bool:
    """Tell whether two JSON values are the same; unlike in Python, true is not 1."""
    if left != right:
        return False
    if isinstance(left, (dict, list)):
        return json.dumps(left, sort_keys=True) == json.dumps(right, sort_keys=True)
    return isinstance(left, bool) == isinstance(right, bool)


def _equals(_current: object, value: object) -> object:
    return value


def _fill(current: object, value: object) -> object:
    return value if is_empty(current) and not is_empty(value) else current


def _append(current: object, value: object) -> object:
    if value is None:
        message = "Null cannot be appended."
        raise OperationError(message)
    items = [] if is_empty(current) else list(current) if isinstance(current, list) else [current]
    for new in value if isinstance(value, list) else [value]:
        if not any(same(item, new) for item in items):
            items.append(new)
    return items


def _add(current: object, value: object) -> int | float:
    return _sum(current, _number(value, "value"), sign=1)


def _subtract(current: object, value: object) -> int | float:
    return _sum(current, _number(value, "value"), sign=-1)


def _sum(current: object, value: int | float, *, sign: int) -> int | float:
    before = 0 if is_empty(current) else _number(current, "field")
    return _number(add(before, sign * value), "sum")


def _number(value: object, what: str) -> int | float:
    try:
        return number(value)
    except ValueError as error:
        message = f"{error} (the {what})"
        raise OperationError(message) from None


def _extreme(choose: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def extreme(current: object, value: object) -> object:
        if not any(_is(value, type_) and (is_empty(current) or _is(current, type_)) for type_ in (str, (int, float))):
            message = "Only two numbers, or two texts, have a lesser and a greater one."
            raise OperationError(message)
        return value if is_empty(current) else choose(current, value)

    return extreme


def _is(value: object, type_: type | tuple[type, ...]) -> bool:
    return isinstance(value, type_) and not isinstance(value, bool)


def _delete(_current: object, _value: object) -> object:
    return MISSING


_NUMBERS: Final = frozenset({Kind.NUMBER, Kind.FREE})
_SCALES: Final = _NUMBERS | {Kind.DATETIME}

EQUALS: Final = Operation("equals", _equals, is_ordered=True, is_statement=True, kinds=frozenset(Kind))
_OPERATIONS: Final = (
    EQUALS,
    Operation("equals_if_not_exists", _fill, is_ordered=True),
    Operation("append", _append, kinds=frozenset({Kind.TEXTS, Kind.FREE})),
    Operation("increment", _add, source=Source.LITERAL, kinds=_NUMBERS),
    Operation("decrement", _subtract, source=Source.LITERAL, kinds=_NUMBERS),
    Operation("add", _add, kinds=_NUMBERS),
    Operation("subtract", _subtract, kinds=_NUMBERS),
    Operation("min", _extreme(min), kinds=_SCALES),
    Operation("max", _extreme(max), kinds=_SCALES),
    Operation("delete", _delete, source=Source.NOTHING, is_ordered=True, is_statement=True),
)
_ALIASES: Final = {"equal": "equals", "+": "add", "-": "subtract"}
_BY_NAME: Final = {operation.name: operation for operation in _OPERATIONS}
OPERATIONS: Final = _BY_NAME | {alias: _BY_NAME[name] for alias, name in _ALIASES.items()}
