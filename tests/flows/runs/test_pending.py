"""Who waits is found, and let go on, skipped or taken out: one or many."""

from datetime import timedelta

import pytest

from apps.flows.engine.moves import Awaited, Go, Move, Skipped, Stay, TimedOut
from apps.flows.engine.step import Step
from apps.flows.models import FlowVersion, Run, Wait
from apps.flows.runs import pausing, pending
from tests.factories import NOON, ProfileFactory
from tests.flows.engine.graphs import Node
from tests.flows.runs.published import let_in, pass_time, publish, run_of

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
pytestmark = pytest.mark.django_db


def start(step: Step) -> Move:
    return Go()


def rest(step: Step) -> Move:
    match step.wake:
        case TimedOut():
            return Go("late")
        case Skipped():
            return Go("skipped")
    return Stay(until=step.now + HOUR, events=(Awaited("purchase"),))


def ask(step: Step) -> Move:
    return Go() if step.wake else Stay(until=None, events=(Awaited("purchase"),))


@pytest.fixture
def version() -> FlowVersion:
    nodes = {"start": start, "rest": Node(rest, ports=("late", "skipped")), "ask": ask}
    return publish(nodes, ["start -> rest", "rest.late -> ask"])


@pytest.fixture
def runs(version: FlowVersion) -> list:
    ids = let_in(version, [ProfileFactory().id for _ in range(3)])
    pass_time(NOON)
    return ids


def test_who_waits_is_found_by_flow_node_person_and_time(version: FlowVersion, runs: list) -> None:
    first = run_of(runs[0])

    assert {run.id for run in pending.waiting(flow=version.flow)} == set(runs)
    assert {run.id for run in pending.waiting(node="rest")} == set(runs)
    assert not pending.waiting(node="ask").exists()
    assert [run.id for run in pending.waiting(person=first.profile_id)] == [first.id]
    assert pending.waiting(since=NOON + HOUR, until=NOON + 2 * HOUR).count() == 3
    assert not pending.waiting(until=NOON + HOUR).exists()


def test_the_next_hours_are_counted_and_who_is_late_is_in_the_first(version: FlowVersion, runs: list) -> None:
    found = pending.histogram(now=NOON, flow=version.flow)

    assert (len(found), found[1], sum(found)) == (24, 3, 3)
    assert pending.histogram(now=NOON + 2 * HOUR)[0] == 3


def test_nobody_of_a_paused_flow_goes_on_in_the_next_hours(version: FlowVersion, runs: list) -> None:
    pausing.pause(version.flow, now=NOON)

    assert sum(pending.histogram(now=NOON)) == 0
    assert pending.waiting(flow=version.flow).count() == 3
    assert not pending.waiting(until=NOON + 2 * HOUR).exists()
    assert not pending.waiting(since=NOON).exists()


def test_time_comes_for_who_is_run_now_and_what_they_wait_for_is_over(runs: list) -> None:
    assert pending.run_now(Run.objects.filter(pk=runs[0]), now=NOON) == 1

    pass_time(NOON)

    assert run_of(runs[0]).place == "ask"
    assert [wait.token for wait in Wait.objects.filter(run_id=runs[0])] == [1]
    assert run_of(runs[1]).place == "rest"


def test_who_waits_for_something_without_a_time_goes_on_waiting_when_run_now_and_not_when_skipped(runs: list) -> None:
    chosen = Run.objects.filter(pk=runs[0])
    pending.run_now(chosen, now=NOON)
    pass_time(NOON)

    assert pending.run_now(chosen, now=NOON) == 0
    assert pending.skip(chosen, now=NOON) == 1
    pass_time(NOON)

    assert run_of(runs[0]).status == Run.Status.FINISHED
    assert not Wait.objects.filter(run_id=runs[0]).exists()


def test_a_wait_that_is_skipped_is_not_over_by_time(runs: list) -> None:
    assert pending.skip(Run.objects.filter(pk__in=runs), now=NOON) == 3
    pass_time(NOON)

    assert {run_of(id).status for id in runs} == {Run.Status.FINISHED}


def test_who_is_skipped_twice_before_a_worker_looks_goes_on_at_once_all_the_same(runs: list) -> None:
    first = Run.objects.filter(pk=runs[0])

    assert [pending.skip(first, now=NOON), pending.skip(first, now=NOON)] == [1, 1]

    assert (run_of(runs[0]).due_at, run_of(runs[0]).held_due_at) == (NOON, None)


def test_who_is_taken_out_is_said_to_be_and_by_whom(runs: list) -> None:
    assert pending.cancel(Run.objects.filter(pk__in=runs[:2]), by="anna", now=NOON) == 2
    assert pending.cancel(Run.objects.filter(pk__in=runs[:2]), by="anna", now=NOON) == 0

    run = run_of(runs[0])
    assert (run.status, run.reason, run.due_at) == (Run.Status.REMOVED, "Removed by anna.", None)
    assert {wait.run_id for wait in Wait.objects.all()} == {runs[2]}
    assert pass_time(NOON + DAY) == 1
