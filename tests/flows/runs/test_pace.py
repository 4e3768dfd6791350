"""Batches of runs, and each run in them, have a time; whoever is left over has their turn in the next batch."""

from datetime import timedelta

import pytest

from apps.flows.engine.moves import Change, Go, Move
from apps.flows.engine.step import Step
from apps.flows.models import Run
from apps.flows.runs import batches, walking
from apps.profiles.models import Profile
from tests.factories import NOON, ProfileFactory
from tests.flows.runs.published import let_in, pass_time, publish, run_of

HOUR = timedelta(hours=1)
pytestmark = pytest.mark.django_db


class Clock:
    """The clock by which batches are walked; nodes put it forward."""

    secs = 0.0

    def take_a_second(self, step: Step) -> Move:
        self.secs += 1
        return count(step)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(walking, "perf_counter", lambda: found.secs)
    return found


def start(step: Step) -> Move:
    return Go()


def count(step: Step) -> Move:
    return Go(changes=(Change("increment", "traits.views", 1),))


def test_whom_a_batch_does_not_reach_in_its_time_is_due_as_before_and_comes_next(clock: Clock) -> None:
    version = publish({"start": start, "slow": clock.take_a_second}, ["start -> slow"])
    ids = let_in(version, [ProfileFactory().id for _ in range(8)])

    assert batches.go_on(now=NOON + HOUR) == 8

    rows = Run.objects.filter(pk__in=ids, status=Run.Status.LIVE)
    assert list(rows.values_list("due_at", "attempts", "place").distinct()) == [(NOON, 0, "")]
    assert rows.count() == 2
    assert batches.go_on(now=NOON + HOUR) == 2
    assert {run_of(id).status for id in ids} == {Run.Status.FINISHED}
    assert all(profile.traits == {"views": 1} for profile in Profile.objects.all())


def test_a_run_that_takes_long_rests_between_two_steps_and_others_have_their_turn(clock: Clock) -> None:
    nodes = {f"n{number}": clock.take_a_second for number in range(6)}
    slow = publish({"start": start, **nodes}, ["start -> n0", *(f"n{at} -> n{at + 1}" for at in range(5))])
    quick = publish({"start": start, "count": count}, ["start -> count"])
    person, other = ProfileFactory(), ProfileFactory()
    [slow_run], [quick_run] = let_in(slow, [person.id]), let_in(quick, [other.id])

    batches.go_on(now=NOON)

    run = run_of(slow_run)
    assert (run.status, run.place, run.due_at, run.attempts) == (Run.Status.LIVE, "n3", NOON, 0)
    assert run_of(quick_run).status == Run.Status.FINISHED
    assert pass_time(NOON) == 1
    assert run_of(slow_run).status == Run.Status.FINISHED
    assert Profile.objects.get(pk=person.pk).traits == {"views": 6}
