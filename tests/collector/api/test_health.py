"""Whether it lives, whether it is ready, what is wrong with it, and which version it is."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import OperationalError, connection
from redis.exceptions import ConnectionError as RedisConnectionError
from rest_framework.test import APIClient

from apps.collector import health
from apps.collector.grouping import Busy, Grouper
from apps.core import beats, queue_state
from apps.core.queue_state import QueuesState, QueueState
from cdp.version import VERSION
from tests.factories import InboxItemFactory

NOW = datetime.now(UTC)


def fail_with(error: Exception) -> Any:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise error

    return fail


def queues_are(monkeypatch: pytest.MonkeyPatch, *queues: QueueState, is_suspended: bool = False) -> None:
    monkeypatch.setattr(queue_state, "read", lambda: QueuesState(is_suspended, list(queues)))


@pytest.fixture
def well(db: None, alone: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A platform of which nothing is wrong; the real queues are those of all tests."""
    queues_are(monkeypatch, QueueState("default", n_workers=1, heartbeat_secs=3.0))
    for name in (beats.Name.INGEST, beats.Name.CRON):
        beats.beat(name, at=datetime.now(UTC))


@pytest.mark.parametrize("method", ["get", "post", "head"])
def test_a_process_that_lives_says_so_and_asks_nobody(
    client: APIClient, method: str, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0):
        assert getattr(client, method)("/healthcheck").status_code == 200


def test_all_is_well_when_nothing_is_wrong(client: APIClient, well: None) -> None:
    answer = client.get("/healthcheck/ready")

    assert answer.status_code == 200
    told = answer.json()
    assert (told["status"], told["checks"], told["findings"]) == ("ok", {"database": True, "queues": True}, [])
    assert told["inbox"] == {"waiting": 0, "oldest_secs": None, "dead_letters": 0}
    assert told["silent_secs"]["ingest"] < 60
    assert told["suspended"] is False
    assert told["queues"]["default"] == {
        "depth": 0,
        "oldest_secs": None,
        "workers": 1,
        "heartbeat_secs": 3.0,
        "failed": 0,
        "last_error": "",
    }


def test_that_nobody_evaluates_alerts_is_found_once_somebody_did(client: APIClient, well: None) -> None:
    assert client.get("/healthcheck/ready").json()["silent_secs"]["alerts"] is None
    beats.beat(beats.Name.ALERTS, at=datetime.now(UTC) - timedelta(minutes=6))

    told = client.get("/healthcheck/ready").json()

    assert told["status"] == "degraded"
    assert [finding["code"] for finding in told["findings"]] == ["alerts"]


@pytest.mark.parametrize("error", [OperationalError("away"), Busy("the commit hangs")])
def test_it_is_not_ready_while_nothing_can_be_committed(
    client: APIClient, well: None, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(beats, "beat", fail_with(error))

    answer = client.get("/healthcheck/ready")

    assert (answer.status_code, answer.json()["status"]) == (503, "unavailable")
    assert answer.json()["checks"] == {"database": False, "queues": True}


def test_a_standby_is_not_ready(client: APIClient, well: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL transaction_read_only = on")  # as every transaction of a standby is

    assert client.get("/healthcheck/ready").status_code == 503


def test_a_commit_that_hangs_makes_it_unready_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """As while the only standby of a synchronous primary is gone: no limit of the server's ends that wait."""
    is_over = threading.Event()

    def hang(_: list[Any]) -> None:
        is_over.wait(30)

    monkeypatch.setattr(health, "_committing", Grouper(hang, name="readiness"))
    monkeypatch.setattr(health, "COMMIT_SECS", 0.05)

    assert health._commits() is False
    is_over.set()


def test_without_valkey_events_are_taken_and_somebody_should_look(
    client: APIClient, well: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(type(cache), "get", fail_with(RedisConnectionError("away")), raising=False)
        answer = client.get("/healthcheck/ready")

    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert [finding["code"] for finding in answer.json()["findings"]] == ["valkey"]


def old_item(_: pytest.MonkeyPatch) -> None:
    InboxItemFactory(received_at=NOW - timedelta(hours=2))


def dead_letter(_: pytest.MonkeyPatch) -> None:
    InboxItemFactory(received_at=NOW, dead_at=NOW)


def silent_ingest(_: pytest.MonkeyPatch) -> None:
    beats.Beat.objects.filter(name="ingest").update(at=NOW - timedelta(minutes=10))


def silent_cron(_: pytest.MonkeyPatch) -> None:
    beats.Beat.objects.filter(name="cron").update(at=NOW - timedelta(hours=1))


def never_heard(_: pytest.MonkeyPatch) -> None:
    beats.Beat.objects.all().delete()


def waiting_job(monkeypatch: pytest.MonkeyPatch) -> None:
    queues_are(monkeypatch, QueueState("segmentation:live", 3), QueueState("default"))


def silent_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    queues_are(monkeypatch, QueueState("default", heartbeat_secs=70.0, n_lost=1))


def suspended(monkeypatch: pytest.MonkeyPatch) -> None:
    queues_are(monkeypatch, QueueState("default", 3, n_workers=1, heartbeat_secs=1.0), is_suspended=True)


def failed_job(monkeypatch: pytest.MonkeyPatch) -> None:
    queues_are(monkeypatch, QueueState("default", 3, 2, 1, last_error="sweep: KeyError"))


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        (old_item, ["inbox"]),
        (dead_letter, ["dead_letters"]),
        (silent_ingest, ["ingest"]),
        (silent_cron, ["cron"]),
        (never_heard, ["ingest", "cron"]),
        (waiting_job, ["no_worker"]),
        (silent_worker, ["worker_silent"]),
        (suspended, ["suspended"]),
        (failed_job, ["failed_jobs"]),
    ],
)
def test_what_is_wrong_is_found_and_told(
    client: APIClient,
    well: None,
    monkeypatch: pytest.MonkeyPatch,
    damage: Callable[[pytest.MonkeyPatch], None],
    found: list[str],
) -> None:
    damage(monkeypatch)

    told = client.get("/healthcheck/ready").json()

    assert told["status"] == "degraded"
    assert [finding["code"] for finding in told["findings"]] == found
    assert all(finding["message"] and finding["remedy"] for finding in told["findings"])


def test_what_comes_back_by_itself_is_no_dead_letter(well: None) -> None:
    InboxItemFactory(received_at=NOW, retry_at=NOW + timedelta(minutes=1))

    assert health.measure().status == "ok"


def test_the_version_is_that_of_the_changelog(client: APIClient) -> None:
    assert client.get("/info/version").json() == {"version": VERSION}
