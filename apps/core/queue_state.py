"""What waits in the queues, who listens, and what failed last.

A worker that was killed says nothing of it. Each sign of life keeps a worker's key in Valkey for 60 seconds more than
the next one takes; what is left of them tells that it is overdue, whether the worker was idle, or at a long job.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from django_redis import get_redis_connection
from rq import Queue
from rq.exceptions import NoSuchJobError
from rq.job import Job
from rq.suspension import WORKERS_SUSPENDED
from rq.utils import utcparse
from rq.worker_registration import WORKERS_BY_QUEUE_KEY

from apps.core.queues import queues

OVERDUE_MS: Final = 40_000  # no more is left for the key of a worker that is late
REASON_LETTERS: Final = 300
_KIND: Final = re.compile(r"([\w.]+)(: |$)")


@dataclass(frozen=True, slots=True)
class QueueState:
    """A queue as it is now; ages are in seconds, and None where there is nothing to be old."""

    name: str
    depth: int = 0
    n_workers: int = 0  # that listen, or are at a job
    n_failed: int = 0
    oldest_secs: float | None = None  # of the jobs that wait
    heartbeat_secs: float | None = None  # since any of its workers was heard, those that are overdue among them
    last_error: str = ""  # the job, and the kind of what it raised: a message may name people
    n_lost: int = 0  # workers that are overdue, or gone without a word; RQ forgets them when the next one starts


@dataclass(frozen=True, slots=True)
class QueuesState:
    """All queues as they are now."""

    is_suspended: bool = False  # workers live, and take no job
    queues: list[QueueState] = field(default_factory=list)

    def unattended(self) -> tuple[list[QueueState], list[QueueState]]:
        """Return the queues whose workers fell silent, and those that have jobs and no worker at all.

        One worker listens to several queues: whoever tells of them tells of all at once.
        """
        nobody = [queue for queue in self.queues if not queue.n_workers and (queue.depth or queue.n_lost)]
        silent = [queue for queue in nobody if queue.heartbeat_secs is not None]
        return silent, [queue for queue in nobody if queue.heartbeat_secs is None]


def read() -> QueuesState:
    """Look at all queues, within seconds. Raises RedisError where Valkey does not answer."""
    connection = get_redis_connection()  # the cache's, which waits for two seconds
    is_suspended = bool(connection.exists(WORKERS_SUSPENDED))
    return QueuesState(is_suspended, [_look(Queue(name, connection=connection)) for name in queues])


def _look(queue: Queue) -> QueueState:
    failed = queue.failed_job_registry.key
    with queue.connection.pipeline(transaction=False) as ask:
        ask.llen(queue.key)
        ask.lindex(queue.key, 0)
        ask.smembers(WORKERS_BY_QUEUE_KEY % queue.name)
        ask.zcard(failed)
        ask.zrange(failed, -1, -1)
        depth, oldest, workers, n_failed, latest = ask.execute()
    with queue.connection.pipeline(transaction=False) as ask:
        ask.hget(Job.key_for((oldest or b"").decode()), "enqueued_at")
        for worker in workers:
            ask.hget(worker, "last_heartbeat")
            ask.pttl(worker)
        enqueued_at, *told = ask.execute()
    heard = [age for age in map(_age, told[::2]) if age is not None]
    n_workers = sum(1 for left_ms in told[1::2] if left_ms > OVERDUE_MS)
    return QueueState(
        queue.name,
        depth,
        n_workers=n_workers,
        n_failed=n_failed,
        oldest_secs=_age(enqueued_at),
        heartbeat_secs=min(heard, default=None),
        last_error=_error_of(latest[0].decode(), queue) if latest else "",
        n_lost=len(workers) - n_workers,
    )


def _age(at: bytes | None) -> float | None:
    if not at:
        return None
    return round(max((datetime.now(UTC) - utcparse(at.decode()).replace(tzinfo=UTC)).total_seconds(), 0.0), 1)


def _error_of(job_id: str, queue: Queue) -> str:
    try:
        job = Job.fetch(job_id, connection=queue.connection)
    except NoSuchJobError:
        return ""
    kind = _KIND.match(raised(job))
    return f"{name_of(job)}: {kind[1].rpartition('.')[2] if kind else 'was lost'}"


def name_of(job: Any) -> str:
    """Return what a job does: the name of its function, in words. The clock's jobs are dicts."""
    try:
        name = job["func_name"] if isinstance(job, dict) else job.func_name
        return str(name).rpartition(".")[2].replace("_", " ")
    except Exception:  # noqa: BLE001 - the job of another version may have no function any more
        return "unknown"


def trace_of(job: Job) -> str:
    """Return all that was raised, as a traceback; or what RQ says of a job that its worker lost."""
    latest = job.latest_result()
    return ((latest.exc_string if latest else "") or job.exc_info or "").strip()


def raised(job: Job) -> str:
    """Return what a failed job raised: the line below the traceback's places, without those that say more of it."""
    lines = trace_of(job).splitlines()
    below = max((number for number, line in enumerate(lines) if line.startswith("  ")), default=-1) + 1
    return lines[below][:REASON_LETTERS] if below < len(lines) else ""
