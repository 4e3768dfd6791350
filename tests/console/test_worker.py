"""Workers show that they live often enough to be missed soon, and again when Valkey has forgotten them."""

import signal
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from django.conf import settings
from redis import Redis
from rq import Queue

from apps.console.worker import LIFE_SECS, Watched
from apps.core import queue_state
from apps.core.queues import OutOfTime

reached: list[str] = []


def takes_too_long() -> None:
    """Be told in the middle of an item that the time is over, as by the alarm; an item that fails is passed over."""
    for item in ("first", "second"):
        reached.append(item)
        with suppress(Exception):
            signal.raise_signal(signal.SIGALRM)


@pytest.fixture
def valkey() -> Iterator[Any]:
    found = Redis.from_url(settings.REDIS_URL)
    found.flushdb()
    yield found
    found.flushdb()


def n_workers() -> dict[str, int]:
    return {each.name: each.n_workers for each in queue_state.read().queues}


@pytest.mark.parametrize(("asked", "is_given"), [(None, LIFE_SECS), (420, LIFE_SECS), (20, 20)])
def test_an_idle_worker_shows_that_it_lives_each_half_minute_at_least(
    valkey: Any, asked: int | None, is_given: int
) -> None:
    worker = Watched([Queue("default", connection=valkey)], connection=valkey, worker_ttl=asked)

    worker.register_birth()

    assert worker.dequeue_timeout == is_given - 15
    assert is_given + 30 < valkey.ttl(worker.key) <= is_given + 60
    assert n_workers()["default"] == 1


def test_a_worker_is_known_again_soon_after_valkey_has_forgotten_it(valkey: Any) -> None:
    worker = Watched([Queue("default", connection=valkey)], connection=valkey)
    worker.register_birth()
    valkey.flushdb()
    assert n_workers()["default"] == 0

    worker.heartbeat()

    assert n_workers() == {"default": 1} | dict.fromkeys(n_workers().keys() - {"default"}, 0)


def test_a_job_that_takes_too_long_ends_and_no_item_is_blamed_for_it(valkey: Any) -> None:
    reached.clear()
    queue = Queue("default", connection=valkey)
    worker = Watched([queue], connection=valkey)
    job = queue.enqueue(takes_too_long)

    assert not worker.perform_job(job, queue, worker.prepare_execution(job))

    assert reached == ["first"]
    result = job.latest_result()
    assert result is not None
    assert OutOfTime.__name__ in str(result.exc_string)
