"""What Prometheus is told, by real processes that it asks while they work."""

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from math import nan
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from django_rq import get_connection
from prometheus_client.parser import text_string_to_metric_families
from rq import Queue

from apps.alerts.models import Alert
from apps.console import gauges
from apps.core import metrics
from apps.core.models import Task
from apps.heartbeats import running
from apps.heartbeats.models import Heartbeat
from cdp.version import VERSION
from tests.alerts.factories import AlertFactory, IncidentFactory
from tests.core.factories import TaskFactory
from tests.core.test_metrics import counted as counted_in
from tests.factories import InboxItemFactory
from tests.heartbeats.factories import HeartbeatFactory
from tests.live import Live, Row, free_port, live_platform, wait_for
from tests.shop import Shop

QUIET_SECS = 4 * metrics.FLUSH_SECS
ENQUEUE = "from apps.core.jobs import enqueue, sweep_tasks; enqueue(sweep_tasks)"
together = pytest.mark.xdist_group("metrics")  # on one worker of pytest, which starts the processes once
Figures = dict[tuple[str, frozenset[tuple[str, str]]], float]


def scraped(live: Live) -> Figures:
    with urlopen(f"http://127.0.0.1:{live.metrics_port}/metrics", timeout=60) as answer:
        families = list(text_string_to_metric_families(answer.read().decode()))
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def settled(live: Live) -> Figures:
    """Scrape once all that was counted so far is told: nothing new has come for longer than a busy process rests."""
    found: Figures = {}
    since = time.monotonic()
    while not found or time.monotonic() < since + QUIET_SECS:
        time.sleep(metrics.FLUSH_SECS / 2)
        if found != (found := counted(scraped(live))):
            since = time.monotonic()
    return found


def counted(figures: Figures) -> Figures:
    """Leave out what is looked at, which changes with time."""
    return {key: value for key, value in figures.items() if key[0].endswith(("_count", "_total"))}


def figure(figures: Figures, name: str, /, **labels: str) -> float:
    """Read one of them; what is not there is not a number, and so equals none."""
    return figures.get((name, frozenset(labels.items())), nan)


def send(live: Live, source: Row, *types: str, is_later: bool = False) -> int:
    events = [{"type": type_, "id": f"{type_}-{position}"} for position, type_ in enumerate(types)]
    body = {"source": {"id": source["id"]}, "session": {"id": "visit"}, "events": events}
    request = Request(f"{live.address}/track", json.dumps(body).encode(), method="PUT" if is_later else "POST")
    try:
        with urlopen(request, timeout=60) as answer:
            return int(answer.status)
    except HTTPError as error:
        return error.code


@pytest.fixture(scope="module")
def live() -> Iterator[Live]:
    with live_platform() as live:
        live.start_worker()
        live.start_metrics()
        yield live


@pytest.fixture(scope="module")
def source(live: Live) -> Row:
    return live.source("Shop")


@together
@pytest.mark.timeout(300)
def test_what_comes_in_by_web_and_ingest_and_what_a_worker_does_is_counted(live: Live, source: Row) -> None:
    before = settled(live)

    def grown(name: str, /, **labels: str) -> float:
        key = name, frozenset(labels.items())
        return found.get(key, 0) - before.get(key, 0)

    assert send(live, source, "first", "second") == 200
    assert send(live, source, "first", "second") == 200  # the same ids: a repetition
    assert send(live, source, "third", "fourth", is_later=True) == 200
    assert send(live, source, "session-opened") == 422  # only the platform says so
    assert send(live, {"id": "nobody"}, "first") == 401
    live.wait_until_drained()
    live.manage("shell", "--no-imports", "-c", ENQUEUE)
    job = {"name": "apps.core.jobs.sweep_tasks", "outcome": "done"}
    wait_for(lambda: figure(scraped(live), "cdp_job_duration_seconds_count", **job) >= 1, "the job")
    later = {"way": "inbox", "outcome": "stored", "reason": ""}
    wait_for(lambda: figure(scraped(live), "cdp_events_total", **later) >= 2, "what ingest counts")

    found = {**scraped(live), **settled(live)}

    assert grown("cdp_events_total", way="now", outcome="duplicate", reason="") == 2
    assert grown("cdp_events_total", way="now", outcome="refused", reason="reserved_type") == 1
    for way in ("now", "inbox"):  # what the platform says itself comes by the same ways: of a session, and a visit
        assert grown("cdp_events_total", way=way, outcome="stored", reason="") >= 2
    assert grown("cdp_requests_refused_total", reason="unknown_source") == 1
    post, put = {"endpoint": "track", "method": "POST"}, {"endpoint": "track", "method": "PUT"}
    assert grown("cdp_http_request_duration_seconds_count", **post, status="2xx") == 2
    assert grown("cdp_http_request_duration_seconds_count", **post, status="4xx") == 2
    assert grown("cdp_http_request_duration_seconds_count", **put, status="2xx") == 1
    n_batches = sum(grown("cdp_batch_events_count", way=way) for way in ("now", "inbox"))
    assert n_batches >= 3
    for stage in ("admit", "prepare", "identify", "store"):
        assert grown("cdp_stage_duration_seconds_count", stage=stage) == n_batches
    assert figure(found, "cdp_up", server="database") == figure(found, "cdp_up", server="valkey") == 1
    assert figure(found, "cdp_build_info", version=VERSION) == 1
    assert figure(found, "cdp_inbox_waiting") == figure(found, "cdp_dead_letters") == 0
    assert figure(found, "cdp_queue_workers", queue="default") == 1
    assert figure(found, "cdp_workers") >= 1


@together
@pytest.mark.timeout(300)
def test_nothing_that_a_sender_makes_up_becomes_a_label(live: Live, source: Row) -> None:
    send(live, source, "made-up-by-a-sender")
    for path in ("/made-up-by-a-sender", "/collect/made-up-by-a-sender/nobody", "/admin/made-up-by-a-sender/"):
        with suppress(HTTPError):
            urlopen(f"{live.address}{path}", timeout=60).close()
    urlopen(Request(f"{live.address}/healthcheck", headers={"X-Request-ID": "made-up-by-a-sender"}), timeout=60).close()

    settled(live)
    with urlopen(f"http://127.0.0.1:{live.metrics_port}/metrics", timeout=60) as answer:
        told = answer.read().decode()

    assert "made-up-by-a-sender" not in told
    assert source["id"] not in told


@together
@pytest.mark.timeout(300)
def test_sums_outlive_their_processes(live: Live, source: Row) -> None:
    send(live, source, "kept")
    before = settled(live)

    os.killpg(live.web.pid, signal.SIGKILL)
    live.web.wait()
    live.start_web()
    send(live, source, "kept-too")

    after = settled(live)
    assert before
    assert all(after[key] >= value for key, value in before.items())
    assert len(list((live.var / "metrics").glob("*.lock"))) <= 5  # two of the web server, ingest, a job; one to spare


def test_the_collector_does_not_serve_them(live: Live) -> None:
    with pytest.raises(HTTPError, match="404"):
        urlopen(f"{live.address}/metrics", timeout=60)


def test_everything_that_is_exported_is_declared(live: Live, source: Row) -> None:
    send(live, source, "page-view")
    settled(live)
    declared = {gauge.name for gauge in metrics.GAUGES} | {metric.name for metric in metrics.registry.collect()}

    with urlopen(f"http://127.0.0.1:{live.metrics_port}/metrics", timeout=60) as answer:
        families = {family.name for family in text_string_to_metric_families(answer.read().decode())}

    assert families <= declared


def test_disks_that_are_seen_from_here_are_told(live: Live) -> None:
    figures = scraped(live)

    for holds in ("platform", "database"):
        free = figure(figures, "cdp_disk_free_bytes", holds=holds)
        assert 0 < free < figure(figures, "cdp_disk_size_bytes", holds=holds)
    assert figure(figures, "cdp_database_bytes") > 1_000_000


@pytest.mark.django_db
@pytest.mark.usefixtures("alone")
def test_heartbeats_are_counted_by_how_they_end_and_by_what_they_say(shop: Shop, settings: Any) -> None:
    shop.now = timezone.now() - timedelta(days=3)
    for session in ("anna", "bo"):
        shop.track("page-view", session=session)
    HeartbeatFactory()
    Heartbeat.objects.filter(pk=HeartbeatFactory().pk).update(condition="profile@")

    def counted() -> list[float]:
        metrics.flush()
        runs = [{"strategy": "inactive-profile", "outcome": outcome} for outcome in ("done", "failed")]
        folder = Path(settings.METRICS_DIR)
        found = [counted_in(folder, "cdp_heartbeat_runs_total", **labels) for labels in runs]
        found.append(counted_in(folder, "cdp_heartbeat_events_total", strategy="inactive-profile"))
        return [number or 0.0 for number in found]

    before = counted()
    running.run_due(now=timezone.now())

    assert [now - then for now, then in zip(counted(), before, strict=True)] == [1, 1, 2]


@pytest.mark.django_db
@pytest.mark.usefixtures("alone")
def test_what_waits_and_what_has_failed_is_told_with_its_age() -> None:
    now = timezone.now()
    connection = get_connection("default")
    connection.flushdb()
    job = Queue("default", connection=connection).enqueue(print)
    job.enqueued_at = now - timedelta(minutes=5)
    job.save()
    InboxItemFactory(received_at=now - timedelta(minutes=10))
    InboxItemFactory.create_batch(2, dead_at=now)
    TaskFactory(kind="copy-to-profiles", state=Task.State.FAILED, finished_at=now)

    try:
        found = {(gauge.name, labels): value for gauge, labels, value in gauges.look()}
    finally:
        connection.flushdb()

    assert found["cdp_inbox_waiting", ()] == 1
    assert found["cdp_inbox_oldest_seconds", ()] == pytest.approx(600, abs=60)
    assert found["cdp_dead_letters", ()] == 2
    assert found["cdp_queue_jobs", ("default",)] == 1
    assert found["cdp_queue_oldest_seconds", ("default",)] == pytest.approx(300, abs=60)
    assert found["cdp_queue_workers", ("default",)] == 0
    assert found["cdp_tasks", ("copy-to-profiles", "failed")] == 1


@pytest.mark.django_db
def test_what_is_overdue_and_what_is_found_is_told() -> None:
    row = HeartbeatFactory()
    Heartbeat.objects.filter(pk=row.pk).update(due_at=timezone.now() - timedelta(hours=1))
    alert = AlertFactory(severity=Alert.Severity.CRITICAL)
    IncidentFactory(alert=alert, subject="a")
    IncidentFactory(alert=alert, subject="b", recovered_at=timezone.now())

    found = {(gauge.name, labels): value for gauge, labels, value in gauges.look()}

    assert found["cdp_heartbeats_overdue", ()] == 1
    assert found["cdp_alerts_firing", ("critical",)] == 1
    assert found["cdp_alerts_firing", ("warning",)] == 0


def test_who_is_not_to_be_asked_is_not(settings: Any) -> None:
    settings.METRICS_BIND = None

    with pytest.raises(CommandError, match="METRICS_BIND is empty"):
        call_command("metrics")


def test_a_folder_that_cannot_be_made_is_told_in_a_sentence(settings: Any, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    settings.METRICS_DIR, settings.METRICS_BIND = str(tmp_path / "file" / "metrics"), ("127.0.0.1", free_port())

    with pytest.raises(CommandError, match=r"METRICS_DIR cannot be written: .*Not a directory"):
        call_command("metrics")
