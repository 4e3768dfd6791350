"""Queues say what waits, for how long, and whether anybody works: also when a worker was killed, is busy, or rests."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from redis import Redis
from rq import Queue, SimpleWorker, Worker, suspension
from rq.job import Job
from rq.results import Result

from apps.collector.health import queue_findings
from apps.core import queue_state
from apps.core.queue_state import OVERDUE_MS, QueueState
from apps.core.queues import queues
from tests.live import wait_for

WORK = """
import sys; from redis import Redis; from rq import Queue, Worker
connection = Redis.from_url(sys.argv[1])
Worker([Queue("default", connection=connection)], worker_ttl=45, job_monitoring_interval=1).work()
"""
StartWorker = Callable[[], subprocess.Popen[bytes]]


@pytest.fixture
def connection() -> Redis:
    return Redis.from_url(settings.REDIS_URL)


@pytest.fixture
def queue(connection: Any) -> Queue:
    return Queue("default", connection=connection)


@pytest.fixture
def start_worker(connection: Any) -> Iterator[StartWorker]:
    """Return a function that starts a worker of `default` in a process of its own, and waits for its birth."""
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        before = set(keys(connection))
        command = [sys.executable, "-c", WORK, settings.REDIS_URL]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        started.append(process)
        wait_for(lambda: bool(set(keys(connection)) - before), "a worker")
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def keys(connection: Any) -> list[bytes]:
    return [key for key in connection.keys("rq:worker:*") if not key.endswith(b":executions")]


def of_default() -> QueueState:
    return next(each for each in queue_state.read().queues if each.name == "default")


def codes() -> list[str]:
    return [finding.code for finding in queue_findings(queue_state.read())]


def let_a_minute_pass(connection: Any) -> None:
    """A key that nobody keeps alive has so much less to live."""
    for key in keys(connection):
        connection.pexpire(key, connection.pttl(key) - 66_000)


def test_each_queue_is_looked_at_and_an_empty_one_has_no_age(connection: Any) -> None:
    found = queue_state.read()

    assert [each.name for each in found.queues] == list(queues)
    assert of_default() == QueueState("default")
    assert codes() == []


def test_jobs_that_wait_for_nobody_are_found_with_the_age_of_the_oldest(queue: Queue) -> None:
    for _ in range(2):
        queue.enqueue("operator.truediv", 1, 2)
    old = Job.fetch(queue.get_job_ids()[0], connection=queue.connection)
    old.enqueued_at = datetime.now(UTC) - timedelta(minutes=5)
    old.save()

    found = of_default()

    assert (found.depth, found.n_workers, found.heartbeat_secs) == (2, 0, None)
    assert found.oldest_secs == pytest.approx(300, abs=60)
    assert codes() == ["no_worker"]


def test_a_worker_that_was_killed_is_missed_until_one_is_started_again(
    queue: Queue, start_worker: StartWorker, connection: Any
) -> None:
    worker = start_worker()
    assert (of_default().n_workers, codes()) == (1, [])

    worker.kill()
    worker.wait()
    let_a_minute_pass(connection)
    queue.enqueue("operator.truediv", 1, 2)
    found = of_default()
    assert (found.n_workers, found.depth) == (0, 1)
    assert found.heartbeat_secs is not None
    assert codes() == ["worker_silent"]

    connection.delete(*keys(connection))  # its last minute is over, too: RQ forgets it only now and then
    assert Worker.count(queue=queue) == 1
    assert codes() == ["no_worker"]
    queue.empty()
    assert codes() == ["no_worker"]  # and not only once a job waits

    start_worker()
    assert codes() == []


def test_a_new_worker_makes_up_for_one_that_was_killed(
    queue: Queue, start_worker: StartWorker, connection: Any
) -> None:
    victim = start_worker()
    victim.kill()
    victim.wait()
    let_a_minute_pass(connection)
    assert codes() == ["worker_silent"]

    start_worker()

    assert (of_default().n_workers, codes()) == (1, [])


def test_a_worker_at_a_long_job_is_not_missed(queue: Queue, start_worker: StartWorker, connection: Any) -> None:
    queue.enqueue("time.sleep", 60)
    queue.enqueue("time.sleep", 0)
    start_worker()
    [key] = keys(connection)
    # It counts down to its next sign of life anew, as it does while it is at a job.
    wait_for(lambda: OVERDUE_MS < connection.pttl(key) <= 61_000, "a sign of life during the job")

    found = of_default()

    assert (found.n_workers, found.depth, codes()) == (1, 1, [])


def test_workers_that_rest_are_not_missed_and_that_they_rest_is_said(
    queue: Queue, start_worker: StartWorker, connection: Any
) -> None:
    suspension.suspend(connection)
    start_worker()
    queue.enqueue("operator.truediv", 1, 2)

    assert of_default().n_workers == 1
    assert codes() == ["suspended"]
    suspension.resume(connection)
    wait_for(lambda: not of_default().depth, "the job")
    assert codes() == []


def complain(_: str) -> None:
    raise ValueError("anna@example.org\nDETAIL: Key (email)=(anna@example.org)")


def test_the_last_error_is_told_by_its_kind_and_names_nobody(queue: Queue) -> None:
    queue.enqueue(complain, "anna@example.org")
    SimpleWorker([queue], connection=queue.connection).work(burst=True, logging_level="CRITICAL")

    found = of_default()

    assert (found.n_failed, found.last_error) == (1, "complain: ValueError")
    [failed] = queue.failed_job_registry.get_job_ids()
    assert queue_state.raised(Job.fetch(failed, connection=queue.connection)) == "ValueError: anna@example.org"


def test_a_job_whose_worker_died_says_that_it_was_lost(queue: Queue, connection: Any) -> None:
    job = queue.enqueue("operator.truediv", 1, 2)
    words = "Work-horse terminated unexpectedly; waitpid returned 9 (signal 9);"
    with connection.pipeline() as pipeline:
        Result.create_failure(job, ttl=60, exc_string=words, pipeline=pipeline)
        queue.failed_job_registry.add(job, pipeline=pipeline)
        pipeline.execute()

    assert of_default().last_error == "truediv: was lost"


def test_a_failed_job_that_has_gone_has_no_error(queue: Queue, connection: Any) -> None:
    connection.zadd(queue.failed_job_registry.key, {"gone": time.time() + 60})

    assert (of_default().n_failed, of_default().last_error) == (1, "")
