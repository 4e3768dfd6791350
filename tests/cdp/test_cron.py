"""What runs by the clock can run: each job exists, says so in a sentence, and its queue has a worker."""

import pytest
from django_rq import get_queue
from rq import SimpleWorker
from rq.cron import CronScheduler

from apps.console.supervision import roles
from apps.core.queues import QueueName
from cdp.processes import BASE_DIR


@pytest.fixture
def scheduler() -> CronScheduler:
    made = CronScheduler(connection=get_queue(QueueName.DEFAULT).connection)
    made.load_config_from_file(str(BASE_DIR / "cdp" / "cron.py"))
    return made


def test_the_queue_of_each_job_has_a_worker(scheduler: CronScheduler) -> None:
    worker = roles(host="127.0.0.1", port=1)["worker"]

    assert scheduler.get_jobs()
    for job in scheduler.get_jobs():
        assert job.queue_name in worker


@pytest.mark.django_db(transaction=True)
def test_each_job_does_its_work_twice_without_harm(scheduler: CronScheduler) -> None:
    for job in scheduler.get_jobs():
        for _ in range(2):
            queue = get_queue(job.queue_name)
            queued = queue.enqueue(job.func, *job.args, **job.kwargs)
            SimpleWorker([queue], connection=queue.connection).work(burst=True)
            assert queued.is_finished
            assert queued.return_value()
