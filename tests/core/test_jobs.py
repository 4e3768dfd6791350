"""A job says where it goes and how often; one that nobody could carry out stops the process, and its file is named."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django_redis import get_redis_connection
from django_rq import get_queue
from django_rq.settings import get_queues_list

from apps.core import jobs
from apps.core.queues import DEFAULT, of_role, queues
from cdp.processes import BASE_DIR

HEAD = """
from datetime import timedelta
from apps.core import queues, tasks
from apps.core.jobs import job
from apps.core.queues import Queue
from apps.core.tasks import Kind, Step
"""
GOOD = """
TOYS = queues.declare("toys")

@job(queue=TOYS)
def wind_up(**_newer): ...
"""
TASK = "tasks.register(Kind('toy', 'Toy', Queue('{queue}'), lambda task: Step(1, is_last=True)))\n"
CLOCK = """
from datetime import timedelta

@job(queue=queues.DEFAULT, every={every})
def wind_up(**_newer): ...
"""
BAD = {
    "without a queue": ("@job()\ndef wind_up(**_newer): ...", "missing 1 required keyword-only argument: 'queue'"),
    "in a queue of nobody's": ("@job(queue=Queue('nowhere'))\ndef wind_up(**_newer): ...", "goes into nowhere"),
    "by the clock in a queue of its own": (
        "@job(queue=queues.declare('toys'), every=timedelta(minutes=1))\ndef wind_up(**_newer): ...",
        "toys/jobs.py:7: the clock cannot run the job toys.jobs.wind_up: it goes into toys",
    ),
    "in a text": ("@job(queue='default')\ndef wind_up(**_newer): ...", "goes into 'default', a queue of nobody's"),
    "every number": (CLOCK.format(every="3600"), "wind_up: 3600 is no timedelta"),
    "all the time": (CLOCK.format(every="timedelta(0)"), "wind_up: datetime.timedelta(0) is no timedelta of a second"),
    "by the clock, with arguments": (
        CLOCK.format(every="timedelta(minutes=1)").replace("(**_newer)", "(*, toy, **_newer)"),
        "the clock cannot run the job toys.jobs.wind_up: missing a required",
    ),
    "in a queue without a name": ("queues.declare('')", "a queue has a name"),
    "twice": (2 * "@job(queue=queues.DEFAULT)\ndef wind_up(**_newer): ...\n", "two entries job toys.jobs.wind_up"),
    "in a queue that another app has": ("queues.declare('segmentation:live')", "two entries queue segmentation:live"),
    "a task in a queue of nobody's": (TASK.format(queue="nowhere"), "goes into nowhere"),
    "a task twice": (2 * TASK.format(queue="default"), "two entries kind of task toy"),
}


def start(folder: Path, source: str, *, then: str = "") -> subprocess.CompletedProcess[str]:
    """Start a process with one more app, whose module `jobs` has this source."""
    (folder / "toys").mkdir()
    (folder / "toys" / "__init__.py").touch()
    (folder / "toys" / "jobs.py").write_text(HEAD + source)
    (folder / "with_toys.py").write_text("from cdp.settings import *\nINSTALLED_APPS = [*INSTALLED_APPS, 'toys']\n")
    path = os.pathsep.join((str(folder), str(BASE_DIR)))
    env = {**os.environ, "PYTHONPATH": path, "DJANGO_SETTINGS_MODULE": "with_toys"}
    command = [sys.executable, "-c", f"import django; django.setup()\n{then}"]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", BAD)
def test_a_job_that_nobody_could_carry_out_stops_the_process(tmp_path: Path, name: str) -> None:
    source, said = BAD[name]

    ended = start(tmp_path, source)

    assert ended.returncode != 0
    assert said in ended.stderr.splitlines()[-1]
    assert "toys/jobs.py" in ended.stderr


def test_an_app_brings_its_queue_with_it(tmp_path: Path) -> None:
    ended = start(
        tmp_path,
        GOOD,
        then="from apps.console.supervision import roles\nfrom django.conf import settings\n"
        "print(roles(host='', port=1)['worker'], [*settings.RQ_QUEUES])",
    )

    assert (ended.returncode, ended.stdout.count("'toys'")) == (0, 2), ended.stderr


def test_queues_have_the_documented_names_and_workers_look_into_the_common_one_first() -> None:
    copying = ["event_to_profile_coping:worker", "event_props_to_event_traits:worker"]

    assert next(iter(queues)) == "default"
    assert {*copying, "segmentation:live"} <= set(queues)
    assert {queue["name"] for queue in get_queues_list()} == set(queues)


@pytest.mark.django_db
def test_a_job_goes_into_its_queue(monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any) -> None:
    put: list[tuple[str, Any]] = []
    monkeypatch.setattr(jobs, "_put", lambda queue, run, arguments, job_id: put.append((queue.name, run)))

    with django_capture_on_commit_callbacks(execute=True):
        jobs.enqueue(jobs.sweep_tasks)
        assert put == []

    assert put == [(DEFAULT.name, jobs.sweep_tasks)]


def test_what_is_no_job_is_not_put_anywhere() -> None:
    with pytest.raises(KeyError, match="print"):
        jobs.enqueue(print)


def test_a_job_is_put_off_to_the_next_full_second_and_once(db: None, django_capture_on_commit_callbacks: Any) -> None:
    """RQ cuts off the fraction, and would begin before there is something to do."""
    queue = get_queue("default", connection=get_redis_connection())
    queue.scheduled_job_registry.connection.delete(queue.scheduled_job_registry.key)
    at = datetime(2100, 1, 1, 12, 0, 0, 300_000, tzinfo=UTC)

    for _ in range(3):
        with django_capture_on_commit_callbacks(execute=True):
            jobs.enqueue_at(jobs.sweep_tasks, at=at)

    registry = queue.scheduled_job_registry
    [job_id] = registry.get_job_ids()
    assert registry.get_scheduled_time(job_id) == datetime(2100, 1, 1, 12, 0, 1, tzinfo=UTC)
    registry.remove(job_id, delete_job=True)


def test_who_has_news_all_the_time_wakes_somebody_once_in_a_while(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any, db: None
) -> None:
    put: list[str] = []
    monkeypatch.setattr(jobs, "_put", lambda queue, run, arguments, job_id: put.append(run.__name__))
    cache.delete(f"woken:{jobs._name_of(jobs.sweep_tasks)}")

    for _ in range(3):
        with django_capture_on_commit_callbacks(execute=True):
            jobs.wake(jobs.sweep_tasks, rest_secs=60)

    assert put == ["sweep_tasks"]
    cache.delete(f"woken:{jobs._name_of(jobs.sweep_tasks)}")


def test_nobody_who_works_by_themselves_is_told_to_stop() -> None:
    assert not jobs.is_told_to_stop()


def test_a_queue_belongs_to_one_role() -> None:
    assert of_role("worker")[0] == "default"
    assert "destinations" in of_role("deliveries")
    assert set(of_role("worker")).isdisjoint(of_role("deliveries"))


@pytest.mark.django_db(transaction=True)
def test_who_does_all_there_is_to_do_lets_no_wake_ups_pile_up() -> None:
    queue = get_queue("default", connection=get_redis_connection())
    queue.empty()
    for _ in range(3):
        jobs.enqueue(jobs.sweep_tasks)
    jobs._put(DEFAULT, jobs.run_task, {"task_id": "none"}, None)
    assert queue.count == 4

    jobs.drop_others(jobs.sweep_tasks)

    assert [job.func_name for job in queue.jobs] == [jobs._name_of(jobs.run_task)]
    assert jobs.others_wait(DEFAULT)
    queue.empty()
    assert not jobs.others_wait(DEFAULT)
