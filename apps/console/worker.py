"""The workers' process: RQ's own, which counts jobs, and names them in all that is logged meanwhile."""

from time import perf_counter
from typing import Any, Final

from rq import Queue, Worker, worker_registration
from rq.executions import Execution
from rq.job import Job
from rq.timeouts import JobTimeoutException, UnixSignalDeathPenalty

from apps.core import metrics
from apps.core.jobs import jobs, run_task
from apps.core.queues import OutOfTime
from cdp import logging

_TASK: Final = f"{run_task.__module__}.{run_task.__qualname__}"


# An idle worker shows that it lives 15 seconds before they are over; RQ's own does so every seven minutes.
LIFE_SECS: Final = 45


class Alarm(UnixSignalDeathPenalty):
    """What ends a job that takes too long, wherever it is just then: RQ's own error is caught as those of items are."""

    def __init__(self, timeout: int, exception: type[BaseException], **options: Any) -> None:
        told = OutOfTime if exception is JobTimeoutException else exception
        super().__init__(timeout, told, **options)  # type: ignore[no-untyped-call]


class Watched(Worker):
    """A worker that is missed soon when it is killed, and whose jobs are counted, by the process that does them."""

    death_penalty_class = Alarm

    def __init__(self, queues: Any, name: str | None = None, *, worker_ttl: int | None = None, **options: Any) -> None:
        super().__init__(queues, name, worker_ttl=min(worker_ttl or LIFE_SECS, LIFE_SECS), **options)

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        """Show that it lives, and on what it works: a Valkey that was started anew has forgotten that."""
        super().heartbeat(timeout, pipeline)
        worker_registration.register(self, pipeline)

    def perform_job(self, job: Job, queue: Queue, execution: Execution) -> bool:
        """Do a job, and tell whether it succeeded."""
        name = str(job.func_name)
        ids: dict[str, Any] = {"job_id": job.id}
        if "task_id" in job.kwargs:
            ids["task_id"] = job.kwargs["task_id"]
        began_at = perf_counter()
        with logging.about(**ids):
            is_done: bool = super().perform_job(job, queue, execution)
        label = name if name in jobs or name == _TASK else "other"
        metrics.observe(metrics.JOBS, perf_counter() - began_at, label, "done" if is_done else "failed")
        metrics.flush()  # RQ ends this process at once
        return is_done
