"""Copying stored events to profiles: how fast, in how much memory, and what it leaves to those who track meanwhile.

`make bench` copies a hundred thousand events; BENCH_COPY_PEOPLE=850000 five million, of eight and a half that are
stored, which takes half an hour. Others write to the same tables, so that a second run measures the first one's rows.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
from django.utils import timezone

from apps.core import audit, tasks
from apps.core.jobs import resume_tasks
from apps.core.models import Task
from apps.events.backfill.selection import PROFILES, Selection
from apps.events.jobs import COPY_TO_PROFILES, start_backfill
from apps.events.models import EventType
from bench import people
from bench.machine import Web, web
from cdp.processes import BASE_DIR

Figures = dict[str, float]
PEOPLE = int(os.environ.get("BENCH_COPY_PEOPLE", "20000"))
TYPE = "page-view"  # of ten events that somebody has, six
RULES = {
    "traits.last_product": {"equals": "properties.product"},
    "traits.first_product": {"first": "properties.product"},
    "traits.products": {"append_unique": "properties.product"},
    "traits.dearest": {"max": "properties.amount"},
}
SECS, WARM_SECS, ROUNDS = 8.0, 2.0, 3
LOOK_SECS = 0.2
GIVE_UP_SECS = 4 * 3_600.0


def copying(source: str) -> Figures:
    """Copy while a web server takes events, and then alone; by a worker as `manage.py up` starts them."""
    people.make(PEOPLE)
    EventType.objects.filter(type=TYPE).update(overrides={"profile": RULES})
    task = start_backfill(Selection(PROFILES, TYPE), actor=audit.COMMAND, now=timezone.now())
    tasks.pause([task.pk], by="bench", now=timezone.now())
    with _worker() as worker:
        with web("cdp.wsgi:application") as ours:
            ratio = _beside_tracking(ours, source, task)
        return {"track_during_copy_ratio": ratio, **_alone(worker, task)}


def _beside_tracking(ours: Web, source: str, task: Task) -> float:
    """Take events with and without a run, in turns, and return how many of them are taken with one."""
    ours.load("/track", "page_views", source, secs=WARM_SECS)
    alone = beside = 0.0
    for _ in range(ROUNDS):
        alone += ours.load("/track", "page_views", source, secs=SECS)["per_sec"]
        resume_tasks([task.pk], by="bench", now=timezone.now())
        _wait_for_step(task)
        beside += ours.load("/track", "page_views", source, secs=SECS)["per_sec"]
        tasks.pause([task.pk], by="bench", now=timezone.now())
    return beside / alone


def _alone(worker: psutil.Process, task: Task) -> Figures:
    """Let the run go to its end with nobody else, and return its speed, and its memory early and late."""
    resume_tasks([task.pk], by="bench", now=timezone.now())
    _wait_for_step(task)
    began, n_before = time.monotonic(), task.progress
    early = late = 0.0
    while task.state in Task.UNFINISHED and time.monotonic() - began < GIVE_UP_SECS:
        late = _rss_mb(worker) or late
        if not early and task.percent and task.percent >= 10:
            early = late
        time.sleep(LOOK_SECS)
        task.refresh_from_db()
    assert task.state == Task.State.DONE, task.message
    assert task.finished_at
    secs = time.monotonic() - began
    print(f"copying: {task.progress:,} events; {task.message}", file=sys.stderr)
    return {
        "copy_events": task.progress,
        "copy_events_per_s": (task.progress - n_before) / secs,
        "copy_rss_mb_early": early,
        "copy_rss_mb_late": late,
        "copy_rss_growth": late / early if early else 0.0,
    }


def _wait_for_step(task: Task) -> None:
    """Return once the run has begun to copy, or gone on."""
    task.refresh_from_db()
    before, deadline = task.progress, time.monotonic() + 600
    while task.progress == before and time.monotonic() < deadline and task.state in Task.UNFINISHED:
        time.sleep(LOOK_SECS)
        task.refresh_from_db()


def _rss_mb(worker: psutil.Process) -> float:
    """Return the memory of the process that does the job: each job has one of its own."""
    try:
        return max((child.memory_info().rss for child in worker.children(recursive=True)), default=0.0) / 2**20
    except psutil.NoSuchProcess:
        return 0.0


@contextmanager
def _worker() -> Iterator[psutil.Process]:
    command = [sys.executable, "manage.py", "rqworker", COPY_TO_PROFILES.name]
    process = subprocess.Popen(command, cwd=BASE_DIR, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(timeout=120)
