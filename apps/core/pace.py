"""How fast a task goes, and how long it takes: by its last minutes, as its whole life has waits and pauses in it."""

from datetime import datetime, timedelta
from typing import Final

from apps.core.models import Task

WINDOW: Final = timedelta(minutes=5)
SPACING: Final = timedelta(seconds=5)  # between samples, so that a row keeps some sixty of them
LEAST: Final = timedelta(seconds=1)  # less tells nothing

Samples = list[list[float]]  # [seconds since 1970, progress], the oldest first


def sampled(samples: Samples, *, at: datetime, progress: int) -> Samples:
    """Return the samples with one more, unless the last one is fresh, and without those that are too old."""
    recent = _since(samples, at - WINDOW)
    if recent and at.timestamp() - recent[-1][0] < SPACING.total_seconds():
        return recent
    return [*recent, [at.timestamp(), progress]]


def rate(task: Task, *, now: datetime) -> float | None:
    """Return the rows a second of the last minutes; None where it does not run, or nothing is known yet."""
    recent = _since(task.samples, now - WINDOW) if task.state == Task.State.RUNNING else []
    if not recent:
        return None
    begin, before = recent[0]
    # A step's rest is a part of it: one page more than there are rests would look faster than it may be.
    secs = (task.rests_until or task.advanced_at).timestamp() - begin
    return (task.progress - before) / secs if secs >= LEAST.total_seconds() else None


def secs_left(task: Task, *, now: datetime) -> float | None:
    """Return how long it will take at this rate; None where the rate or the end is unknown."""
    rows_a_second = rate(task, now=now)
    if not rows_a_second or task.total is None or task.progress >= task.total:
        return None
    return (task.total - task.progress) / rows_a_second


def _since(samples: Samples, at: datetime) -> Samples:
    return [sample for sample in samples if sample[0] >= at.timestamp()]
