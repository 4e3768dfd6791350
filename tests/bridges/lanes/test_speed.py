"""How fast a lane sends: never more in a second than it may, and less for a while after a complaint."""

from collections.abc import Callable

import pytest

from apps.bridges.lanes import speed as module
from apps.bridges.lanes.speed import Speed


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(module, "time", made)
    return made


def sent_in(clock: Clock, speed: Speed, *, secs: float, step: Callable[[], float] = lambda: 0.001) -> list[float]:
    """Send whenever it is allowed, and return when that was."""
    found, until = [], clock.now + secs
    while clock.now < until:
        while clock.now >= speed.opens_at and len(found) < 100_000:
            found.append(clock.now)
            speed.sent()
        clock.now += step()
    return found


def most_in_a_second(found: list[float]) -> int:
    return max(sum(at <= other < at + 1 for other in found) for at in found)


@pytest.mark.parametrize("rate", [1, 3, 20, 200])
def test_no_second_has_more_than_the_rate_and_hardly_less(rate: int, clock: Clock) -> None:
    speed = Speed()
    speed.allow(rate)

    found = sent_in(clock, speed, secs=5)

    assert most_in_a_second(found) <= rate
    assert len(found) >= 5 * rate * 0.9


def test_who_came_too_late_does_not_make_up_for_it_at_once(clock: Clock) -> None:
    speed = Speed()
    speed.allow(20)
    steps = iter([0.001] * 500 + [3.0] + [0.001] * 5_000)

    found = sent_in(clock, speed, secs=5, step=lambda: next(steps))

    assert most_in_a_second(found) <= 20


def test_a_complaint_halves_what_is_sent_and_it_recovers(clock: Clock) -> None:
    speed = Speed()
    speed.allow(100)
    sent_in(clock, speed, secs=2)

    speed.slow()
    speed.slow()  # of one that was on its way, too
    slowed = sent_in(clock, speed, secs=1)
    recovered = sent_in(clock, speed, secs=12)

    assert 40 <= len(slowed) <= 60
    assert most_in_a_second(recovered) > 90
    assert most_in_a_second(recovered) <= 100


def test_without_a_limit_it_is_half_of_what_was_sent_until_nobody_complains(clock: Clock) -> None:
    speed = Speed()
    steps = iter([0.01] * 100_000)
    for _ in range(100):
        speed.sent()
        clock.now += 0.01

    speed.slow()
    slowed = sent_in(clock, speed, secs=1, step=lambda: next(steps))
    assert 40 <= len(slowed) <= 60

    clock.now += 60
    speed.sent()
    assert speed.opens_at <= clock.now
