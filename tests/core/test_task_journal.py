"""A task keeps a log, and the rows that failed; too many of them pause it."""

from collections.abc import Callable, Sequence

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from apps.core import task_journal, tasks
from apps.core.models import Task
from apps.core.queues import DEFAULT
from apps.core.task_journal import Budget, Failure
from apps.core.tasks import Kind, Step

State = Task.State
NewTask = Callable[[Sequence[Step]], Task]


@pytest.fixture
def new_task(monkeypatch: pytest.MonkeyPatch) -> NewTask:
    """Return a function that makes a task of these steps."""

    def make(steps: Sequence[Step]) -> Task:
        def step(task: Task) -> Step:
            found = steps[task.position.get("next", 0)]
            return Step(
                found.n_done,
                found.is_last,
                {"next": task.position.get("next", 0) + 1},
                message=found.message,
                log=found.log,
                failures=found.failures,
            )

        monkeypatch.setattr(tasks, "kinds", {"steps": Kind("steps", "Steps", DEFAULT, step)})
        return tasks.create("steps", params={}, requested_by="anna", now=timezone.now())

    return make


def failed(n_rows: int) -> list[Failure]:
    return [Failure(f"row-{number}", "has no profile") for number in range(n_rows)]


def run(task: Task) -> Task:
    tasks.run(task.pk, secs=10)
    task.refresh_from_db()
    return task


@pytest.mark.django_db
def test_steps_write_a_log_and_name_the_rows_that_failed(new_task: NewTask) -> None:
    task = run(new_task([Step(5, is_last=False, log=["half"]), Step(5, is_last=True, failures=failed(2))]))

    assert [line.text for line in task.lines.order_by("number")] == ["Began.", "half", "Done."]
    assert [(each.row, each.reason) for each in task.failures.order_by("number")] == [
        ("row-0", "has no profile"),
        ("row-1", "has no profile"),
    ]
    assert (task.state, task.n_failed, task.n_lines) == (State.DONE, 2, 3)


@pytest.mark.django_db
def test_a_step_that_breaks_leaves_nothing_of_itself(new_task: NewTask) -> None:
    task = run(new_task([Step(1, is_last=False, log=["one"], failures=failed(1))]))  # there is no second one

    assert (task.state, task.progress, task.n_failed) == (State.FAILED, 1, 1)
    assert [line.text for line in task.lines.order_by("number")] == [
        "Began.",
        "one",
        "Failed: IndexError: list index out of range",
    ]


@pytest.mark.django_db
def test_too_many_failures_pause_a_task_until_a_person_lets_it_go_on(new_task: NewTask) -> None:
    bad = Step(20, is_last=False, failures=failed(11))
    task = run(new_task([bad, bad, Step(1, is_last=True)]))
    assert (task.state, task.progress, task.n_failed) == (State.PAUSED, 20, 11)
    assert task.message == "11 rows failed: look at why, then let it go on, or cancel it."

    tasks.resume([task.pk], by="anna", now=timezone.now())
    run(task)
    assert (task.state, task.progress, task.n_failed) == (State.PAUSED, 40, 22)

    tasks.resume([task.pk], by="anna", now=timezone.now())
    assert run(task).state == State.DONE


@pytest.mark.django_db
@pytest.mark.parametrize("is_let_go_on", [False, True])
def test_a_cancelled_task_says_what_it_did_and_asks_nobody_to_look(new_task: NewTask, is_let_go_on: bool) -> None:
    bad = Step(20, is_last=False, failures=failed(11), message="9 fields changed")
    task = run(new_task([bad, bad]))
    assert task.message == "9 fields changed. 11 rows failed: look at why, then let it go on, or cancel it."

    if is_let_go_on:
        tasks.resume([task.pk], by="anna", now=timezone.now())
    [cancelled] = tasks.cancel([task.pk], by="anna", now=timezone.now())

    assert cancelled.message == "9 fields changed"


@pytest.mark.django_db
def test_the_newest_lines_and_the_first_failures_are_kept_and_all_are_counted(
    new_task: NewTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task_journal, "MAX_LINES", 3)
    monkeypatch.setattr(task_journal, "MAX_FAILURES", 3)
    one = Step(9, is_last=False, log=["a", "b"], failures=failed(2))
    task = run(new_task([one, Step(9, is_last=True, log=["c", "d"], failures=failed(2))]))

    assert [line.text for line in task.lines.order_by("number")] == ["c", "d", "Done."]
    assert (task.n_lines, task.failures.count(), task.n_failed) == (6, 3, 4)


@pytest.mark.django_db
def test_what_a_step_says_is_made_to_fit(new_task: NewTask) -> None:
    task = run(new_task([Step(1, is_last=True, log=["\x00" + "x" * 900], failures=[Failure("r" * 900, "\x00no")])]))

    assert task.state == State.DONE
    assert task.lines.order_by("number")[1].text == "x" * 500
    assert (len(task.failures.get().row), task.failures.get().reason) == (200, "no")


@given(st.integers(0, 10**7), st.integers(0, 10**7))
def test_ten_rows_may_always_fail_a_thousand_never_more_and_a_share_in_between(n_failed: int, n_done: int) -> None:
    allowed = Budget().allows(n_failed, n_done=n_done)

    assert allowed or n_failed > 10
    assert not allowed or n_failed <= 1_000
    if 1_000 <= n_done <= 100_000:
        assert allowed == (n_failed <= n_done // 100)
