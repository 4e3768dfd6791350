"""Back-fills by command: a dry run, the start with its options, waiting for the end, undoing."""

import threading
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from apps.core import tasks
from apps.core.models import Task
from apps.events.backfill.selection import TRAITS
from apps.events.jobs import INDEX_TRAITS
from tests.events.backfill.acting import carry_on, happened, plan_type, run, traits_of
from tests.factories import ProfileFactory


def backfill(*args: Any) -> str:
    out = StringIO()
    call_command("backfill", *map(str, args), stdout=out)
    return out.getvalue()


def plan_is_set() -> None:
    plan_type(profile={"traits.plan": {"equals": "properties.plan"}}, traits={"data.plan": "plan"})


@pytest.mark.django_db
def test_the_command_starts_a_task_in_the_queue_of_its_kind() -> None:
    plan_is_set()

    told = backfill("traits", "plan-chosen", "--since", "2026-01-01")

    task = Task.objects.get()
    assert str(task.pk) in told
    assert (task.kind, task.requested_by) == (TRAITS, "A command")
    assert task.params == {"type": "plan-chosen", "since": "2026-01-01T00:00:00+00:00"}
    assert tasks.kind_of(task).queue is INDEX_TRAITS


@pytest.mark.django_db
@pytest.mark.parametrize(("option", "mode"), [("--overwrite", "overwrite"), ("--only-empty", "only_empty")])
def test_a_mode_and_a_rate_are_options(option: str, mode: str) -> None:
    plan_is_set()

    backfill("profiles", "plan-chosen", option, "--rate", 5, "--condition", "event@properties.plan = 1")

    task = Task.objects.get()
    assert (task.params["mode"], task.max_rate, task.params["condition"]) == (mode, 5, "event@properties.plan = 1")


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["profiles", "traits"])
def test_a_dry_run_tells_and_starts_nothing(kind: str) -> None:
    plan_is_set()
    anna = ProfileFactory(traits={"plan": "older"})
    happened(anna, {"plan": "pro"})

    told = backfill(kind, "plan-chosen", "--dry-run")

    assert "1 events of 1 people" in told
    assert "plan: " in told
    assert not Task.objects.exists()
    assert traits_of(anna) == {"plan": "older"}


@pytest.mark.django_db
def test_a_run_is_undone_by_its_id() -> None:
    plan_is_set()
    anna = ProfileFactory()
    happened(anna, {"plan": "pro"})
    task = run()

    backfill("--undo", task.pk)

    carry_on(Task.objects.exclude(pk=task.pk).get())
    assert traits_of(anna) == {}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("profiles", "unheard-of"), "no event type"),
        (("profiles",), "Name what is to be done"),
        (("profiles", "plan-chosen", "--rate", "0"), "at least one event a second"),
        (("--undo", "00000000-0000-7000-8000-00000000000f"), "no such run"),
    ],
)
def test_the_command_says_what_is_wrong(args: Any, message: str) -> None:
    plan_is_set()

    with pytest.raises(CommandError, match=message):
        backfill(*args)


def _once_there(act: Callable[[Task], object]) -> threading.Thread:
    """Do something with the task of a command, once it has begun."""

    def wait() -> None:
        ticks = threading.Event()
        while not Task.objects.exists():
            ticks.wait(0.05)
        act(Task.objects.get())
        connection.close()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


@pytest.mark.django_db(transaction=True)
def test_the_command_waits_and_shows_the_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.events.management.commands.backfill.LOOK_SECS", 0.05)
    plan_is_set()
    happened(ProfileFactory(), {"plan": "pro"})
    worker = _once_there(lambda task: tasks.run(task.pk, secs=60))

    told = backfill("profiles", "plan-chosen", "--wait")

    worker.join()
    assert "Done 100% 1 fields changed, of 1 people" in told


@pytest.mark.django_db(transaction=True)
def test_who_waits_is_told_when_it_ends_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.events.management.commands.backfill.LOOK_SECS", 0.05)
    plan_is_set()
    other = _once_there(lambda task: Task.objects.filter(pk=task.pk).update(state="failed", message="No room."))

    with pytest.raises(CommandError, match="It ended otherwise: No room"):
        backfill("profiles", "plan-chosen", "--wait")

    other.join()
