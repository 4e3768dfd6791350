"""Nodes that have a value, except for those that look at past events."""

import math
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from typing import Final

from apps.conditions import values
from apps.conditions.durations import MAX_DAYS, Duration
from apps.conditions.exceptions import TreeError
from apps.conditions.functions import FUNCTIONS
from apps.conditions.tree.base import Operand, is_storable, walk

Scalar = bool | int | float | str | None
_MAX_INTEGER: Final = 2**63 - 1


@dataclass(frozen=True, slots=True, eq=False)
class Literal(Operand):
    """A value written down: null, true, false, a number or a text."""

    value: Scalar

    def __post_init__(self) -> None:
        """Write whole numbers as integers, and refuse what jsonb or JSON cannot hold."""
        value = self.value
        if type(value) is float and math.isfinite(value) and abs(whole := Decimal(repr(value))) <= _MAX_INTEGER:
            if whole == int(whole):
                object.__setattr__(self, "value", int(whole))
        elif type(value) is float or (type(value) is int and abs(value) > _MAX_INTEGER):
            self._check_range(value)
        elif type(value) is str and not is_storable(value):
            message = "A text holds a character that cannot be stored."
            raise TreeError(message)

    @staticmethod
    def _check_range(value: float) -> None:
        if type(value) is int or not math.isfinite(value):
            message = "A number is out of range."
            raise TreeError(message)

    # Python takes True for 1: as keys of caches, and in tests, they must differ.
    def __eq__(self, other: object) -> bool:
        return isinstance(other, Literal) and (type(self.value), self.value) == (type(other.value), other.value)

    def __hash__(self) -> int:
        return hash((type(self.value), self.value))


@dataclass(frozen=True, slots=True, eq=False)
class Masked(Literal):
    """A value that is there, and is not shown: its text cannot be parsed again."""


@dataclass(frozen=True, slots=True)
class ListLiteral(Operand):
    """A list of values written down."""

    items: tuple[Literal, ...]

    @property
    def value(self) -> list[Scalar]:
        """The values of its items."""
        return [item.value for item in self.items]


@dataclass(frozen=True, slots=True)
class Call(Operand):
    """A function: age(profile@data.pii.birthday)."""

    name: str
    arguments: tuple[Operand, ...] = ()

    def __post_init__(self) -> None:
        """Refuse functions that there are not, and a wrong number of arguments."""
        function = FUNCTIONS.get(self.name)
        if function is None:
            message = f"There is no function {self.name}()."
            nearest = get_close_matches(self.name, FUNCTIONS, n=1)
            raise TreeError(message, suggestion=f"{nearest[0]}()" if nearest else "")
        if len(self.arguments) != function.n_arguments:
            message = f"{self.name}() takes {'one argument' if function.n_arguments else 'no argument'}."
            raise TreeError(message)
        argument = self.arguments[0] if self.arguments else None
        if self.name == "datetime" and isinstance(argument, Literal) and values.as_time(argument.value) is None:
            message = f"{argument} is no date or time such as 2024-05-31 or 2024-05-31T12:00:00Z."
            raise TreeError(message, argument)


@dataclass(frozen=True, slots=True)
class Shift(Operand):
    """A time moved: now() - 30 DAYS."""

    operand: Operand
    by: Duration

    def __post_init__(self) -> None:
        """Keep what several shifts come to within what a time can be."""
        if sum(abs(node.by.days) for node in walk(self) if isinstance(node, Shift)) > MAX_DAYS:
            message = "A time is moved by at most 500 years."
            raise TreeError(message)
