"""Nodes that look at a profile's past events."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from apps.conditions import values
from apps.conditions.durations import Duration
from apps.conditions.exceptions import TreeError
from apps.conditions.tree.base import Condition, Field, Node, Operand, is_storable
from apps.conditions.tree.operands import Call, Literal, Shift
from apps.conditions.type_names import event_types

AGGREGATES: Final = ("count", "sum", "average", "min", "max", "first", "last", "distinct")


class Period(Node):
    """A stretch of time."""

    __slots__ = ()


class _Selection(Node):
    """What picks past events."""

    __slots__ = ()

    def free_fields(self) -> Iterator[Field]:
        """Its fields are those of past events."""
        yield from ()


@dataclass(frozen=True, slots=True)
class Last(Period):
    """The time up to now: LAST 90 DAYS."""

    duration: Duration

    def __post_init__(self) -> None:
        """It leads to the past by itself."""
        _check_positive(self.duration)


@dataclass(frozen=True, slots=True)
class Since(Period):
    """From a time on: SINCE "2024-01-01"."""

    start: Operand

    def __post_init__(self) -> None:
        """Its date depends on no document."""
        _check_date(self.start)


@dataclass(frozen=True, slots=True)
class Before(Period):
    """All that was before a time: BEFORE "2024-01-01"."""

    end: Operand

    def __post_init__(self) -> None:
        """Its date depends on no document."""
        _check_date(self.end)


@dataclass(frozen=True, slots=True)
class FromTo(Period):
    """From a time to another: FROM "2024-01-01" TO "2024-06-30". The last day belongs to it as a whole."""

    start: Operand
    end: Operand

    def __post_init__(self) -> None:
        """Its dates depend on no document."""
        _check_date(self.start)
        _check_date(self.end)


@dataclass(frozen=True, slots=True)
class Events(_Selection):
    """Which events: of some types (none named: of any that people did), that meet a condition, within a period."""

    types: tuple[str, ...] = ()
    where: Condition | None = None
    period: Period | None = None

    def __post_init__(self) -> None:
        """Nothing but the event itself can be asked about, and types are written as events have them."""
        object.__setattr__(self, "types", event_types(self.types))
        _check_event(self.types, self.where)


@dataclass(frozen=True, slots=True)
class Step(_Selection):
    """One step of a sequence: an event, at most so long after that of the step before."""

    types: tuple[str, ...] = ()
    where: Condition | None = None
    within: Duration | None = None

    def __post_init__(self) -> None:
        """Nothing but the event itself can be asked about, and types are written as events have them."""
        object.__setattr__(self, "types", event_types(self.types))
        _check_event(self.types, self.where)
        if self.within:
            _check_positive(self.within)


class _History(Node):
    """What looks at past events."""

    __slots__ = ()

    def free_fields(self) -> Iterator[Field]:
        """Its fields are those of past events."""
        yield from ()

    def histories(self) -> Iterator[Node]:
        """It is one."""
        yield self


@dataclass(frozen=True, slots=True)
class Aggregate(_History, Operand):
    """A value made of many events: COUNT("purchase" LAST 90 DAYS)."""

    function: str
    events: Events
    field: Field | None = None

    def __post_init__(self) -> None:
        """All but the count are of a field."""
        if self.function not in AGGREGATES:
            message = f"Events have no '{self.function}'; there are {', '.join(AGGREGATES)}."
            raise TreeError(message)
        if (self.field is None) != (self.function == "count"):
            message = f"{self.function.upper()} takes {'no field' if self.field else 'a field'} of the events."
            raise TreeError(message)
        if self.field and self.field.root != "event":
            message = f"{self.function.upper()} takes a field of the events, as event@properties.amount."
            raise TreeError(message, self.field)

    @property
    def of_none(self) -> Literal:
        """Its value where there are no such events."""
        return Literal(0 if self.function in ("count", "sum", "distinct") else None)


@dataclass(frozen=True, slots=True)
class Did(_History, Condition):
    """There is such an event: DID("purchase" LAST 90 DAYS)."""

    events: Events


@dataclass(frozen=True, slots=True)
class Sequence(_History, Condition):
    """Events in this order: SEQUENCE("view" THEN "purchase" WITHIN 3 DAYS LAST 90 DAYS).

    `from_first` takes for the first step none but the first of its events.
    """

    steps: tuple[Step, ...]
    period: Period | None = None
    from_first: bool = False

    def __post_init__(self) -> None:
        """It has an order, and its first step follows nothing."""
        if not 2 <= len(self.steps) <= 10:
            message = "A sequence has 2 to 10 steps."
            raise TreeError(message)
        if self.steps[0].within:
            message = "The first step of a sequence follows nothing: WITHIN belongs to a later one."
            raise TreeError(message)

    @property
    def types(self) -> tuple[str, ...]:
        """The types that steps name."""
        return tuple(dict.fromkeys(type_ for step in self.steps for type_ in step.types))

    @property
    def takes_any_type(self) -> bool:
        """Tell whether a step names none."""
        return not all(step.types for step in self.steps)


def _check_positive(duration: Duration) -> None:
    if duration.amount < 0:
        message = "A duration is positive here."
        raise TreeError(message)


def _check_date(operand: Operand) -> None:
    if not _is_date(operand):
        message = "A period is given by dates such as 2024-05-31 or 2024-05-31T12:00:00Z, or by now()."
        raise TreeError(message, next(operand.free_fields(), operand))


def _is_date(operand: Operand) -> bool:
    match operand:
        case Literal(text):
            return values.as_time(text) is not None
        case Call("datetime", (argument,)):
            return _is_date(argument)
        case Shift(time):
            return _is_date(time)
    return operand == Call("now")


def _check_event(types: tuple[str, ...], where: Condition | None) -> None:
    if not all(type_ and is_storable(type_) for type_ in types):
        message = "The type of an event is a text that is not empty."
        raise TreeError(message)
    if where is None:
        return
    outside = next((field for field in where.free_fields() if field.root != "event"), None)
    if outside:
        message = f"Within WHERE stand fields of the events, as event@properties.amount, not {outside}."
        raise TreeError(message, outside)
    if next(where.histories(), None):
        message = "Within WHERE no other events can be looked at."
        raise TreeError(message)
