"""Fixtures of all tests."""

import gc
import os
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connection, connections, transaction
from django.test import Client
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser, Page, StorageState
from redis import Redis

from apps.core import counters, snapshot
from apps.core.memory import forget_all
from tests import emptying
from tests.chromium import chromium, new_page, sign_in
from tests.laws import EXAMPLES
from tests.live import Live, live_platform

if TYPE_CHECKING:
    from tests.shop import Shop

# How long an example takes, or takes to be drawn, says more about what else the machine does.
settings.register_profile("tests", deadline=None, max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")
emptying.make_it_quick()
_valkey = Redis.from_url(django_settings.REDIS_URL)  # this worker's own database


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with tests that may take longer than others: at the end, one worker would wait for the other.

    Those that empty the tables stay the last ones: what migrations have put there is gone after them. So they are in no
    group, either, as xdist begins with groups.
    """
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> tuple[int, str]:
    if _empties_tables(item):
        return 3, ""
    if item.get_closest_marker("xdist_group"):
        return 0, str(item.path.parent)  # those of a folder share a browser
    return (1 if item.get_closest_marker("timeout") else 2), ""


def _empties_tables(item: pytest.Item) -> bool:
    database = item.get_closest_marker("django_db")
    is_said = database is not None and database.kwargs.get("transaction", False)
    return is_said or "transactional_db" in getattr(item, "fixturenames", ())


def pytest_collection_finish() -> None:
    """Leave modules and tests out of every collection of garbage: they stay until the end, and are many."""
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def no_lasting_connections() -> None:
    """Let threads give up their connections after each piece of work: test databases could not be dropped otherwise."""
    connections.settings["default"]["CONN_MAX_AGE"] = 0


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Drop test databases also while threads that have just answered are still connected to them."""
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture
def crowd() -> Iterator[None]:
    """Let one test at a time have fifty connections: two at once would have more than there are."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
        server.execute("SELECT pg_advisory_lock(50)")
        yield


@pytest.fixture(scope="session", autouse=True)
def nothing_counted_behind_the_back() -> Iterator[None]:
    """Let tests say when counts are written: a thread would do so outside of their transactions."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(counters.Counter, "_start", lambda self: None)
        yield


@pytest.fixture(scope="session", autouse=True)
def admin_pages() -> None:
    """Let the admin have its pages, whichever test comes first: they come with the URL map."""
    import_module("cdp.urls")


@pytest.fixture(autouse=True)
def fresh_memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Remember nothing of the test before: its database is another one.

    What a test changes is forgotten at once where a transaction is around it, as that never commits.
    """

    def on_commit(forget: Callable[[], None]) -> None:
        if any(block._from_testcase for block in connection.atomic_blocks):
            forget()
        else:
            transaction.on_commit(forget)

    monkeypatch.setattr(snapshot, "on_commit", on_commit)
    forget_all()
    yield
    forget_all()


@pytest.fixture(scope="session", autouse=True)
def nothing_read_anew_by_chance() -> Iterator[None]:
    """Let what was read of the configuration be good for a whole test: on a busy machine it would be read anew within.

    Tests count statements. What a test writes is forgotten all the same.
    """
    go_on = snapshot.Snapshot._go_on

    def go_on_for_long(self: Any, n_forgotten: int, began_at: float) -> None:
        go_on(self, n_forgotten, began_at + (600 if self._refresh_secs >= 1 else 0))

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(snapshot.Snapshot, "_go_on", go_on_for_long)
        yield


@pytest.fixture(autouse=True)
def empty_valkey() -> None:
    """Let no test find the jobs, workers or counts that the one before has left."""
    _valkey.flushdb()


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each request be a group of its own, on the thread and in the transaction of the test."""
    from apps.collector.grouping import Grouper

    def submit(self: Any, item: Any, *, timeout_secs: float = 0.0) -> None:
        self._work([item])

    monkeypatch.setattr(Grouper, "submit", submit)


@pytest.fixture
def in_one_transaction(db: None) -> Iterator[None]:
    """Let WSGI requests share the test's transaction: their ends would end it, but for those of Django's own client."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def admin_client(db: None) -> Client:
    """An administrator who is signed in; the one of pytest-django spends a second on the password."""
    client = Client()
    client.force_login(User.objects.create(username="admin", is_staff=True, is_superuser=True))
    return client


@pytest.fixture(scope="session")
def live() -> Iterator[Live]:
    """The platform as processes of its own; tests with the mark `xdist_group("live")` share one."""
    with live_platform(has_pages=True) as platform:
        yield platform


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real browser."""
    with chromium() as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of somebody who has been nowhere yet."""
    with new_page(browser) as opened:
        yield opened


@pytest.fixture(scope="session")
def logins() -> dict[str, StorageState]:
    """Cookies of those who have signed in, which outlive the browser that they did it with."""
    return {}


@pytest.fixture(scope="module")
def signed_in(browser: Browser, live: Live, logins: dict[str, StorageState]) -> StorageState:
    """The cookies of an administrator who has signed in."""
    if "admin" not in logins:
        with new_page(browser) as page:
            sign_in(page, live.address, live.password)
            logins["admin"] = page.context.storage_state()
    return logins["admin"]


@pytest.fixture
def admin(browser: Browser, signed_in: StorageState) -> Iterator[Page]:
    """A page of an administrator."""
    with new_page(browser, storage_state=signed_in) as opened:
        yield opened


@pytest.fixture
def shop(db: None) -> "Shop":
    """A shop whose events go through the pipeline."""
    from tests.shop import Shop

    return Shop()
