"""`manage.py status`: for a person at a shell, and for scripts."""

import json
import os
import subprocess
from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import OperationalError

from apps.console.supervision import MANAGE
from apps.core import beats, queue_state
from apps.core.queue_state import QueuesState, QueueState
from tests.factories import NOON, InboxItemFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("alone")]


def run(*options: str) -> tuple[str, int]:
    out = StringIO()
    with pytest.raises(SystemExit) as end:
        call_command("status", *options, stdout=out)
    assert isinstance(end.value.code, int)
    return out.getvalue(), end.value.code


@pytest.fixture(autouse=True)
def living(monkeypatch: pytest.MonkeyPatch) -> None:
    found = QueuesState(queues=[QueueState("default", n_workers=1), QueueState("toys", 2, 1, oldest_secs=90)])
    monkeypatch.setattr(queue_state, "read", lambda: found)
    for name in (beats.Name.INGEST, beats.Name.CRON):
        beats.beat(name, at=datetime.now(UTC))


def test_a_platform_that_is_well_says_so() -> None:
    told, code = run()

    assert code == 0
    assert told.splitlines() == [
        "Status: ok",
        "Inbox: 0 wait; 0 dead letters.",
        "Queue default: 0 jobs, 1 workers, 0 failed.",
        "Queue toys: 2 jobs, the oldest for 90 seconds, 1 workers, 0 failed.",
    ]


def test_what_is_wrong_stands_with_what_to_do() -> None:
    InboxItemFactory(dead_at=NOON)

    told, code = run()

    assert code == 1
    assert "- 1 accepted request is a dead letter: it failed, and was set aside. Look at Inbox;" in told


@pytest.mark.parametrize("command", ["status", "doctor"])
def test_a_setting_that_is_wrong_is_no_mere_warning(command: str) -> None:
    done = subprocess.run(
        [*MANAGE, command, "--json"], env={**os.environ, "REDIS_URL": "nonsense"}, capture_output=True, text=True
    )

    assert done.returncode == 2
    assert "Cannot start: REDIS_URL" in done.stderr


def test_scripts_get_json() -> None:
    told, code = run("--json")

    assert (code, json.loads(told)["status"]) == (0, "ok")


def test_without_a_database_it_says_that(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OperationalError("away")

    monkeypatch.setattr(beats, "beat", fail)

    told, code = run()

    assert code == 2
    assert "Start PostgreSQL" in told
