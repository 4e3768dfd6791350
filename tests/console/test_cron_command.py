"""What runs by the clock can run; its process waits for Valkey, and bears a clock that goes back."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django_rq import get_queue
from redis import Redis
from rq import SimpleWorker
from rq.cron import CronScheduler
from rq.utils import now

from apps.console.management.commands import cron
from apps.console.supervision import MANAGE, SKIP_CHECKS, roles
from apps.core.jobs import jobs
from cdp import embedded
from cdp.processes import BASE_DIR, tied
from tests.live import wait_for


def test_the_queue_of_each_job_has_a_worker() -> None:
    worker = roles(host="127.0.0.1", port=1)["worker"]
    scheduled = cron.Scheduler.of_all_jobs().get_jobs()

    assert scheduled
    assert {job.queue_name for job in scheduled} <= set(worker)


@pytest.mark.django_db(transaction=True)
def test_each_job_does_its_work_twice_without_harm() -> None:
    for job in cron.Scheduler.of_all_jobs().get_jobs():
        for _ in range(2):
            queue = get_queue(job.queue_name)
            queued = queue.enqueue(job.func, *job.args, **job.kwargs)
            SimpleWorker([queue], connection=queue.connection).work(burst=True)
            assert queued.is_finished
            assert queued.return_value()


@pytest.mark.timeout(300)
def test_without_valkey_it_waits_and_goes_on_when_valkey_is_back(tmp_path: Path) -> None:
    env = {**os.environ, "REDIS_URL": embedded.redis_url(tmp_path), "LOG_LEVEL": "WARNING"}
    command = tied([*MANAGE, "cron", SKIP_CHECKS])
    log = tmp_path / "cron.log"
    with log.open("w") as output:
        process = subprocess.Popen(command, env=env, cwd=BASE_DIR, stdout=output, stderr=output)
    try:
        for times in (1, 2):
            said = log.read_text().count("Valkey is away")
            wait_for(lambda said=said: log.read_text().count("Valkey is away") > said, "a word that it is away")
            with valkey(tmp_path):
                wait_for(lambda: works(tmp_path), f"it to work, time {times}")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0
    finally:
        process.kill()
    assert "Traceback" not in log.read_text()


def test_a_clock_that_went_back_holds_up_no_job(monkeypatch: pytest.MonkeyPatch) -> None:
    scheduler = cron.Scheduler.of_all_jobs()
    jobs = len(scheduler.get_jobs())
    put: list[str] = []
    monkeypatch.setattr("rq.cron.CronJob.enqueue", lambda job, connection: put.append(job.func_name))

    scheduler.enqueue_jobs()
    scheduler.enqueue_jobs()
    assert len(put) == jobs

    earlier = now() - timedelta(hours=1)
    for module in (cron.__name__, "rq.cron"):
        monkeypatch.setattr(f"{module}.now", lambda: earlier)
    scheduler.enqueue_jobs()
    scheduler.enqueue_jobs()
    assert len(put) == 2 * jobs


@pytest.mark.django_db(transaction=True)
def test_each_minute_by_a_crontab_each_job_is_put_as_often_as_it_says(
    capsys: pytest.CaptureFixture[str],
) -> None:
    cache.clear()
    queue = get_queue("default")
    queue.empty()
    names = {job.run.__name__: job.every for job in jobs.values() if job.every}

    call_command("cron", once=True)
    assert {job.func_name.rpartition(".")[2] for job in queue.jobs} == names.keys()
    assert set(capsys.readouterr().out.removeprefix("Put into queues: ").strip(".\n").split(", ")) == names.keys()

    for job in jobs.values():
        if job.every:
            clock = f"clock:{job.run.__module__}.{job.run.__name__}"
            assert 0 <= cache.ttl(clock) < max(2, job.every.total_seconds() - 20)
            cache.set(clock, value=True, timeout=60)  # some rest for a second only, which may be over
    call_command("cron", once=True)
    assert capsys.readouterr().out == "Put into queues: nothing is due.\n"
    queue.empty()


def test_a_crontab_is_told_when_valkey_is_away(tmp_path: Path) -> None:
    env = {**os.environ, "REDIS_URL": embedded.redis_url(tmp_path)}

    done = subprocess.run([*MANAGE, "cron", "--once"], env=env, capture_output=True, text=True, timeout=60)

    assert done.returncode == 1
    assert done.stderr == "CommandError: Valkey is away; nothing is put into queues until it is back.\n"


@contextmanager
def valkey(var: Path) -> Iterator[None]:
    process = subprocess.Popen(embedded.valkey_command(var), stdout=subprocess.DEVNULL)
    try:
        embedded.wait_ready(var, wants_postgres=False)
        yield
    finally:
        process.kill()
        process.wait()


def works(var: Path) -> bool:
    with Redis.from_url(embedded.redis_url(var)) as connection:
        return bool(CronScheduler.all(connection)) and bool(connection.keys("rq:job:*"))
