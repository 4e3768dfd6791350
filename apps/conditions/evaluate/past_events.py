"""Past events of one profile: how they are handed in, and what is made of them."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Context, Decimal
from typing import Any, Final, Protocol

from apps.conditions import values

Event = Mapping[str, Any]
# Sums are exact, as PostgreSQL's are: the sum of the greatest and the smallest number of JSON has some 700 digits.
_EXACT: Final = Context(prec=5_000)
AVERAGE_DIGITS: Final = 6


class History(Protocol):
    """The past events of a profile, and the types that count only where they are named."""

    unnamed: frozenset[str]

    def events(self, types: tuple[str, ...], since: datetime | None, until: datetime) -> Iterable[Event]:
        """Yield events of the types (none named: of any) from `since` to `until`, both included.

        The oldest come first, and of the same time those with the lesser id. Each has its `time` as an aware datetime.
        """


class RecordedEvents:
    """A history of events that are at hand, in any order."""

    def __init__(self, events: Iterable[Event], *, unnamed: Iterable[str] = ()) -> None:
        self.unnamed = frozenset(unnamed)
        self._events = sorted(events, key=lambda event: (event["time"], str(event["id"])))
        self._times = [event["time"] for event in self._events]

    def events(self, types: tuple[str, ...], since: datetime | None, until: datetime) -> Iterable[Event]:
        """Yield the events asked for."""
        start = bisect_left(self._times, since) if since else 0
        for event in self._events[start : bisect_right(self._times, until)]:
            if not types or event["type"] in types:
                yield event


def _numbers(found: list[Any]) -> list[Any]:
    return [number for value in found if (number := values.number(value)) is not None]


def _sum(found: list[Any]) -> int | Decimal:
    numbers = _numbers(found)
    if all(type(number) is int for number in numbers):
        return int(sum(numbers))
    total = Decimal(0)
    for number in numbers:
        total = _EXACT.add(total, values.exact(number))
    return total


def _average(found: list[Any]) -> Decimal | None:
    """Divide to six decimals and drop the rest: a division that never ends would not end alike in two systems."""
    n_numbers = len(_numbers(found))
    if not n_numbers:
        return None
    total = _EXACT.scaleb(Decimal(_sum(found)), AVERAGE_DIGITS)
    return _EXACT.scaleb(_EXACT.divide_int(total, Decimal(n_numbers)), -AVERAGE_DIGITS)


# What is made of the values of a field, the oldest event's first; "count" is of the events themselves.
AGGREGATES: Final[dict[str, Callable[[list[Any]], Any]]] = {
    "count": len,
    "sum": _sum,
    "average": _average,
    "min": lambda found: min(_numbers(found), key=values.exact, default=None),
    "max": lambda found: max(_numbers(found), key=values.exact, default=None),
    "first": lambda found: found[0] if found else None,
    "last": lambda found: found[-1] if found else None,
    "distinct": lambda found: len({values.distinct_key(value) for value in found if value is not None}),
}
