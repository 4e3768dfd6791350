"""Sums are exact, whole cents or not."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.numbers import add

AMOUNTS = st.decimals(-(10**15), 10**15, places=2).map(float) | st.decimals(-(10**13), 10**13, places=3).map(float)
NUMBERS = st.integers(-(2**63), 2**63) | AMOUNTS | st.floats(-1e300, 1e300)


@pytest.mark.parametrize(
    ("left", "right", "total"),
    [(0.1, 0.2, 0.3), (12.5, 3, 15.5), (0.005, 0.005, 0.01), (1, 2, 3), (9_999_999_999_999.99, 0.01, 1e13)],
)
def test_adds_as_people_do(left: float, right: float, total: float) -> None:
    assert add(left, right) == total


@given(NUMBERS, NUMBERS)
def test_adds_digit_by_digit(left: float, right: float) -> None:
    total = Decimal(repr(left)) + Decimal(repr(right))

    # Whole numbers are exact beyond what a float can say.
    assert add(left, right) == (total if total == total.to_integral_value() else float(total))
