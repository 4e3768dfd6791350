"""Sums that do not depend on their order, and numbers that stand where an id does."""

from decimal import Decimal
from typing import Final

_MAX: Final = 10**13  # below it an amount in cents has at most 15 digits, and no two of those are the same float

_MAX_WHOLE: Final = 2**53 - 1  # all whole numbers up to it are floats


def add(left: int | float, right: int | float) -> int | float:
    """Add exactly, digit by digit: sums of money must not depend on the order of the events, or end in 0000004."""
    if isinstance(left, int) and isinstance(right, int):
        return left + right
    # Most amounts are whole cents, which are whole numbers: their sum is exact at half the cost.
    if -_MAX < left < _MAX and -_MAX < right < _MAX:
        cents, more = round(left * 100), round(right * 100)
        if cents / 100 == left and more / 100 == right:
            return (cents + more) / 100
    total = Decimal(repr(left)) + Decimal(repr(right))
    return int(total) if abs(total) > _MAX and total == total.to_integral_value() else float(total)


def as_id(number: int | float) -> str:
    """Write a number that is an id: 7, 7.0 and 7e0 are one, and zero has no sign.

    Raises ValueError for a float whose digits were lost on the way: it may stand for several ids.
    """
    if isinstance(number, float) and number.is_integer():
        if abs(number) > _MAX_WHOLE:
            message = "has more digits than a number with a point keeps; it must be a text"
            raise ValueError(message)
        number = int(number)
    return str(number)
