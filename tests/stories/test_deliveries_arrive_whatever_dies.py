"""Deliveries arrive though workers are killed and queues are lost: at least once, under one key, and written once."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import psycopg
import pytest

from apps.bridges.jobs import IDLE_SECS
from tests.commands import Program
from tests.live import Live, live_platform, wait_for
from tests.outside import Outside, outside

pytestmark = pytest.mark.xdist_group("deliveries")
NUMBER = 1_000
PLAN = """
from datetime import datetime, UTC
from django.db import transaction
from apps.bridges import outbox
from apps.bridges.models import Connection
row, _ = Connection.objects.get_or_create(
    name="Receiver", defaults={{"kind": "http", "settings": {{"base_url": "{address}"}}, "in_flight": 8}}
)
now = datetime.now(UTC)
rows = [outbox.make(row.pk, f"{name}-{{n}}", {{"body": "{{}}"}}, origin="test", now=now) for n in range({number})]
with transaction.atomic():
    outbox.plan(rows)
"""
LEFT = "SELECT count(*) AS n FROM bridges_delivery WHERE due_at IS NOT NULL"


@pytest.fixture(scope="module")
def shared() -> Iterator[Live]:
    with live_platform(has_web=False, EGRESS_ALLOWED_NETWORKS="127.0.0.0/8") as live:
        yield live


@pytest.fixture
def platform(shared: Live) -> Live:
    """A platform that has sent nothing, and on which nobody works."""
    shared.valkey.client.flushdb()
    with psycopg.connect(shared.database_url, autocommit=True) as database:
        database.execute("DELETE FROM bridges_delivery")
        database.execute("DELETE FROM bridges_connection")
    return shared


@pytest.fixture
def receiver() -> Iterator[Outside]:
    """A receiver that takes its time, so that a thousand take a while."""

    def handle(request: BaseHTTPRequestHandler) -> None:
        time.sleep(0.004)
        request.send_response(200)
        request.send_header("Content-Length", "0")
        request.end_headers()

    with outside(keeps=True) as running:
        running.handle = handle
        yield running


def start(live: Live) -> Program:
    """Start the role that sends."""
    return live.start_role("deliveries")


def plan(live: Live, receiver: Outside, name: str, number: int = NUMBER) -> None:
    live.manage("shell", "--no-imports", "-c", PLAN.format(address=receiver.address, name=name, number=number))


def let_the_clock_look(live: Live) -> None:
    """Do what is due by the clock: what nobody was woken for is found."""
    live.manage("cron", "--once")
    live.manage("rqworker", "default", "--burst")


def n_left(live: Live) -> int:
    [row] = live.rows(LEFT)
    return int(row["n"])


def arrived(receiver: Outside) -> Counter[str]:
    return Counter(taken.headers["idempotency-key"] for taken in receiver.taken)


@pytest.mark.timeout(300)
def test_a_worker_is_killed_in_the_midst_of_a_thousand(platform: Live, receiver: Outside) -> None:
    usual, goes_on = receiver.handle, threading.Event()
    assert usual

    def handle(request: BaseHTTPRequestHandler) -> None:
        if len(receiver.taken) > 300:
            goes_on.wait(60)  # not all of them arrive before somebody has looked
        usual(request)

    receiver.handle = handle
    worker = start(platform)
    try:
        plan(platform, receiver, "run")
        wait_for(lambda: len(receiver.taken) > 200, "the first ones to arrive")
    finally:
        worker.kill_family()
        goes_on.set()
    n_arrived = len(receiver.taken)
    assert 0 < n_left(platform) <= NUMBER
    # As a minute later: whoever has leased them is dead.
    platform.rows("UPDATE bridges_delivery SET due_at = due_at - interval '1 minute' WHERE leases > 0 RETURNING id")

    worker = start(platform)
    try:
        plan(platform, receiver, "run")  # whoever planned them does so again, as after a crash: nothing new is there
        let_the_clock_look(platform)  # the wake-up of a moment ago went with the worker
        wait_for(lambda: n_left(platform) == 0, "all of them to arrive")
    finally:
        worker.kill_family()

    assert n_arrived < NUMBER
    found = arrived(receiver)
    assert found.keys() == {f"run-{number}" for number in range(NUMBER)}
    # Only what was on its way, or not written yet, was sent twice.
    assert sum(found.values()) - NUMBER <= 8 + 100 + 200
    rows = platform.rows("SELECT key, outcome, n_tries FROM bridges_delivery")
    assert Counter(row["outcome"] for row in rows) == {"delivered": NUMBER}
    assert {row["n_tries"] for row in rows} == {1}


@pytest.mark.timeout(300)
def test_two_workers_deliver_nothing_twice(platform: Live, receiver: Outside) -> None:
    workers = [start(platform), start(platform)]
    try:
        wait_for(lambda: _n_listening(platform) == 2, "both workers")
        for part in range(4):
            plan(platform, receiver, f"part-{part}", NUMBER // 4)
            platform.valkey.client.delete(*_woken(platform))  # the next one wakes another worker
        wait_for(lambda: n_left(platform) == 0, "all of them to arrive")
    finally:
        for worker in workers:
            worker.kill_family()

    assert set(arrived(receiver).values()) == {1}
    assert len(receiver.taken) == NUMBER


@pytest.mark.timeout(300)
def test_what_valkey_forgot_is_found_by_the_clock(platform: Live, receiver: Outside) -> None:
    plan(platform, receiver, "run", 20)
    platform.valkey.client.flushdb()
    worker = start(platform)
    try:
        wait_for(lambda: _n_listening(platform) == 1, "the worker")
        assert n_left(platform) == 20
        let_the_clock_look(platform)
        wait_for(lambda: n_left(platform) == 0, "all of them to arrive")
    finally:
        worker.kill_family()

    assert set(arrived(receiver).values()) == {1}


@pytest.mark.timeout(300)
def test_what_rests_is_sent_when_its_time_has_come_and_a_stop_waits_for_nothing(
    platform: Live, receiver: Outside
) -> None:
    """A worker that is told to stop ends within seconds, though it would wait for more work."""
    usual = receiver.handle
    assert usual

    def handle(request: BaseHTTPRequestHandler) -> None:
        is_first = arrived(receiver)[request.headers["Idempotency-Key"]] == 1
        (_unavailable if is_first else usual)(request)

    receiver.handle = handle
    worker = start(platform)
    try:
        plan(platform, receiver, "run", 2)
        wait_for(lambda: n_left(platform) == 0, "the second tries")
        began_at = time.monotonic()
        worker.terminate()
        worker.wait(timeout=60)
        assert time.monotonic() - began_at < IDLE_SECS - 5
    finally:
        worker.kill_family()

    rows = platform.rows("SELECT outcome, n_tries FROM bridges_delivery")
    assert [(row["outcome"], row["n_tries"]) for row in rows] == [("delivered", 2)] * 2


def _unavailable(request: BaseHTTPRequestHandler) -> None:
    request.send_response(503)
    request.send_header("Content-Length", "0")
    request.end_headers()


def _n_listening(live: Live) -> int:
    return int(live.valkey.client.scard("rq:workers:destinations"))


def _woken(live: Live) -> list[bytes]:
    return [*live.valkey.client.keys("*woken*"), b"none"]
