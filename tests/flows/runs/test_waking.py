"""Whoever is woken stays while runs are due, and sees to it that somebody is there in time for the next one."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django_rq import get_connection
from rq import Queue, SimpleWorker
from rq.registry import ScheduledJobRegistry

from apps.core.jobs import jobs as declared
from apps.flows import jobs
from apps.flows.engine.moves import Go, Move, Stay, TimedOut
from apps.flows.engine.step import Step
from apps.flows.models import FlowVersion, Run
from apps.flows.runs import batches, waking
from tests.factories import ProfileFactory
from tests.flows.runs.published import let_in, publish, run_of

SECOND = timedelta(seconds=1)
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def queue(alone: None) -> Queue:
    """The queue `flows`."""
    return Queue("flows", connection=get_connection("flows"))


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waking, "IDLE_SECS", 0.3)
    monkeypatch.setattr(waking, "STAY_SECS", 2.0)
    monkeypatch.setattr(waking, "AWAY_SECS", 0.05)


@pytest.fixture
def version() -> FlowVersion:
    def start(step: Step) -> Move:
        return Go()

    def rest(step: Step) -> Move:
        secs = step.scope["event"]["secs"]
        return Go() if isinstance(step.wake, TimedOut) else Stay(until=step.now + timedelta(seconds=secs))

    return publish({"start": start, "rest": rest}, ["start -> rest"])


def enter(version: FlowVersion, *, secs: float) -> Any:
    [id] = let_in(version, [ProfileFactory().id], at=datetime.now(UTC), event={"secs": secs})
    return id


def work() -> int:
    return waking.work(is_relieved=lambda: False, is_stopping=lambda: False)


def scheduled(queue: Queue) -> list[datetime]:
    registry = ScheduledJobRegistry(queue=queue)
    return [registry.get_scheduled_time(id) for id in registry.get_job_ids()]


def test_what_becomes_due_while_somebody_is_awake_goes_on_at_once(
    version: FlowVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waking, "IDLE_SECS", 0.8)
    id = enter(version, secs=0.5)  # a busy machine takes a while until somebody is awake

    assert work() == 2

    run = run_of(id)
    assert run.status == Run.Status.FINISHED
    assert timedelta() <= run.ended_at - (run.started_at + 0.5 * SECOND) < 5 * SECOND


def test_who_is_relieved_or_told_to_stop_ends_early(version: FlowVersion) -> None:
    enter(version, secs=0.5)

    assert waking.work(is_relieved=lambda: True, is_stopping=lambda: False) == 1
    assert waking.work(is_relieved=lambda: False, is_stopping=lambda: True) == 0


def test_a_database_that_is_away_for_a_moment_is_waited_for(
    version: FlowVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = enter(version, secs=0)
    go_on, failures = batches.go_on, iter([True, True])

    def away(*, now: datetime) -> int:
        if next(failures, False):
            raise OperationalError
        return go_on(now=now)

    monkeypatch.setattr(batches, "go_on", away)
    work()

    assert run_of(id).status == Run.Status.FINISHED


def test_a_wake_up_is_scheduled_before_the_next_run_is_due(version: FlowVersion, queue: Queue) -> None:
    id = enter(version, secs=100)

    jobs.advance()

    due_at = run_of(id).due_at
    assert due_at is not None
    [at] = scheduled(queue)
    assert SECOND <= due_at - at.replace(tzinfo=UTC) <= 2 * SECOND
    jobs.advance()
    assert len(scheduled(queue)) == 1  # whoever asks for the same second asks for the same job


def test_what_is_due_in_a_moment_is_waited_for_by_the_next_job(version: FlowVersion, queue: Queue) -> None:
    id = enter(version, secs=1.2)
    jobs.advance()
    assert queue.count == 1

    SimpleWorker([queue], connection=queue.connection).work(burst=True)
    while run_of(id).status == Run.Status.LIVE and queue.count:
        SimpleWorker([queue], connection=queue.connection).work(burst=True)

    assert run_of(id).status == Run.Status.FINISHED


def test_the_clock_finds_whom_valkey_forgot(version: FlowVersion, queue: Queue) -> None:
    assert jobs.sweep_runs() == "Nobody is to go on soon."
    enter(version, secs=100)
    queue.connection.flushdb()

    jobs.sweep_runs()

    assert queue.job_ids
    jobs.advance()
    queue.connection.flushdb()
    assert jobs.sweep_runs() == "Nobody is to go on soon."  # not before the next sweep
    Run.objects.update(due_at=datetime.now(UTC) + 10 * SECOND)
    jobs.sweep_runs()
    assert queue.count == 1


def test_all_that_wakes_somebody_within_a_while_wakes_them_once(version: FlowVersion, queue: Queue) -> None:
    for _ in range(3):
        jobs.wake()

    assert queue.count == 1
    assert declared["apps.flows.jobs.advance"].queue is jobs.QUEUE


def test_the_clock_pauses_flows_that_fail_and_gives_up_runs_that_nobody_came_back_from(version: FlowVersion) -> None:
    id = enter(version, secs=0)
    Run.objects.filter(pk=id).update(attempts=Run.MAX_ATTEMPTS)

    assert jobs.watch_flows() == "0 flows were paused, 1 runs given up."

    assert run_of(id).dead_at is not None
    assert waking.next_due(now=datetime.now(UTC)) is None
