"""Operators watch tasks, stop them, and let them go on."""

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.core import tasks
from apps.core.models import Task
from apps.core.queues import DEFAULT
from apps.core.tasks import Kind, Step

LIST = "admin:core_task_changelist"


@pytest.fixture(autouse=True)
def kind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Add a kind of task for the time of a test."""
    watch = Kind("watch", "Watch the paint dry", DEFAULT, lambda task: Step(1, is_last=True))
    monkeypatch.setattr(tasks, "kinds", {**tasks.kinds, "watch": watch})


def new_task() -> Task:
    return tasks.create("watch", params={"wall": "north"}, requested_by="anna", now=timezone.now())


def signed_in(client: Client, *permissions: str) -> Client:
    user = User.objects.create_user("oscar", is_staff=True)
    user.user_permissions.add(*Permission.objects.filter(codename__in=permissions))
    client.force_login(user)
    return client


@pytest.mark.django_db
def test_the_pages_show_what_is_done_for_whom(client: Client) -> None:
    task = new_task()
    operator = signed_in(client, "view_task")

    listed = operator.get(reverse(LIST)).content.decode()
    shown = operator.get(reverse("admin:core_task_change", args=[task.pk])).content.decode()

    assert "Watch the paint dry" in listed
    assert reverse("admin:core_task_progress", args=[task.pk]) in listed
    for text in ("anna", "north", "Waiting"):
        assert text in shown


@pytest.mark.django_db
def test_a_task_that_ended_is_not_asked_for_again(client: Client) -> None:
    task = new_task()
    tasks.run(task.pk, secs=10)

    part = signed_in(client, "view_task").get(reverse("admin:core_task_progress", args=[task.pk])).content.decode()

    assert "Done" in part
    assert "hx-get" not in part


@pytest.mark.django_db
def test_a_task_is_paused_goes_on_and_is_cancelled(client: Client) -> None:
    task = new_task()
    operator = signed_in(client, "view_task", "change_task")
    seen = []

    for action in ("pause", "resume", "cancel", "resume"):
        operator.post(reverse(LIST), {"action": action, "_selected_action": [task.pk]})
        seen.append(Task.objects.get().state)

    assert seen == ["paused", "waiting", "cancelled", "cancelled"]


@pytest.mark.django_db
def test_who_may_only_look_pauses_nothing(client: Client) -> None:
    task = new_task()

    signed_in(client, "view_task").post(reverse(LIST), {"action": "pause", "_selected_action": [task.pk]})

    assert Task.objects.get().state == Task.State.WAITING


@pytest.mark.django_db
def test_who_may_not_see_tasks_sees_no_progress(client: Client) -> None:
    task = new_task()

    assert signed_in(client).get(reverse("admin:core_task_progress", args=[task.pk])).status_code == 403
