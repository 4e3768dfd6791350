"""Long jobs go on where they ended, whoever carries them on, and say how they ended."""

import time
from dataclasses import replace
from datetime import timedelta
from importlib import import_module
from threading import Thread
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone
from django_rq import get_queue
from redis import Redis

from apps.core import jobs, tasks
from apps.core.models import Task
from apps.core.queues import DEFAULT, OutOfTime
from apps.core.tasks import Kind, Step
from tests.core.factories import TaskFactory

State = Task.State


def count_to_total(task: Task) -> Step:
    """Do ten at a time, and remember how many."""
    done = task.position.get("done", 0) + 10
    if done > task.params.get("breaks_at", 1_000):
        raise LookupError("there is nothing more")
    if "casts" in task.params:
        Task.objects.extra(where=["%s::int = 1"], params=[task.params["casts"]]).exists()
    return Step(10, done >= 30, {"done": done}, total=30, message=f"{done} done")


@pytest.fixture(autouse=True)
def kind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Add a kind of task for the time of a test."""
    count = Kind("count", "Count to thirty", DEFAULT, count_to_total)
    monkeypatch.setattr(tasks, "kinds", {**tasks.kinds, "count": count})


def new_task(*, max_rate: int | None = None, **params: Any) -> Task:
    return tasks.create("count", params=params, requested_by="anna", now=timezone.now(), max_rate=max_rate)


def log_of(task: Task) -> list[str]:
    return list(task.lines.order_by("number").values_list("text", flat=True))


@pytest.mark.django_db
def test_a_task_is_done_when_its_last_step_is() -> None:
    task = new_task()

    assert tasks.run(task.pk, secs=10) is False

    task.refresh_from_db()
    assert (task.state, task.progress, task.total, task.message) == (State.DONE, 30, 30, "30 done")
    assert task.percent == 100
    assert task.started_at
    assert task.finished_at


@pytest.mark.django_db
def test_a_task_without_time_left_says_that_there_is_more() -> None:
    task = new_task()

    assert tasks.run(task.pk, secs=0) is True

    task.refresh_from_db()
    assert (task.state, task.percent) == (State.WAITING, None)


@pytest.mark.django_db
def test_a_task_that_fails_keeps_what_it_did_and_goes_on_from_there() -> None:
    task = new_task(breaks_at=10)

    assert tasks.run(task.pk, secs=10) is False

    task.refresh_from_db()
    assert (task.state, task.progress, task.message) == (State.FAILED, 10, "LookupError: there is nothing more")
    Task.objects.update(params={})
    assert [found.pk for found in tasks.resume([task.pk], by="anna", now=timezone.now())] == [task.pk]
    tasks.run(task.pk, secs=10)
    task.refresh_from_db()
    assert (task.state, task.progress) == (State.DONE, 30)


@pytest.mark.django_db
def test_a_task_of_which_a_step_takes_too_long_fails_and_keeps_what_it_did(monkeypatch: pytest.MonkeyPatch) -> None:
    def take_too_long(task: Task) -> Step:
        if task.position:
            raise OutOfTime("It took more than 300 seconds.")
        return count_to_total(task)

    monkeypatch.setattr(tasks, "kinds", {"count": replace(tasks.kinds["count"], step=take_too_long)})
    task = new_task()

    assert tasks.run(task.pk, secs=10) is False

    task.refresh_from_db()
    assert (task.state, task.progress) == (State.FAILED, 10)
    assert task.message == "OutOfTime: It took more than 300 seconds."


@pytest.mark.django_db
def test_what_the_database_quotes_of_a_row_is_not_kept_with_the_task() -> None:
    task = new_task(casts="anna@example.org")

    assert tasks.run(task.pk, secs=10) is False

    task.refresh_from_db()
    assert (task.state, task.message) == (State.FAILED, "DataError: look into the log")
    assert log_of(task)[-1] == "Failed: DataError: look into the log"


@pytest.mark.django_db
def test_a_paused_task_waits_for_a_person() -> None:
    task, new = new_task(), timezone.now()

    assert tasks.pause([task.pk], by="otto", now=new - timedelta(hours=1)) == [task]

    assert tasks.run(task.pk, secs=10) is False
    assert tasks.abandoned(now=new, queued=()) == []
    task.refresh_from_db()
    assert (task.state, task.progress, task.finished_at) == (State.PAUSED, 0, None)
    assert tasks.resume([task.pk], by="anna", now=new) == [task]
    assert tasks.run(task.pk, secs=10) is False
    task.refresh_from_db()
    assert (task.state, task.progress) == (State.DONE, 30)
    assert log_of(task) == ["Paused by otto.", "Let go on by anna.", "Began.", "Done."]


@pytest.mark.django_db
def test_a_cancelled_task_does_nothing_more_for_good() -> None:
    task = new_task()
    tasks.pause([task.pk], by="otto", now=timezone.now())

    assert tasks.cancel([task.pk], by="otto", now=timezone.now()) == [task]

    assert tasks.resume([task.pk], by="otto", now=timezone.now()) == []
    assert tasks.run(task.pk, secs=10) is False
    task.refresh_from_db()
    assert (task.state, task.progress, task.finished_at is None) == (State.CANCELLED, 0, False)
    assert tasks.cancel([task.pk], by="otto", now=timezone.now()) == []


@pytest.mark.django_db
def test_what_has_to_come_to_its_end_is_not_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    task = new_task()
    lasting = Kind("count", "Count to thirty", DEFAULT, count_to_total, is_cancellable=False)
    monkeypatch.setattr(tasks, "kinds", {"count": lasting})

    assert tasks.cancel([task.pk], by="otto", now=timezone.now()) == []


@pytest.mark.django_db
def test_a_task_of_a_kind_that_is_gone_is_left_alone_and_can_be_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    task = new_task()
    monkeypatch.setattr(tasks, "kinds", {})
    now = timezone.now() + timedelta(hours=1)

    assert tasks.abandoned(now=now, queued=()) == []
    tasks.pause([task.pk], by="otto", now=now)
    assert tasks.resume([task.pk], by="otto", now=now) == []
    assert tasks.cancel([task.pk], by="otto", now=now) == [task]


@pytest.mark.django_db
def test_a_task_that_nobody_carries_on_is_found_once_in_a_while() -> None:
    abandoned, fresh = new_task(), new_task()
    now = timezone.now()
    Task.objects.filter(pk=abandoned.pk).update(advanced_at=now - timedelta(seconds=61))

    assert [found.pk for found in tasks.abandoned(now=now, queued=())] == [abandoned.pk]

    assert tasks.abandoned(now=now, queued=()) == []
    assert fresh.state == State.WAITING
    assert log_of(abandoned) == ["Nobody carried it on: it was put into its queue again."]


@pytest.mark.django_db
def test_a_task_that_waits_in_its_queue_or_rests_is_not_abandoned() -> None:
    queued, resting, rested = new_task(), new_task(), new_task()
    now = timezone.now() + timedelta(hours=1)
    Task.objects.filter(pk=resting.pk).update(rests_until=now + timedelta(seconds=1))
    Task.objects.filter(pk=rested.pk).update(rests_until=now - timedelta(seconds=1))

    assert tasks.abandoned(now=now, queued={queued.pk}) == [rested]


@pytest.mark.django_db(transaction=True)
def test_a_task_whose_step_takes_long_is_not_abandoned() -> None:
    task = new_task()
    found: list[list[Task]] = []

    def sweep() -> None:
        found.append(tasks.abandoned(now=timezone.now() + timedelta(hours=1), queued=()))
        connection.close()

    with transaction.atomic():
        Task.objects.select_for_update(no_key=True).get(pk=task.pk)
        other = Thread(target=sweep)
        other.start()
        other.join(timeout=60)

    assert found == [[]]


@pytest.mark.django_db(transaction=True)
def test_a_task_that_a_queue_lost_is_put_there_again_and_only_once() -> None:
    queue = get_queue(DEFAULT.name)
    task = jobs.start_task("count", params={}, requested_by="anna")
    queue.empty()
    jobs_of_task = []

    for _ in range(3):
        Task.objects.update(advanced_at=timezone.now() - timedelta(minutes=2))
        jobs.sweep_tasks()
        jobs_of_task.append(queue.get_job_ids())

    assert [len(ids) for ids in jobs_of_task] == [1, 1, 1]
    assert queue.get_jobs()[0].kwargs == {"task_id": str(task.pk)}
    queue.empty()


@pytest.mark.django_db
def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(KeyError):
        tasks.create("no-such-kind", params={}, requested_by="anna", now=timezone.now())


@pytest.mark.django_db
def test_a_task_is_enqueued_only_once_the_transaction_commits(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: pytest.FixtureRequest
) -> None:
    put: list[dict[str, str]] = []
    monkeypatch.setattr(jobs, "_put", lambda queue, job, arguments, job_id: put.append(arguments))

    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        task = jobs.start_task("count", params={}, requested_by="anna")
        assert put == []

    assert put == [{"task_id": str(task.pk)}]


@pytest.mark.django_db(transaction=True)
def test_a_task_is_kept_when_the_queue_is_away_and_a_line_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("WARNING")
    monkeypatch.setattr(jobs, "get_redis_connection", lambda: Redis(unix_socket_path="/nowhere", retry=None))

    task = jobs.start_task("count", params={}, requested_by="anna")

    assert Task.objects.get(pk=task.pk).state == State.WAITING
    [line] = caplog.records
    assert (line.message, line.exc_info) == ("Valkey is away: a job was not put into its queue", None)


@pytest.mark.django_db
def test_a_job_carries_its_task_on() -> None:
    task = new_task()

    jobs.run_task(task_id=str(task.pk))

    assert Task.objects.get().state == State.DONE


@pytest.mark.django_db
def test_a_task_keeps_its_rate() -> None:
    task = new_task(max_rate=40)
    began = time.monotonic()

    assert tasks.run(task.pk, secs=30) is False

    assert time.monotonic() - began >= 0.5  # after the first and the second ten of them


@pytest.mark.django_db
def test_a_second_worker_makes_no_task_faster() -> None:
    task = new_task(max_rate=1)
    tasks.run(task.pk, secs=0.01)

    assert tasks.run(task.pk, secs=0.01) is True

    task.refresh_from_db()
    assert task.progress == 10
    assert [task.page(500), new_task().page(500)] == [1, 500]


@pytest.mark.django_db
def test_what_was_stopped_is_cancelled_now_and_only_an_erasure_waits_for_a_person() -> None:
    stopped, erasing, done = (TaskFactory(finished_at=timezone.now()) for _ in range(3))
    Task.objects.filter(pk__in=[stopped.pk, erasing.pk]).update(state="stopped")
    Task.objects.filter(pk=erasing.pk).update(kind="erase")
    Task.objects.filter(pk=done.pk).update(state="done")

    with connection.cursor() as cursor:
        cursor.execute(import_module("apps.core.migrations.0002_tasks_that_pause").STOPPED)

    states = {task.pk: (task.state, task.finished_at is None) for task in Task.objects.all()}
    assert states == {stopped.pk: ("cancelled", False), erasing.pk: ("paused", True), done.pk: ("done", False)}
