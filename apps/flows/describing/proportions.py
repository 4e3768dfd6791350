"""Shares of people, how sure they are, and whether two of them differ for more than chance."""

from dataclasses import dataclass
from enum import StrEnum
from math import sqrt
from typing import Final

_SURE: Final = 1.959964  # of a normal distribution 95 % are within so many standard deviations
# Of fewer the formulas are right, and yet nobody should decide: each further person may turn it around.
FEW_PEOPLE: Final = 50
FEW_REACHED: Final = 10
Interval = tuple[float, float]


class Verdict(StrEnum):
    """What a share is as against another one."""

    BETTER = "better"
    WORSE = "worse"
    UNCLEAR = "unclear"  # what differs may be chance
    EARLY = "early"  # too few people


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    reached: int
    entered: int

    @property
    def rate(self) -> float | None:
        """From 0 to 1; of nobody: null."""
        return self.reached / self.entered if self.entered else None

    @property
    def interval(self) -> Interval | None:
        """Between what the true rate is in 95 of 100 cases, by Wilson's score interval without correction.

        E. B. Wilson, Probable inference, the law of succession, and statistical inference, Journal of the American
        Statistical Association 22 (1927), 209-212.
        """
        if not self.entered:
            return None
        n, share, square = self.entered, self.reached / self.entered, _SURE**2
        middle = share + square / (2 * n)
        half = _SURE * sqrt(share * (1 - share) / n + square / (4 * n * n))
        least, most = ((middle + sign * half) / (1 + square / n) for sign in (-1, 1))
        return max(least, 0.0), min(most, 1.0)


@dataclass(frozen=True, slots=True)
class Difference:
    """By how much a rate is above another one, and between what that truly is in 95 of 100 cases."""

    value: float
    interval: Interval
    verdict: Verdict

    @property
    def said(self) -> str:
        """Say it, in percentage points."""
        least, most = (100 * each for each in self.interval)
        told = f"it is between {least:+.1f} and {most:+.1f} percentage points"
        match self.verdict:
            case Verdict.EARLY:
                return (
                    f"Too early to tell: that takes {FEW_PEOPLE} people in each branch, and {FEW_REACHED} of both who "
                    "have reached the goal."
                )
            case Verdict.UNCLEAR:
                return f"No difference for sure: {told}."
        way = "More" if self.verdict is Verdict.BETTER else "Fewer"
        return f"{way} reach the goal, hardly by chance: the difference is {100 * self.value:+.1f}, {told}."


def difference(one: Share, other: Share) -> Difference | None:
    """Return by how much one rate is above another; null: of one of them there is nobody.

    The interval is Newcombe's, of Wilson's intervals of both without correction: method 10 of R. G. Newcombe, Interval
    estimation for the difference between independent proportions, Statistics in Medicine 17 (1998), 873-890. Whoever
    looks every day until it says so finds a difference by chance more often than in 5 of 100 cases.
    """
    if one.rate is None or other.rate is None or one.interval is None or other.interval is None:
        return None
    value = one.rate - other.rate
    (least, most), (other_least, other_most) = one.interval, other.interval
    below = sqrt((one.rate - least) ** 2 + (other_most - other.rate) ** 2)
    above = sqrt((most - one.rate) ** 2 + (other.rate - other_least) ** 2)
    interval = value - below, value + above
    return Difference(value, interval, _verdict(one, other, interval))


def _verdict(one: Share, other: Share, interval: Interval) -> Verdict:
    if min(one.entered, other.entered) < FEW_PEOPLE or one.reached + other.reached < FEW_REACHED:
        return Verdict.EARLY
    if interval[0] > 0:
        return Verdict.BETTER
    return Verdict.WORSE if interval[1] < 0 else Verdict.UNCLEAR
