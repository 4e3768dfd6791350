"""Intervals are those of the papers from which the formulas are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.flows.describing.proportions import FEW_PEOPLE, Share, Verdict, difference

counts = st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


# Newcombe 1998, Two-sided confidence intervals for the single proportion, table I, method 3.
@pytest.mark.parametrize(
    ("reached", "entered", "least", "most"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_of_a_share_is_wilsons(reached: int, entered: int, least: float, most: float) -> None:
    assert Share(reached, entered).interval == pytest.approx((least, most), abs=5e-5)


# Newcombe 1998, Interval estimation for the difference between independent proportions, table II, method 10.
@pytest.mark.parametrize(
    ("one", "other", "least", "most"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0),
    ],
)
def test_the_interval_of_a_difference_is_newcombes(
    one: tuple[int, int], other: tuple[int, int], least: float, most: float
) -> None:
    found = difference(Share(*one), Share(*other))

    assert found is not None
    assert found.value == pytest.approx(one[0] / one[1] - other[0] / other[1])
    assert found.interval == pytest.approx((least, most), abs=5e-5)


@given(counts, counts)
def test_a_difference_lies_in_its_interval_and_turns_round(one: tuple[int, int], other: tuple[int, int]) -> None:
    found, back = difference(Share(*one), Share(*other)), difference(Share(*other), Share(*one))
    assert found is not None
    assert back is not None

    least, most = found.interval
    assert -1 - 1e-9 <= least <= found.value + 1e-9
    assert found.value - 1e-9 <= most <= 1 + 1e-9
    assert back.interval == pytest.approx((-most, -least))
    better = (found.verdict is Verdict.BETTER) == (back.verdict is Verdict.WORSE)
    assert better
    if min(one[1], other[1]) < FEW_PEOPLE:
        assert found.verdict is Verdict.EARLY


def test_of_nobody_there_is_nothing_to_say() -> None:
    assert Share(0, 0).rate is None
    assert Share(0, 0).interval is None
    assert difference(Share(0, 0), Share(1, 2)) is None


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ((5, 10), (2, 10), "Too early to tell: that takes 50 people in each branch"),
        ((3, 500), (4, 500), "Too early to tell"),
        ((56, 70), (48, 80), "More reach the goal, hardly by chance: the difference is +20.0, it is between +5.2 and"),
        ((48, 80), (56, 70), "Fewer reach the goal, hardly by chance: the difference is -20.0"),
        ((50, 100), (48, 100), "No difference for sure: it is between -11.6 and +15.5 percentage points."),
    ],
)
def test_a_difference_is_told_in_words(one: tuple[int, int], other: tuple[int, int], said: str) -> None:
    found = difference(Share(*one), Share(*other))

    assert found is not None
    assert said in found.said
