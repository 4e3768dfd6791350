"""The rate of a task is that of its last minutes, and nothing is made up where nothing is known."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core import pace
from apps.core.models import Task

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def at(secs: float) -> datetime:
    return NOON + timedelta(seconds=secs)


def running(*steps: tuple[float, int], total: int | None = 1_000, end: float) -> Task:
    """Make a task that has begun steps at (seconds, progress), and ended the last one at `end`."""
    task = Task(state=Task.State.RUNNING, total=total, progress=0)
    for secs, progress in steps:
        task.samples = pace.sampled(task.samples, at=at(secs), progress=progress)
        task.progress = progress
    task.advanced_at = at(end)
    return task


def test_the_rate_is_that_of_the_last_five_minutes() -> None:
    task = running((0, 0), (1_000, 10), (1_100, 110), (1_200, 210), end=1_200)

    assert pace.rate(task, now=at(1_200)) == pytest.approx(1.0)
    assert pace.secs_left(task, now=at(1_200)) == pytest.approx(790)


def test_a_task_that_keeps_a_rate_is_not_said_to_be_faster() -> None:
    task = running((0, 0), (1, 100), end=1)
    task.progress, task.rests_until = 200, at(2)

    assert pace.rate(task, now=at(1)) == pytest.approx(100)


@pytest.mark.parametrize(
    ("task", "now"),
    [
        (running((0, 0), end=0.5), 1),  # it has just begun
        (running((0, 0), (10, 100), end=10), 400),  # nobody has carried it on for long
        (Task(state=Task.State.RUNNING, samples=[]), 0),
        (Task(state=Task.State.PAUSED, samples=[[NOON.timestamp(), 0]], progress=9, advanced_at=at(9)), 9),
    ],
)
def test_the_rate_is_unknown_where_nothing_tells_it(task: Task, now: float) -> None:
    assert pace.rate(task, now=at(now)) is None
    assert pace.secs_left(task, now=at(now)) is None


@pytest.mark.parametrize(
    "task",
    [
        running((0, 0), (10, 100), total=None, end=10),  # nobody knows how much it is
        running((0, 0), (10, 0), end=10),  # it gets no further
        running((0, 0), (10, 100), total=100, end=10),  # there is more than was counted
    ],
)
def test_the_time_left_is_unknown_where_the_end_is(task: Task) -> None:
    assert pace.rate(task, now=at(10)) is not None
    assert pace.secs_left(task, now=at(10)) is None


@given(st.lists(st.floats(0, 60), min_size=1, max_size=300))
def test_few_samples_are_kept_and_they_are_in_order(gaps: list[float]) -> None:
    samples: pace.Samples = []
    now = 0.0
    for progress, gap in enumerate(gaps):
        now += gap
        samples = pace.sampled(samples, at=at(now), progress=progress)

    assert 1 <= len(samples) <= pace.WINDOW / pace.SPACING + 1
    assert samples == sorted(samples)
    assert samples[0][0] >= at(now).timestamp() - pace.WINDOW.total_seconds()
