"""What processes count for Prometheus: every metric, in one place; docs/monitoring.md explains them.

Each writes into files of `METRICS_DIR`, and `manage.py metrics` adds up those of a machine. What
can be asked for when somebody looks is no counter: such gauges are read by `apps/console/gauges.py`.

Labels take few values, and never what a sender makes up. Whoever counts does so once for a batch, not for each event.
"""

import atexit
import fcntl
import logging
import os
import threading
from bisect import bisect_left
from collections import defaultdict, deque
from contextlib import suppress
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, Final, NamedTuple

from django.conf import settings
from prometheus_client import CollectorRegistry, Counter, Histogram, values

logger = logging.getLogger(__name__)
FILE_BYTES: Final = 1 << 20  # room for some five thousand figures
KINDS: Final = ("counter", "histogram")
FLUSH_SECS: Final = 1.0

registry: Final = CollectorRegistry()  # what there is to count; the figures are in the files

REQUESTS: Final = Histogram(
    "cdp_http_request_duration_seconds",
    "Requests to the web server, from when they have their body to the answer.",
    ("endpoint", "method", "status"),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=registry,
)
REFUSED_REQUESTS: Final = Counter(
    "cdp_requests_refused", "Requests to the collector of which no event could be read.", ("reason",), registry=registry
)
EVENTS: Final = Counter(
    "cdp_events",
    "Events by what became of them, and by their way in.",
    ("way", "outcome", "reason"),
    registry=registry,
)
BATCHES: Final = Histogram(
    "cdp_batch_events",
    "Events that shared a transaction.",
    ("way",),
    buckets=(1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 10_000),
    registry=registry,
)
STAGES: Final = Histogram(
    "cdp_stage_duration_seconds",
    "Time of a batch in a stage of the pipeline.",
    ("stage",),
    buckets=(0.0001, 0.00025, 0.001, 0.0025, 0.01, 0.025, 0.1, 0.25, 1, 2.5, 10),
    registry=registry,
)
JOBS: Final = Histogram(
    "cdp_job_duration_seconds",
    "Jobs that workers have done, or failed to do.",
    ("name", "outcome"),
    buckets=(0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 120, 300),
    registry=registry,
)
HEARTBEAT_RUNS: Final = Counter(
    "cdp_heartbeat_runs", "Runs of heartbeats that came to their end.", ("strategy", "outcome"), registry=registry
)
HEARTBEAT_EVENTS: Final = Counter(
    "cdp_heartbeat_events", "Silences that heartbeats told of.", ("strategy",), registry=registry
)
DELIVERIES: Final = Counter(
    "cdp_deliveries", "Deliveries that have ended, by the kind of connection.", ("kind", "outcome"), registry=registry
)
DELIVERY_TRIES_FAILED: Final = Counter(
    "cdp_delivery_tries_failed", "Tries that failed, and after which another one follows.", ("kind",), registry=registry
)
FLOW_ENTRIES_FAILED: Final = Counter(
    "cdp_flow_entries_failed",
    "Entries into flows that did not come about, as a condition, a key or a field could not be worked out.",
    ("flow",),
    registry=registry,
)
FLOW_RUNS: Final = Counter("cdp_flow_runs", "Runs of flows that have ended, by how.", ("outcome",), registry=registry)


class _Slot:
    """A number that this process alone has on this machine while it lives: it holds the lock of a file of that name.

    What was counted under a number stays when its process ends, and the next one that takes it goes on from there. So
    sums never fall, and there are only as many files as there were processes at a time, though a worker forks one for
    each job. All room that the files need is taken at once: to write into a hole of one would kill the process when the
    disk is full.
    """

    def __init__(self) -> None:
        self._number = ""
        self._pid: int | None = None
        self._lock: int | None = None
        self._error: OSError | None = None

    def __call__(self) -> str:
        """Return the number, of each process another one. Raises OSError where no file can be written."""
        if self._pid is None:
            self._pid = 0  # the first call is of whoever makes the class of values: nothing is counted yet
        elif self._pid != os.getpid():
            self._pid, self._error = os.getpid(), None
            try:
                self._take(Path(settings.METRICS_DIR))
            except OSError as error:
                logger.warning("Nothing that this process does is counted: docs/monitoring.md", exc_info=True)
                self._error = error
        if self._error:
            raise OSError(*self._error.args)
        return self._number

    def _take(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o750)
        if self._lock is not None:  # our parent's, who keeps it
            os.close(self._lock)
        self._lock = None
        for number in count():
            lock = os.open(folder / f"{number}.lock", os.O_RDWR | os.O_CREAT, 0o640)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(lock)
            else:
                break
        self._lock, self._number = lock, str(number)
        # Values look for it here; set from the start, it would let libraries, too, count in files of each process.
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
        for kind in KINDS:
            file = os.open(folder / f"{kind}_{number}.db", os.O_RDWR | os.O_CREAT, 0o640)
            try:
                os.posix_fallocate(file, 0, FILE_BYTES)
            finally:
                os.close(file)


_InFile: Final = values.MultiProcessValue(_Slot())  # type: ignore[no-untyped-call]


def _value(kind: str, metric: str, *rest: Any, **options: Any) -> Any:
    """Keep the values of our metrics in files; libraries that have some of their own keep those to themselves."""
    return (_InFile if metric.startswith("cdp_") else values.MutexValue)(kind, metric, *rest, **options)


values.ValueClass = _value


class _Pending:
    """What was counted in the last second and is not in the files yet: there it takes ten times as long to count."""

    def __init__(self) -> None:
        self._items: deque[tuple[tuple[Any, ...], float]] = deque()
        self._starting = threading.Lock()
        self._is_due = False
        os.register_at_fork(after_in_child=self._begin)

    def _begin(self) -> None:
        """Count anew in a process that was forked: what was counted before is our parent's, and threads stay there."""
        self._items.clear()
        self._starting = threading.Lock()
        self._is_due = False

    def put(self, series: tuple[Any, ...], amount: float) -> None:
        """Keep an amount of a metric and its labels."""
        self._items.append((series, amount))
        if not self._is_due:
            self._start()

    def _start(self) -> None:
        with self._starting:
            if self._is_due:
                return
            self._is_due = True
            timer = threading.Timer(FLUSH_SECS, self.flush)
            timer.daemon = True
            timer.start()

    def flush(self) -> None:
        """Write all of it."""
        self._is_due = False  # at first: what comes from now on may come too late for this time
        sums: defaultdict[tuple[Any, ...], list[float]] = defaultdict(list)
        with suppress(IndexError):
            while True:
                series, amount = self._items.popleft()
                sums[series].append(amount)
        with suppress(OSError):  # who cannot count still does its work
            for (metric, *labels), amounts in sums.items():
                _write(metric, _child(metric, *labels), amounts)


def _write(metric: Counter | Histogram, child: Any, amounts: list[float]) -> None:
    if isinstance(metric, Counter):
        child.inc(sum(amounts))
        return
    child._sum.inc(sum(amounts))  # as `observe` does it, but once for all of them
    buckets: defaultdict[int, int] = defaultdict(int)
    for amount in amounts:
        buckets[bisect_left(child._upper_bounds, amount)] += 1
    for position, number in buckets.items():
        child._buckets[position].inc(number)


@cache
def _child(metric: Any, *labels: str) -> Any:
    return metric.labels(*labels)


_pending: Final = _Pending()
atexit.register(_pending.flush)


def add(counter: Counter, *labels: str, number: float = 1) -> None:
    """Count something."""
    _pending.put((counter, *labels), number)


def observe(histogram: Histogram, amount: float, *labels: str) -> None:
    """Count something that has an amount, such as seconds."""
    _pending.put((histogram, *labels), amount)


def flush() -> None:
    """Write what was counted, for a process that ends without saying so; all else happens by itself."""
    _pending.flush()


class Gauge(NamedTuple):
    """Something that is looked at when it is asked for."""

    name: str
    documentation: str
    labels: tuple[str, ...] = ()


UP: Final = Gauge("cdp_up", "1 where a server answers (the database: takes changes), 0 where it does not.", ("server",))
BUILD: Final = Gauge("cdp_build_info", "1; the label says which version runs.", ("version",))
INBOX: Final = Gauge("cdp_inbox_waiting", "Accepted requests that wait for ingest, counted up to 10,000.")
INBOX_AGE: Final = Gauge("cdp_inbox_oldest_seconds", "For how long the oldest of them waits; 0 when none does.")
DEAD_LETTERS: Final = Gauge("cdp_dead_letters", "Accepted requests that failed on their own, and wait for somebody.")
SILENCE: Final = Gauge(
    "cdp_silent_seconds", "Since a process was last heard; there is none where it never was.", ("process",)
)
QUEUE_DEPTH: Final = Gauge("cdp_queue_jobs", "Jobs that wait in a queue.", ("queue",))
QUEUE_AGE: Final = Gauge("cdp_queue_oldest_seconds", "For how long its oldest job waits; 0 when none does.", ("queue",))
QUEUE_WORKERS: Final = Gauge("cdp_queue_workers", "Workers that listen to a queue.", ("queue",))
QUEUE_FAILED: Final = Gauge("cdp_queue_failed_jobs", "Jobs of a queue that failed and are kept.", ("queue",))
WORKERS: Final = Gauge("cdp_workers", "Workers that are registered, whatever they listen to.")
TASKS: Final = Gauge("cdp_tasks", "Tasks by their kind and state.", ("kind", "state"))
DISK_FREE: Final = Gauge("cdp_disk_free_bytes", "Room on a disk that is seen from here, by what it holds.", ("holds",))
DISK_SIZE: Final = Gauge("cdp_disk_size_bytes", "How large that disk is.", ("holds",))
DATABASE_SIZE: Final = Gauge("cdp_database_bytes", "How much the database holds.")
HEARTBEATS_OVERDUE: Final = Gauge("cdp_heartbeats_overdue", "Heartbeats that should have run ten minutes ago.")
DELIVERIES_WAITING: Final = Gauge(
    "cdp_deliveries_waiting", "Deliveries that wait, counted up to 10,000 a connection.", ("kind",)
)
DELIVERIES_OLDEST: Final = Gauge(
    "cdp_deliveries_oldest_due_seconds",
    "For how long the oldest delivery is due to connections that are on and not held; 0 when none is.",
)
CONNECTIONS_HELD: Final = Gauge("cdp_connections_held", "Connections to which nothing is sent until somebody looks.")
BRIDGE_UP: Final = Gauge("cdp_bridge_up", "Whether a bridge reads that is on, and that nobody paused.", ("bridge",))
BRIDGE_WAITING: Final = Gauge("cdp_bridge_waiting", "Messages that wait for a bridge, where it can tell.", ("bridge",))
BRIDGE_OLDEST: Final = Gauge(
    "cdp_bridge_oldest_seconds", "For how long the oldest of them waits, where it can tell.", ("bridge",)
)
BRIDGE_DEAD_LETTERS: Final = Gauge(
    "cdp_bridge_dead_letters", "Messages of a bridge of which no event could be made.", ("bridge",)
)
FLOW_RUNS_DUE: Final = Gauge("cdp_flow_runs_due", "Runs of flows that are due, counted up to 10,000.")
FLOW_RUNS_OLDEST: Final = Gauge(
    "cdp_flow_runs_oldest_due_seconds", "For how long the oldest of them is due; 0 when none is."
)
ALERTS_FIRING: Final = Gauge("cdp_alerts_firing", "Incidents that alerts have opened.", ("severity",))

GAUGES: Final = (
    UP,
    BUILD,
    INBOX,
    INBOX_AGE,
    DEAD_LETTERS,
    SILENCE,
    QUEUE_DEPTH,
    QUEUE_AGE,
    QUEUE_WORKERS,
    QUEUE_FAILED,
    WORKERS,
    TASKS,
    DISK_FREE,
    DISK_SIZE,
    DATABASE_SIZE,
    HEARTBEATS_OVERDUE,
    DELIVERIES_WAITING,
    DELIVERIES_OLDEST,
    BRIDGE_UP,
    BRIDGE_WAITING,
    BRIDGE_OLDEST,
    BRIDGE_DEAD_LETTERS,
    FLOW_RUNS_DUE,
    FLOW_RUNS_OLDEST,
    CONNECTIONS_HELD,
    ALERTS_FIRING,
)
