"""Sums that do not depend on their order."""

from decimal import Decimal


def add(left: int | float, right: int | float) -> int | float:
    """Add exactly, digit by digit: sums of money must not depend on the order of the events, or end in 0000004."""
    if isinstance(left, int) and isinstance(right, int):
        return left + right
    return float(Decimal(repr(left)) + Decimal(repr(right)))
