"""Above every page, those who may see queues are told when jobs wait for nobody; and no page is slower for it."""

import socket
import tempfile
import time

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django_redis import get_redis_connection
from redis import UnixDomainSocketConnection
from redis.exceptions import ConnectionError

from apps.core import memory, queue_state
from apps.core.queue_state import QueuesState, QueueState

pytestmark = pytest.mark.django_db
BAR = 'hx-get="/admin/django_rq/dashboard/warning/"'


@pytest.fixture
def operator(client: Client) -> Client:
    user = User.objects.create_user("oscar", is_staff=True)
    user.user_permissions.add(*Permission.objects.filter(codename__in=["admin", "view_task"]))
    client.force_login(user)
    return client


def queues_are(monkeypatch: pytest.MonkeyPatch, *queues: QueueState, is_suspended: bool = False) -> None:
    monkeypatch.setattr(queue_state, "read", lambda: QueuesState(is_suspended, list(queues)))


def warning(client: Client) -> str:
    return client.get(reverse("admin:queue_warning")).content.decode().strip()


def test_every_page_asks_for_it_once_it_is_there(operator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def asked() -> QueuesState:
        raise AssertionError("A page has asked Valkey while it was made.")

    monkeypatch.setattr(queue_state, "read", asked)

    for page in ("admin:index", "admin:core_task_changelist", "admin:password_change"):
        assert BAR in operator.get(reverse(page)).content.decode(), page


def test_it_says_where_jobs_wait_and_what_to_do(operator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    queues_are(monkeypatch, QueueState("default", 3), QueueState("other", 0, 1, heartbeat_secs=4.0))

    told = warning(operator)

    assert "Nobody works on default: 3 jobs wait. No worker listens." in told
    assert "manage.py run worker." in told
    assert reverse("admin:django_rq_home") in told
    assert "other" not in told


def test_it_says_when_a_worker_has_fallen_silent(operator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    queues_are(monkeypatch, QueueState("default", heartbeat_secs=70.0, n_lost=1))

    assert "Nobody works on default. The last worker was heard 70 seconds ago." in warning(operator)


def test_it_says_within_seconds_that_valkey_hangs(operator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    pool = get_redis_connection().connection_pool
    pool.disconnect()
    pool.reset()  # those that it keeps would connect to the real one again
    with socket.socket(socket.AF_UNIX) as silent, tempfile.TemporaryDirectory() as folder:
        silent.bind(f"{folder}/valkey.sock")
        silent.listen()
        monkeypatch.setattr(pool, "connection_class", UnixDomainSocketConnection)
        monkeypatch.setitem(pool.connection_kwargs, "path", f"{folder}/valkey.sock")
        began = time.monotonic()

        told = warning(operator)

        took = time.monotonic() - began
    pool.reset()  # nobody else may be given its connections
    assert "Valkey does not answer" in told
    assert took < 30


def test_it_says_that_workers_rest(operator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    queues_are(monkeypatch, QueueState("default", 3, 1, heartbeat_secs=1.0), is_suspended=True)

    assert "All workers were told to rest" in warning(operator)


def test_it_says_nothing_when_all_is_well_nor_of_jobs_that_failed(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    queues_are(monkeypatch, QueueState("default", 3, 1, 5, heartbeat_secs=1.0))

    assert warning(operator) == ""


def test_valkey_is_asked_once_in_seconds_also_while_it_is_away(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    n_asked = []

    def away() -> QueuesState:
        n_asked.append(1)
        raise ConnectionError

    monkeypatch.setattr(queue_state, "read", away)

    assert [("Valkey does not answer" in warning(operator)) for _ in range(3)] == [True] * 3
    assert len(n_asked) == 1
    memory.forget_all()
    warning(operator)
    assert len(n_asked) == 2


def test_it_is_for_those_alone_who_may_see_queues(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    queues_are(monkeypatch, QueueState("default", 3))
    client.force_login(User.objects.create_user("mara", is_staff=True))

    assert client.get(reverse("admin:queue_warning")).status_code == 403
    assert BAR not in client.get(reverse("admin:index")).content.decode()
