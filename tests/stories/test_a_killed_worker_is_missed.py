"""A worker is killed: within a minute all who may see queues read it above every page; a new one, and it is gone."""

import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from redis import Redis

from apps.console.supervision import MANAGE, SKIP_CHECKS
from apps.core import memory
from cdp.processes import BASE_DIR
from tests.live import wait_for

KEYS = "rq:workers:default"


@pytest.fixture
def valkey() -> Iterator[Any]:
    found = Redis.from_url(settings.REDIS_URL)
    found.flushdb()
    yield found
    found.flushdb()


@pytest.fixture
def workers() -> Iterator[list[subprocess.Popen[bytes]]]:
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for process in started:
        process.kill()
        process.wait()


def start(valkey: Any) -> subprocess.Popen[bytes]:
    """Start a worker as an operator does, and return once it listens."""
    n_before = valkey.scard(KEYS)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen([*MANAGE, "rqworker", "default", SKIP_CHECKS], cwd=BASE_DIR, **quiet)
    wait_for(lambda: bool(valkey.scard(KEYS) > n_before), "a worker", timeout_secs=60)
    return process


def warning(client: Client) -> str:
    memory.forget_all()  # what was found is kept for some seconds
    return client.get(reverse("admin:queue_warning")).content.decode().strip()


@pytest.mark.django_db
def test_a_killed_worker_is_missed_within_a_minute_until_there_is_a_new_one(
    valkey: Any, workers: list[subprocess.Popen[bytes]], client: Client
) -> None:
    client.force_login(User.objects.create_superuser("admin"))
    workers.append(start(valkey))
    assert warning(client) == ""

    workers[0].kill()
    workers[0].wait()
    assert warning(client) == ""  # nobody can know yet
    [key] = valkey.smembers(KEYS)
    valkey.pexpire(key, valkey.pttl(key) - 66_000)  # so much later
    assert "Nobody works on default. The last worker was heard" in warning(client)

    workers.append(start(valkey))
    assert warning(client) == ""
