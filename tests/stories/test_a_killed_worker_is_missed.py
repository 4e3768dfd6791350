"""A worker is killed: within a minute all who may see queues read it above every page; a new one, and it is gone."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from redis import Redis

from apps.console.supervision import SKIP_CHECKS
from apps.core import memory
from apps.core.queue_state import OVERDUE_MS
from tests.commands import MANAGE, Commands, Program
from tests.live import wait_for

KEYS = "rq:workers:default"


@pytest.fixture
def valkey() -> Redis:
    return Redis.from_url(settings.REDIS_URL)


@pytest.fixture
def commands(tmp_path: Path) -> Iterator[Commands]:
    made = Commands(os.environ, tmp_path)
    yield made
    made.stop()


def start(commands: Commands, valkey: Any) -> Program:
    """Start a worker as an operator does, and return once it listens."""
    before = valkey.smembers(KEYS)
    process = commands.start([MANAGE, "rqworker", "default", SKIP_CHECKS], Path(os.devnull))
    wait_for(lambda: bool(valkey.smembers(KEYS) - before), "a worker")
    return process


def warning(client: Client) -> str:
    memory.forget_all()  # what was found is kept for some seconds
    return client.get(reverse("admin:queue_warning")).content.decode().strip()


@pytest.mark.django_db
def test_a_killed_worker_is_missed_within_a_minute_until_there_is_a_new_one(
    valkey: Any, commands: Commands, client: Client
) -> None:
    client.force_login(User.objects.create_superuser("admin"))
    worker = start(commands, valkey)
    assert warning(client) == ""

    worker.kill()
    worker.wait()
    assert warning(client) == ""  # nobody can know yet
    [key] = valkey.smembers(KEYS)
    assert valkey.pttl(key) - 66_000 < OVERDUE_MS  # so much later
    valkey.pexpire(key, OVERDUE_MS)
    assert "Nobody works on default. The last worker was heard" in warning(client)

    start(commands, valkey)
    assert warning(client) == ""
