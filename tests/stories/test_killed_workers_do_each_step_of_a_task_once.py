"""Workers of one task are killed in the midst of it, and somebody pauses it: each step is done once, none is lost."""

import random
import time
from collections.abc import Iterator

import pytest

from tests.commands import Program
from tests.live import Live, live_platform, wait_for

N_STEPS = 150
# Each step takes a moment, and lists ten rows in a table. The last third dawdles until somebody has gone on with the
# task, so that it is under way when it is paused, however long the command that pauses it takes to start.
WORK = f"""
import sys, time
from apps.core import queues, tasks
from apps.core.models import Task
from apps.core.task_journal import Budget, Failure

def step(task):
    begin, end = task.progress, task.progress + 10
    dawdles = begin >= {10 * N_STEPS} * 2 // 3 and not task.lines.filter(text__startswith="Let go on").exists()
    time.sleep(1 if dawdles else 0.01)
    rows = [Failure(str(number), "counted") for number in range(begin, end)]
    return tasks.Step(10, end >= {10 * N_STEPS}, total={10 * N_STEPS}, log=[f"from {{begin}}"], failures=rows)

KIND = tasks.Kind("count", "Count", queues.DEFAULT, step, budget=Budget(share=1.0, most=10**6))
tasks.kind_of = lambda _: KIND
while tasks.run(sys.argv[1], secs=60):
    pass
"""
MAKE = """
INSERT INTO core_task (id, kind, params, requested_by, state, progress, position, message, samples, n_lines, n_failed,
    n_pardoned, created_at, advanced_at)
VALUES (gen_random_uuid(), 'count', '{}', 'anna', 'waiting', 0, '{}', '', '[]', 0, 0, 0, now(), now())
RETURNING id::text
"""
CHANGE = """
from django.utils import timezone; from apps.core import tasks; from apps.core.models import Task
tasks.kinds = {{"count": None}}
print(len(tasks.{verb}([Task.objects.get().pk], by="otto", now=timezone.now())))
"""


@pytest.fixture
def platform() -> Iterator[Live]:
    with live_platform(has_web=False) as live:
        yield live


def start_worker(live: Live, task: str) -> Program:
    return live.start_python("worker", "-c", WORK, task)


def progress(live: Live) -> int:
    return int(live.rows("SELECT progress FROM core_task")[0]["progress"])


@pytest.mark.timeout(300)
def test_each_step_is_done_once(platform: Live) -> None:
    dice = random.Random(11)
    [made] = platform.rows(MAKE)
    workers = [start_worker(platform, made["id"]) for _ in range(2)]
    try:
        for _ in range(3):
            before = progress(platform)
            wait_for(lambda before=before: progress(platform) > before, "a step", timeout_secs=60)  # type: ignore[misc]
            time.sleep(dice.uniform(0, 0.05))
            victim = workers.pop(0)
            victim.kill()
            victim.wait()
            workers.append(start_worker(platform, made["id"]))

        assert platform.manage("shell", "--no-imports", "-c", CHANGE.format(verb="pause")).strip() == "1"
        paused_at = progress(platform)
        for worker in workers:
            assert worker.wait(timeout=120) == 0, platform.log("worker").read_text()  # there is no more to do for it
        assert progress(platform) == paused_at < 10 * N_STEPS

        assert platform.manage("shell", "--no-imports", "-c", CHANGE.format(verb="resume")).strip() == "1"
        assert start_worker(platform, made["id"]).wait(timeout=120) == 0, platform.log("worker").read_text()
    finally:
        for worker in workers:
            worker.kill()

    [done] = platform.rows("SELECT state, progress, n_failed, n_lines FROM core_task")
    assert done == {"state": "done", "progress": 1_500, "n_failed": 1_500, "n_lines": N_STEPS + 4}
    rows = platform.rows("SELECT number, row FROM core_taskfailure ORDER BY number")
    assert [(row["number"], row["row"]) for row in rows] == [(n + 1, str(n)) for n in range(1_500)]
    said = [line["text"] for line in platform.rows("SELECT text FROM core_tasklogline ORDER BY number")]
    assert [text for text in said if text.startswith("from ")] == [f"from {10 * n}" for n in range(N_STEPS)]
    assert said[-1] == "Done."
