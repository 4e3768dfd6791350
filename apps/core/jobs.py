"""Jobs, each with its queue and its schedule; the only door to the queues, and the job that carries tasks on."""

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from inspect import signature
from typing import Any, Final, TypeVar
from uuid import UUID

from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.utils import timezone
from django_redis import get_redis_connection
from django_redis.exceptions import ConnectionInterrupted
from django_rq import get_queue
from redis.exceptions import RedisError
from rq import Worker, get_current_job

from apps.core import queues, tasks
from apps.core.ids import new_id
from apps.core.models import Task
from apps.core.queues import Queue
from apps.core.registry import Registry

logger = logging.getLogger(__name__)
SLICE_SECS = 60.0  # then a task gives way to the others that wait in its queue
_OF_TASK: Final = "task-"  # then its id, in the id of each job that carries it on: RQ finds none by its arguments
Run = TypeVar("Run", bound=Callable[..., object])


@dataclass(frozen=True, slots=True)
class Job:
    """A function for workers, its queue, and how often the clock puts it there."""

    run: Callable[..., object]
    queue: Queue
    every: timedelta | None  # None: never by the clock


jobs: Final[Registry[Job]] = Registry("job", module="jobs")


def job(*, queue: Queue, every: timedelta | None = None) -> Callable[[Run], Run]:
    """Declare a function of a module `jobs` as a job.

    It may run twice, also at once; its arguments are texts by name, and `**_newer`, which other versions know. `every`
    makes `manage.py cron` put it into its queue so often, without arguments. Raises ImproperlyConfigured for a function
    whose name another one has.
    """

    def declared(run: Run) -> Run:
        jobs.register(_name_of(run), Job(run, queue, every), stacklevel=2)
        return run

    return declared


def discover() -> None:
    """Find all queues, jobs and kinds of tasks.

    Raises ImproperlyConfigured, naming the file, where one goes into a queue of nobody's, or the clock cannot run it.
    """
    for registry in (queues.queues, jobs, tasks.kinds):
        registry.discover()
    for registry in (jobs, tasks.kinds):
        for name, entry in registry.items():
            if entry.queue not in queues.queues.values():
                place, queue = registry.place_of(name), getattr(entry.queue, "name", repr(entry.queue))
                message = f"{place}: the {registry.kind} {name} goes into {queue}, a queue of nobody's."
                raise ImproperlyConfigured(message)
    for name, each in jobs.items():
        problem = _problem_of_clock(each)
        if problem:
            raise ImproperlyConfigured(f"{jobs.place_of(name)}: the clock cannot run the job {name}: {problem}.")


def _problem_of_clock(job: Job) -> str:
    if job.every is None:
        return ""
    if not isinstance(job.every, timedelta) or job.every < timedelta(seconds=1):
        return f"{job.every!r} is no timedelta of a second or more"
    if job.queue != queues.DEFAULT:  # the clock would have to wait for what takes long
        return f"it goes into {job.queue.name}, not into {queues.DEFAULT.name}, from where it can enqueue others"
    try:
        signature(job.run).bind()
    except TypeError as error:
        return str(error)
    return ""


def enqueue(run: Callable[..., object], **arguments: str) -> None:
    """Put a job into its queue once the transaction commits; arguments are ids and ISO times as text.

    When Valkey is away nothing is raised: the row that the job is about is the truth, and a sweeper finds it. Raises
    KeyError for a function that is no job.
    """
    _later(jobs[_name_of(run)].queue, run, arguments)


def wake(run: Callable[..., object], *, rest_secs: int) -> None:
    """Put a job that says 'there is work' into its queue, unless any process did so in the last `rest_secs` seconds.

    For those who have news of work all the time; what comes in between, the job's clock must find. As with `enqueue`,
    it is done once the transaction commits, and nothing is raised when Valkey is away.
    """
    transaction.on_commit(lambda: _wake(run, rest_secs), robust=True)


def _wake(run: Callable[..., object], rest_secs: int) -> None:
    try:
        is_first = cache.add(f"woken:{_name_of(run)}", value=True, timeout=rest_secs)
    except (RedisError, ConnectionInterrupted) as error:
        logger.warning("Valkey is away: nobody was woken", extra={"error": type(error).__name__})
        return
    if is_first:
        enqueue(run)


def enqueue_at(run: Callable[..., object], *, at: datetime) -> None:
    """Put a job into its queue at a time, and not before: at the next full second. Once, however often it is asked for.

    Like `enqueue`, for work that rows tell of: what Valkey loses of it, a sweeper finds.
    """
    # RQ cuts off the fraction of a second, and would run the job before there is something to do.
    full = datetime.fromtimestamp(math.ceil(at.timestamp()), UTC)
    transaction.on_commit(lambda: _put_at(run, full), robust=True)


def _put_at(run: Callable[..., object], at: datetime) -> None:
    queue, job_id = jobs[_name_of(run)].queue, f"{run.__name__}-at-{int(at.timestamp())}"
    try:
        get_queue(queue.name, connection=get_redis_connection()).enqueue_at(at, run, job_id=job_id)
    except RedisError as error:
        logger.warning("Valkey is away: a job was not put off", extra={"error": type(error).__name__})


def others_wait(queue: Queue) -> bool:
    """Tell whether jobs wait in a queue: then who waits for work need not, as the next one will."""
    try:
        return bool(get_queue(queue.name, connection=get_redis_connection()).count)
    except RedisError:
        return False


def drop_others(run: Callable[..., object]) -> None:
    """Take the jobs out of their queue that would do the same as this one, which has just begun.

    For those that find all there is to do: while one works for long, wake-ups would pile up behind it.
    """
    try:
        queue = get_queue(jobs[_name_of(run)].queue.name, connection=get_redis_connection())
        for waiting in queue.get_jobs():
            if waiting.func_name == _name_of(run):
                waiting.delete()
    except RedisError as error:
        logger.warning("Valkey is away: jobs stay in their queue", extra={"error": type(error).__name__})


def is_told_to_stop() -> bool:
    """Tell whether the worker that runs this job was told to stop: a job that lasts ends early then."""
    job = get_current_job()
    if job is None or not job.worker_name:
        return False
    try:
        key = f"{Worker.redis_worker_namespace_prefix}{job.worker_name}"
        return bool(get_redis_connection().hexists(key, "shutdown_requested_date"))
    except RedisError:
        return False


def _later(queue: Queue, run: Callable[..., object], arguments: dict[str, str], *, job_id: str | None = None) -> None:
    transaction.on_commit(lambda: _put(queue, run, arguments, job_id), robust=True)


def _put(queue: Queue, run: Callable[..., object], arguments: dict[str, str], job_id: str | None) -> None:
    try:
        # By the cache's connection, which waits for two seconds.
        get_queue(queue.name, connection=get_redis_connection()).enqueue(run, job_id=job_id, **arguments)
    except RedisError as error:
        logger.warning("Valkey is away: a job was not put into its queue", extra={"error": type(error).__name__})


def _name_of(run: Callable[..., object]) -> str:
    """Name a function as RQ does."""
    return f"{run.__module__}.{run.__qualname__}"


def start_task(kind: str, *, params: dict[str, Any], requested_by: str, max_rate: int | None = None) -> Task:
    """Create a task, of so many rows a second at most, and let a worker begin with it."""
    task = tasks.create(kind, params=params, requested_by=requested_by, now=timezone.now(), max_rate=max_rate)
    _nudge(task)
    return task


def resume_tasks(ids: list[UUID], *, by: str, now: datetime) -> list[Task]:
    """Let tasks that were paused or failed go on, and return them."""
    resumed = tasks.resume(ids, by=by, now=now)
    for task in resumed:
        _nudge(task)
    return resumed


def run_task(*, task_id: str, **_newer: object) -> None:
    """Carry a task on for a while, in the queue of its kind. Safe to run twice, also at once."""
    if tasks.run(UUID(task_id), secs=SLICE_SECS):
        _nudge(Task.objects.get(pk=task_id))


@job(queue=queues.DEFAULT, every=timedelta(seconds=20))
def sweep_tasks(**_newer: object) -> str:
    """Put tasks back into their queues that were lost with a queue or a worker."""
    found = tasks.abandoned(now=timezone.now(), queued=_queued_tasks())
    for task in found:
        _nudge(task)
    return f"{len(found)} abandoned tasks go on."


def _nudge(task: Task) -> None:
    queue, job_id = tasks.kind_of(task).queue, f"{_OF_TASK}{task.pk}-{new_id()}"
    _later(queue, run_task, {"task_id": str(task.pk)}, job_id=job_id)


def _queued_tasks() -> set[UUID]:
    """Return the ids of the tasks whose job waits in a queue. Raises RedisError."""
    names = {kind.queue.name for kind in tasks.kinds.values()}
    ids = [
        id.removeprefix(_OF_TASK) for name in names for id in get_queue(name).get_job_ids() if id.startswith(_OF_TASK)
    ]
    return {UUID(id[:36]) for id in ids}
