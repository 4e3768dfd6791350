"""What Prometheus is told of what stands now: it is looked at whenever it asks."""

import shutil
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import Count
from django.utils import timezone
from django_redis import get_redis_connection
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from redis.exceptions import RedisError
from rq import Worker

from apps.alerts.models import Alert, Incident
from apps.bridges import backlog
from apps.bridges.connection_kind import kinds
from apps.collector import health
from apps.collector.health import Health
from apps.console.doctor import disk
from apps.console.doctor.heartbeats import overdue
from apps.core import metrics
from apps.core.metrics import Gauge
from apps.core.models import Task
from apps.flows.runs import waking
from apps.inbound import bridge_status as bridge_status
from apps.inbound.models import Bridge
from cdp.version import VERSION

Found = Iterator[tuple[Gauge, tuple[str, ...], float]]  # a gauge, its labels, its value


def everything() -> CollectorRegistry:
    """Return what is exported: the sums of what all processes have counted, and the gauges."""
    folder = Path(settings.METRICS_DIR)
    folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    registry = CollectorRegistry()
    registry.register(Sums(MultiProcessCollector(None, str(folder))))  # type: ignore[no-untyped-call]
    registry.register(Gauges())
    return registry


class Sums(Collector):
    """What all processes have counted; what only an older version knew is still in the files, and left out."""

    def __init__(self, files: MultiProcessCollector) -> None:
        self._files = files

    def describe(self) -> Iterable[Metric]:
        """Look at nothing when it is registered."""
        return []

    def collect(self) -> Iterable[Metric]:
        """Yield them, added up."""
        known = {metric.name for metric in metrics.registry.collect()}
        return [metric for metric in self._files.collect() if metric.name in known]  # type: ignore[no-untyped-call]


class Gauges(Collector):
    """The gauges, each time anew; whoever asks at the same time waits for their turn."""

    def __init__(self) -> None:
        self._turn = threading.Lock()

    def describe(self) -> Iterable[Metric]:
        """Look at nothing when it is registered."""
        return []

    def collect(self) -> Iterable[Metric]:
        """Yield all that can be seen now; what cannot is left out."""
        families = {
            gauge: GaugeMetricFamily(gauge.name, gauge.documentation, labels=gauge.labels) for gauge in metrics.GAUGES
        }
        with self._turn:
            for gauge, labels, value in look():
                families[gauge].add_metric(labels, value)
        return [family for family in families.values() if family.samples]


def look() -> Found:
    """Look at everything, in some seconds at most, whatever is away."""
    try:
        found = health.measure()
        yield metrics.BUILD, (VERSION,), 1
        yield metrics.UP, ("database",), found.takes_events
        yield metrics.UP, ("valkey",), found.has_valkey
        for part in PARTS:
            try:
                yield from part(found)
            except (DatabaseError, RedisError):
                continue  # it went away just now, which the next look tells
    finally:
        connection.close()  # each request has a thread of its own


def _inbox(found: Health) -> Found:
    if not found.takes_events:
        return
    yield metrics.INBOX, (), found.inbox_waiting
    yield metrics.INBOX_AGE, (), found.inbox_oldest_secs or 0
    yield metrics.DEAD_LETTERS, (), found.n_dead_letters
    for name, secs in found.silent_secs.items():
        if secs is not None:
            yield metrics.SILENCE, (name,), secs


def _tasks(found: Health) -> Found:
    if not found.takes_events:
        return
    for kind, state, number in Task.objects.values_list("kind", "state").annotate(number=Count("pk")):
        yield metrics.TASKS, (kind, state), number


def _heartbeats(found: Health) -> Found:
    if found.takes_events:
        yield metrics.HEARTBEATS_OVERDUE, (), overdue(now=timezone.now()).count()


def _deliveries(found: Health) -> Found:
    if not found.takes_events:
        return
    lines, now = backlog.lines(), timezone.now()
    for kind in kinds:
        yield metrics.DELIVERIES_WAITING, (kind,), sum(line.number for line in lines if line.kind == kind)
    due = [(now - line.first_due_at).total_seconds() for line in lines if line.is_enabled and not line.is_held]
    yield metrics.DELIVERIES_OLDEST, (), max([0.0, *due])
    yield metrics.CONNECTIONS_HELD, (), backlog.held().count()


def _bridges(found: Health) -> Found:
    if not found.takes_events:
        return
    now, rows = timezone.now(), list(Bridge.objects.filter(is_enabled=True))
    going = bridge_status.statuses(rows, now=now)
    for row in rows:
        status = going[row.pk]
        if row.paused_at is None:
            yield metrics.BRIDGE_UP, (row.name,), status.health is not bridge_status.Health.FAILED
        if status.n_waiting is not None:
            yield metrics.BRIDGE_WAITING, (row.name,), status.n_waiting
            oldest_secs = (now - status.oldest_at).total_seconds() if status.oldest_at else 0
            yield metrics.BRIDGE_OLDEST, (row.name,), oldest_secs
        yield metrics.BRIDGE_DEAD_LETTERS, (row.name,), status.n_dead


def _flow_runs(found: Health) -> Found:
    if not found.takes_events:
        return
    now = timezone.now()
    due = waking.due(now=now)
    yield metrics.FLOW_RUNS_DUE, (), due.number
    yield metrics.FLOW_RUNS_OLDEST, (), (now - due.since).total_seconds() if due.since else 0.0


def _incidents(found: Health) -> Found:
    if not found.takes_events:
        return
    counts = Incident.objects.filter(opened_at__isnull=False, recovered_at=None).values_list("alert__severity")
    firing = dict(counts.annotate(number=Count("pk")))
    for severity in Alert.Severity.values:
        yield metrics.ALERTS_FIRING, (severity,), firing.get(severity, 0)


def _queues(found: Health) -> Found:
    if not found.has_valkey:
        return
    yield metrics.WORKERS, (), Worker.count(connection=get_redis_connection())
    for queue in found.queues.queues:
        yield metrics.QUEUE_DEPTH, (queue.name,), queue.depth
        yield metrics.QUEUE_AGE, (queue.name,), queue.oldest_secs or 0
        yield metrics.QUEUE_WORKERS, (queue.name,), queue.n_workers
        yield metrics.QUEUE_FAILED, (queue.name,), queue.n_failed


def _disks(_found: Health) -> Found:
    database_bytes, places = disk.known()
    if database_bytes is not None:
        yield metrics.DATABASE_SIZE, (), database_bytes
    for holds, path in places.items():
        with suppress(OSError):  # it may be closed to us
            room = shutil.disk_usage(path)
            yield metrics.DISK_FREE, (holds,), room.free
            yield metrics.DISK_SIZE, (holds,), room.total


PARTS: Final[tuple[Callable[[Health], Found], ...]] = (
    *(_inbox, _tasks, _heartbeats, _deliveries, _bridges, _flow_runs),
    *(_incidents, _queues, _disks),
)
