"""Aggregates: what a computed trait remembers of the events it counted, so that its value needs no event again.

An aggregate is a small JSON value; its shape is the function's. The aggregates of two sets of events merge to that of
both together, in any order: so it matters neither in which order events arrive, nor in which profiles they were before
a merge. A state is an aggregate with what it is of; a profile has one for each trait that ever counted an event of it:

    {"is": "sum", "aggregate": "24.9"}                                                 all events
    {"is": "sum", "aggregate": "24.9", "days": 30, "by_day": {"2026-11-23": "24.9"}}   those of the last 30 days, in UTC
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Context, Decimal
from functools import lru_cache, reduce
from hashlib import blake2b
from sys import float_info
from typing import Any, Final

import orjson

from apps.conditions import values
from apps.core.paths import MISSING, Missing

Aggregate = Any  # JSON
State = dict[str, Any]
States = dict[str, State]

MAX_VALUES: Final = 500  # different values that an aggregate tells apart
MAX_TEXT: Final = 200  # characters of a value that are looked at
# Any sum of any numbers that JSON can carry here has fewer digits: sums are exact.
_EXACT: Final = Context(prec=1_000)
_MAX_FLOAT: Final = float_info.max


@dataclass(frozen=True, slots=True)
class Function:
    """One way to sum events up."""

    label: str
    of: Callable[[str, str, Any], Aggregate]  # that of one event, by its ISO time in UTC, its id, and its value
    merge: Callable[[Aggregate, Aggregate], Aggregate]
    value: Callable[[Aggregate], Any]  # what people see
    read: Callable[[object], Any] | None = None  # the value that counts, or MISSING; None: any event counts


def number(value: object) -> int | float | Missing:
    """Return the number that a value is or says, or MISSING."""
    found = values.number(value)
    if found is None:
        return MISSING
    return _plain(float(found) if isinstance(found, Decimal) else found)


def scalar(value: object) -> str | int | float | bool | Missing:
    """Return a text, number, or yes or no as such, or MISSING; lists, objects and null are no single value."""
    if isinstance(value, str):
        return value[:MAX_TEXT]
    return _plain(value) if isinstance(value, (int, float)) else MISSING


def _plain(value: int | float) -> int | float:
    """Write 5.0 as 5 and 4e16 as its digits say, as the database does when it returns what was stored."""
    if isinstance(value, float) and not value.is_integer():
        return value
    digits = int(Decimal(repr(value))) if isinstance(value, float) else value
    return digits if -(2**63) <= digits < 2**64 else float(value)  # no greater integer is read from JSON


def _text(total: Decimal) -> str:
    text = str(total)
    if "E" in text:
        text = format(total, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def amount(value: object) -> str | Missing:
    """Return the number that a value is or says as a text, which loses no digit of it, or MISSING."""
    found = values.number(value)
    if found is None:
        return MISSING
    text = str(found)
    return text if type(found) is int else _text(Decimal(text))


@lru_cache(maxsize=64)  # a sum, an average, RFM: traits of one property add the same amounts, one after the other
def _added(left: str, right: str) -> str:
    return _text(_EXACT.add(Decimal(left), Decimal(right)))


def _shown(total: str | Decimal) -> int | float:
    """Return a total as JSON has it: whole ones keep all their digits, up to 64 bits."""
    number = Decimal(total)
    if number == number.to_integral_value() and -(2**63) <= number < 2**63:
        return int(number)
    return min(max(float(number), -_MAX_FLOAT), _MAX_FLOAT)


def _counted(left: dict[str, int], right: dict[str, int]) -> dict[str, int]:
    counts = left.copy()
    for value, count in right.items():
        counts[value] = counts.get(value, 0) + count
    # Which values are kept must not depend on the order of the events: those of the lowest hashes are a sample that
    # is the same whichever way it came about, and what is in it was counted from the start.
    for value in sorted(counts, key=_rank)[MAX_VALUES:] if len(counts) > MAX_VALUES else ():
        del counts[value]
    return counts


@lru_cache(maxsize=4_096)
def _rank(value: str) -> bytes:
    return blake2b(value.encode("utf-8", "surrogatepass"), digest_size=8).digest()


def _values(counts: dict[str, int]) -> list[Any]:
    return [orjson.loads(value) for value in sorted(counts)]


def _most_frequent(counts: dict[str, int]) -> Any:
    return orjson.loads(min(counts, key=lambda value: (-counts[value], value)))


def _same(aggregate: Aggregate) -> Any:
    return aggregate


def _of_value(_at: str, _event_id: str, value: Any) -> Aggregate:
    return value


def _of_time(at: str, _event_id: str, _value: Any) -> Aggregate:
    return at


def _of_counts(_at: str, _event_id: str, value: Any) -> Aggregate:
    return {orjson.dumps(value).decode(): 1}


def _of_occurrence(at: str, event_id: str, value: Any) -> Aggregate:
    return [at, event_id, value]  # the id decides between events of one time; it never changes


def _merged_average(left: Aggregate, right: Aggregate) -> Aggregate:
    return [left[0] + right[0], _added(left[1], right[1])]


def _merged_rfm(left: Aggregate, right: Aggregate) -> Aggregate:
    return [max(left[0], right[0]), left[1] + right[1], _added(left[2], right[2])]


def _earlier(left: Aggregate, right: Aggregate) -> Aggregate:
    return right if right[:2] < left[:2] else left


def _later(left: Aggregate, right: Aggregate) -> Aggregate:
    return right if right[:2] > left[:2] else left


FUNCTIONS: Final[Mapping[str, Function]] = {
    "count": Function("Number of events", lambda *_: 1, int.__add__, _same),
    "sum": Function("Sum", _of_value, _added, _shown, amount),
    "average": Function(
        "Average",
        lambda _at, _id, value: [1, value],
        _merged_average,
        lambda aggregate: _shown(Decimal(aggregate[1]) / aggregate[0]),
        amount,
    ),
    "min": Function("Smallest number", _of_value, min, _same, number),
    "max": Function("Largest number", _of_value, max, _same, number),
    "first": Function("First value", _of_occurrence, _earlier, lambda aggregate: aggregate[2], scalar),
    "last": Function("Last value", _of_occurrence, _later, lambda aggregate: aggregate[2], scalar),
    "most_frequent": Function("Most frequent value", _of_counts, _counted, _most_frequent, scalar),
    "distinct": Function("Different values", _of_counts, _counted, _values, scalar),
    "distinct_count": Function("Number of different values", _of_counts, _counted, len, scalar),
    "first_time": Function("Time of the first", _of_time, min, _same),
    "last_time": Function("Time of the last", _of_time, max, _same),
    "rfm": Function(
        "RFM: recency, frequency, monetary",
        lambda at, _id, value: [at, 1, value],
        _merged_rfm,
        lambda aggregate: {"last": aggregate[0], "count": aggregate[1], "sum": _shown(aggregate[2])},
        amount,
    ),
}


@dataclass(frozen=True, slots=True)
class Shape:
    """What the state of a trait is of: a function, and a window in days, or None for all events."""

    name: str
    days: int | None
    function: Function = field(init=False)
    merge: Callable[[Aggregate, Aggregate], Aggregate] = field(init=False)  # the function's

    def __post_init__(self) -> None:
        """Look the function up once. Raises KeyError when there is no such function."""
        object.__setattr__(self, "function", FUNCTIONS[self.name])
        object.__setattr__(self, "merge", self.function.merge)

    def add(self, states: States, key: str, aggregate: Aggregate, day: str) -> None:
        """Add the aggregate of one event, which happened on that day, to the state of a trait, in place.

        A state of another shape is left alone. It came by a merge with a profile that was counted by a definition which
        is not known here yet, and is due to be made anew.
        """
        known = states.get(key)
        if known is None:
            states[key] = {"is": self.name, "aggregate": aggregate}
            if self.days is not None:
                states[key] |= {"days": self.days, "by_day": {day: aggregate}}
            return
        if known["is"] != self.name or known.get("days") != self.days:
            return
        merge_aggregates = self.merge
        known["aggregate"] = whole = merge_aggregates(known["aggregate"], aggregate)
        if self.days is not None:
            by_day = known["by_day"]
            if day not in by_day:
                by_day[day] = aggregate
            else:  # most often there is one day, which is the whole
                by_day[day] = whole if len(by_day) == 1 else merge_aggregates(by_day[day], aggregate)


def merge(left: States, right: States) -> States:
    """Return the states of all events of both; associative and commutative, and neither argument is changed."""
    merged = {**left, **right}
    for key in left.keys() & right.keys():
        merged[key] = joined(left[key], right[key])
    return merged


def joined(left: State, right: State) -> State:
    """Merge two states of a trait. If one is of an older definition it is dropped: it is due to be made anew anyway."""
    shapes = [(each["is"], each.get("days", 0)) for each in (left, right)]
    if shapes[0] != shapes[1]:
        return max(left, right, key=lambda each: (each["is"], each.get("days", 0)))
    merge_aggregates = FUNCTIONS[left["is"]].merge
    whole = {**left, "aggregate": merge_aggregates(left["aggregate"], right["aggregate"])}
    if "by_day" in left:
        by_day = {**left["by_day"]}
        for day, aggregate in right["by_day"].items():
            by_day[day] = merge_aggregates(by_day[day], aggregate) if day in by_day else aggregate
        whole["by_day"] = by_day
    return whole


def value(of: State) -> Any:
    """Return what a state says: the value of its trait."""
    return FUNCTIONS[of["is"]].value(of["aggregate"])


def first_day(days: int, *, today: date) -> str:
    """Name the first day of a window that ends today: the last 1 day is today alone."""
    return (today - timedelta(days=days - 1)).isoformat()


def expired(of: State, *, today: date) -> State | None:
    """Return a state without the days that have left its window; None when nothing is left."""
    if "by_day" not in of:
        return of
    since = first_day(of["days"], today=today)
    by_day = {day: aggregate for day, aggregate in of["by_day"].items() if day >= since}
    if not by_day:
        return None
    if len(by_day) == len(of["by_day"]):
        return of
    return {**of, "aggregate": reduce(FUNCTIONS[of["is"]].merge, by_day.values()), "by_day": by_day}


def holds_until(of: State) -> date | None:
    """Name the day on which the first of its events leaves the window; None when none ever does."""
    if "by_day" not in of:
        return None
    return date.fromisoformat(min(of["by_day"])) + timedelta(days=of["days"])
