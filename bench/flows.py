"""People on their way through flows: how fast they go on, how soon, and what that costs the events that begin it."""

import itertools
import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
from django.db import connection
from django.db.models import F
from django_redis import get_redis_connection

from apps.collector import accept
from apps.collector.envelope import Envelope
from apps.collector.wire import Message
from apps.console.supervision import roles
from apps.core.garbage import collect_less_often
from apps.core.jobs import enqueue
from apps.events import sources
from apps.events.models import InboxItem, Source
from apps.flows import jobs
from apps.flows.models import Flow, FlowVersion, Run
from apps.flows.runs import batches
from bench import crowd
from bench.spent import Spent, named, spent
from cdp.processes import BASE_DIR

Figures = dict[str, float]
RESUMED = 100_000
STARTED, PIECES = 10_000, 5
TYPE = "lesson-finished"  # of which we know nothing else
BATCH = 500
AWAKE_SECS = [1.0 + number / 3 for number in range(40)]
ASLEEP_SECS = [40.0, 65.0]  # after a pause that is longer than a worker stays awake
HOUR = timedelta(hours=1)

# Five nodes that ask nobody else.
WORK: dict[str, tuple[str, dict[str, Any]]] = {
    "known": ("condition", {"condition": "profile@country EXISTS"}),
    "plan": ("set-fields", {"fields": [{"field": "traits.plan", "value": "gold"}]}),
    "count": ("increment", {"field": "traits.lessons"}),
    "large": ("condition", {"condition": "event@properties.total > 10"}),
    "end": ("end", {}),
}
WAYS = ["known.true plan", "known.false count", "plan.out count", "count.out large"]
WAYS += ["large.true end", "large.false end"]


def definition(nodes: dict[str, tuple[str, dict[str, Any]]], ways: list[str], **trigger: Any) -> dict[str, Any]:
    """Write a definition; a way is `node.port node`."""
    made = [{"id": id, "kind": kind, "settings": settings} for id, (kind, settings) in nodes.items()]
    pairs = [way.replace(".", " ").split() for way in ways]
    edges = [{"from": source, "port": port, "to": target} for source, port, target in pairs]
    return {"triggers": [{"id": "t", **(trigger or {"kind": "manual"})}], "nodes": made, "edges": edges}


def resumes() -> Figures:
    """A hundred thousand people who have waited and are due at once, each with five nodes before them; one process."""
    now = datetime.now(UTC)
    version = _waiting("resumes", since=now)
    collect_less_often()
    rss: list[float] = []
    took = spent(lambda: _go_on(now + 2 * HOUR, rss))
    _expect(version, RESUMED)
    _forget(version)
    fifth = len(rss) // 5
    return {
        "resumes_per_s": RESUMED / took.secs,
        **named("resumes", took.cpu(RESUMED)),
        "flows_rss_mb": rss[-1],
        "flows_rss_growth": max(rss[-fifth:]) / max(rss[:fifth]),
    }


def resumes_by_two() -> Figures:
    """The same with two workers, as an operator has them for two processors."""
    version = _waiting("resumes-by-two", since=datetime.now(UTC) - 2 * HOUR)
    _postpone(version, 24 * HOUR)
    _tidy_up()
    with _worker(), _worker():
        _wake(workers=2)
        _postpone(version, -24 * HOUR)
        started = time.perf_counter()
        _wait_until_over(version)
        secs = time.perf_counter() - started
    _expect(version, RESUMED)
    _forget(version)
    return {"resumes_by_two_per_s": RESUMED / secs}


def wakeups() -> Figures:
    """How late people go on whom a worker of its own has to wake: while it is awake, and once it has gone."""
    now = datetime.now(UTC)
    nodes = {"start": ("start", {}), "wait": ("wait", {"length": "event@properties.secs"}), "end": ("end", {})}
    version = crowd.publish("wakeups", definition(nodes, ["start.out wait", "wait.out end"]), now=now)
    lengths = [*AWAKE_SECS, *ASLEEP_SECS]
    with _worker():
        _wake()
        now = datetime.now(UTC)
        events = ({"id": str(secs), "type": TYPE, "time": now, "properties": {"secs": secs}} for secs in lengths)
        crowd.let_in(version, crowd.people(len(lengths)), events, now=now)
        _wait_until_over(version)
    late = sorted(_late(run) for run in Run.objects.filter(flow=version.flow_id))
    _forget(version)
    return {
        "wakeup_p50_s": late[len(late) // 2],
        "wakeup_p95_s": late[int(0.95 * len(late))],
        "wakeup_latest_s": late[-1],
    }


def runs() -> Figures:
    """Events that each let somebody enter a flow of five nodes, by pipeline and worker side by side; and without it.

    Both in turn, in pieces; a piece is over when its runs are.
    """
    source = Source.objects.create(name="bench-flows")
    nodes = {"start": ("start", {}), **WORK}
    made = definition(nodes, ["start.out known", *WAYS], kind="event", event_type=TYPE)
    version = crowd.publish("runs", made, now=datetime.now(UTC))
    took = {True: Spent(), False: Spent()}
    collect_less_often()
    with _worker() as worker:
        _wake()
        _piece(source, version, STARTED // PIECES, worker)  # which fills caches
        for _ in range(PIECES):
            for is_on in took:
                Flow.objects.filter(pk=version.flow_id).update(state=Flow.State.ON if is_on else Flow.State.OFF)
                took[is_on] += _piece(source, version, STARTED // PIECES, worker)
    _expect(version, STARTED + STARTED // PIECES)
    _forget(version)
    return {
        "flow_runs_per_s": STARTED / took[True].secs,
        "flow_runs_off_per_s": STARTED / took[False].secs,
        **named("flow_runs", took[True].cpu(STARTED)),
        **named("flow_runs_off", took[False].cpu(STARTED)),
        "flow_runs_ratio": took[False].secs / took[True].secs,
    }


def _piece(source: Source, version: FlowVersion, count: int, worker: psutil.Process) -> Spent:
    policy = sources.find(str(source.pk))
    assert policy is not None
    bodies = (
        {
            "type": "track",
            "event": TYPE,
            "messageId": uuid4().hex,
            "userId": f"learner-{number % 1_000}",
            "properties": {"order_id": str(number), "total": number % 40, "category": "jazz"},
        }
        for number in range(count)
    )
    envelope = Envelope(policy, datetime.now(UTC), ip="198.51.100.7", call="track")
    messages = [Message(InboxItem.Dialect.SDK, json.dumps(body).encode(), envelope) for body in bodies]
    for start in range(0, count, 1_000):
        accept.keep(messages[start : start + 1_000])

    def work() -> None:
        while accept.ingest(BATCH, at=datetime.now(UTC)):
            pass
        _wait_until_over(version, look_secs=0.01)

    return spent(work, by=[psutil.Process(), worker, *worker.children(recursive=True)])


def _events(now: datetime) -> Iterator[Any]:
    for number in itertools.count():
        properties = {"order_id": str(number), "total": number % 40, "items": [{"sku": "a", "n": 1}]}
        yield {"id": str(number), "type": TYPE, "time": now, "properties": properties}


def _go_on(now: datetime, rss: list[float] | None = None) -> None:
    process = psutil.Process()
    while batches.go_on(now=now):
        if rss is not None:
            rss.append(process.memory_info().rss / 2**20)


def _waiting(key: str, *, since: datetime) -> FlowVersion:
    """Let everybody wait for an hour, with five nodes before them."""
    nodes = {"start": ("start", {}), "wait": ("wait", {"length": "1 hour"}), **WORK}
    version = crowd.publish(key, definition(nodes, ["start.out wait", "wait.out known", *WAYS]), now=since)
    crowd.let_in(version, crowd.people(RESUMED), _events(since), now=since)
    _go_on(since)
    _tidy_up()
    return version


def _tidy_up() -> None:
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")


def _postpone(version: FlowVersion, by: timedelta) -> None:
    """Let workers look at them later, or sooner; what they wait for stays the same."""
    Run.objects.filter(flow=version.flow_id).update(due_at=F("due_at") + by)


@contextmanager
def _worker() -> Iterator[psutil.Process]:
    """Run a worker of flows, as `manage.py up` does."""
    get_redis_connection().flushdb()
    with Path(os.devnull).open("w") as nowhere:
        command = roles(host="", port=1)["flows"]
        process = subprocess.Popen(command, cwd=BASE_DIR, stdout=nowhere, stderr=nowhere)
        try:
            yield psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait(timeout=60)


def _wake(*, workers: int = 1) -> None:
    """Let the workers begin, and wait until they have."""
    for _ in range(workers):
        enqueue(jobs.advance)
    valkey = get_redis_connection()
    deadline = time.monotonic() + 60
    while valkey.zcard("rq:wip:flows") < workers and time.monotonic() < deadline:
        time.sleep(0.05)


def _wait_until_over(version: FlowVersion, *, look_secs: float = 0.2) -> None:
    with connection.cursor() as cursor:
        while True:
            cursor.execute("SELECT EXISTS (SELECT FROM flows_run WHERE flow_id = %s AND status = 1)", [version.flow_id])
            if not cursor.fetchone()[0]:
                return
            time.sleep(look_secs)


def _late(run: Run) -> float:
    """Return the seconds between the moment that was waited for, a whole one, and that at which the node was left."""
    left_ms = next(ms for node, _, ms in run.state["path"] if node == "wait")
    return float(left_ms) / 1_000 - int(run.state["event"]["properties"]["secs"])


def _expect(version: FlowVersion, count: int) -> None:
    ended = Run.objects.filter(flow=version.flow_id, status=Run.Status.FINISHED).count()
    assert ended == count, f"{ended} of {count} runs have finished"


def _forget(version: FlowVersion) -> None:
    Run.objects.filter(flow=version.flow_id).delete()
    version.flow.delete()
