"""Operators watch tasks, pause them, let them go on, try again, and cancel."""

from datetime import timedelta

import psycopg
import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.core import task_journal, tasks
from apps.core.admin import panels
from apps.core.admin import task as task_admin
from apps.core.admin.shown import badge
from apps.core.admin.under_way import Work
from apps.core.models import AuditEntry, Task
from apps.core.queues import DEFAULT
from apps.core.task_journal import Failure
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
def test_a_page_tells_rate_time_left_and_the_newest_line_first(client: Client) -> None:
    task = new_task()
    now = timezone.now()
    Task.objects.update(
        state="running",
        total=10_000,
        progress=1_000,
        started_at=now,
        advanced_at=now,
        samples=[[(now - timedelta(seconds=100)).timestamp(), 0]],
    )
    task.refresh_from_db()
    task_journal.log(task, ["the first", "the second"], at=now)
    task.save()
    operator = signed_in(client, "view_task")

    page = operator.get(reverse("admin:core_task_change", args=[task.pk])).content.decode()
    live = operator.get(reverse("admin:core_task_live", args=[task.pk]), {"state": "running"}).content.decode()

    for shown in (page, live):
        for text in ("1,000 of 10,000", "<b>10 %</b>", "<b>10</b><span>rows a second", "15 minutes"):
            assert text in shown
        assert shown.index("the second") < shown.index("the first")


@pytest.mark.django_db
def test_a_page_whose_task_has_another_state_by_now_is_loaded_anew(client: Client) -> None:
    task = new_task()

    answer = signed_in(client, "view_task").get(reverse("admin:core_task_live", args=[task.pk]), {"state": "running"})

    assert answer.headers["HX-Refresh"] == "true"


@pytest.mark.django_db
def test_rows_that_failed_are_shown_and_sent_as_a_table(client: Client) -> None:
    task = new_task()
    task_journal.note_failures(task, [Failure(f"event-{n}", "=no profile") for n in range(25)], at=timezone.now())
    task.save()
    operator = signed_in(client, "view_task")

    page = operator.get(reverse("admin:core_task_change", args=[task.pk])).content.decode()
    answer = operator.get(reverse("admin:core_task_failures", args=[task.pk]))
    lines = b"".join(answer).decode().splitlines()  # type: ignore[arg-type]

    assert "event-19" in page
    assert "event-20" not in page
    assert "5 more" in page
    assert lines[0] == "number,at,row,reason"
    assert lines[25].startswith("25,")
    assert lines[25].endswith(",event-24,'=no profile")  # no formula of a spreadsheet
    assert "attachment" in answer.headers["Content-Disposition"]
    assert AuditEntry.objects.get(action="exported").object_id == str(task.pk)


BUTTONS = ("pause", "resume", "cancel")


@pytest.mark.django_db
def test_the_buttons_of_a_task_change_its_state_on_record(client: Client) -> None:
    task = new_task()
    operator = signed_in(client, "view_task", "change_task")
    seen = []

    for button in (*BUTTONS, "resume"):
        operator.post(reverse(f"admin:core_task_{button}", args=[task.pk]))
        seen.append(Task.objects.get().state)

    assert seen == ["paused", "waiting", "cancelled", "cancelled"]
    assert list(AuditEntry.objects.order_by("id").values_list("action", flat=True)) == [
        "paused",
        "resumed",
        "cancelled",
    ]
    assert list(task.lines.order_by("number").values_list("text", flat=True)) == [
        "Paused by oscar.",
        "Let go on by oscar.",
        "Cancelled by oscar.",
    ]


@pytest.mark.django_db
def test_a_task_that_failed_is_tried_again(client: Client) -> None:
    task = new_task()
    Task.objects.update(state="failed", finished_at=timezone.now(), message="KeyError: 'x'")
    operator = signed_in(client, "view_task", "change_task")
    assert "Try again" in operator.get(reverse("admin:core_task_change", args=[task.pk])).content.decode()

    operator.post(reverse("admin:core_task_resume", args=[task.pk]))

    task.refresh_from_db()
    assert (task.state, task.message, task.finished_at) == ("waiting", "", None)


@pytest.mark.django_db
def test_a_task_is_cancelled_only_once_somebody_has_said_yes(client: Client) -> None:
    task = new_task()
    operator = signed_in(client, "view_task", "change_task")

    asked = operator.get(reverse("admin:core_task_cancel", args=[task.pk])).content.decode()

    assert "Cancel “Watch the paint dry” for good?" in asked
    assert Task.objects.get().state == Task.State.WAITING


@pytest.mark.django_db
def test_what_has_to_come_to_its_end_offers_no_cancelling(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    task = new_task()
    lasting = Kind("watch", "Watch", DEFAULT, lambda task: Step(1, is_last=True), is_cancellable=False)
    monkeypatch.setattr(tasks, "kinds", {"watch": lasting})
    operator = signed_in(client, "view_task", "change_task")

    page = operator.get(reverse("admin:core_task_change", args=[task.pk])).content.decode()
    answer = operator.post(reverse("admin:core_task_cancel", args=[task.pk]), follow=True).content.decode()

    assert "Pause" in page
    assert "Cancel…" not in page
    assert "Nothing was changed" in answer
    assert Task.objects.get().state == Task.State.WAITING


@pytest.mark.django_db
@pytest.mark.parametrize("button", BUTTONS)
def test_who_may_only_look_changes_nothing(client: Client, button: str) -> None:
    task = new_task()
    reader = signed_in(client, "view_task")

    assert reader.post(reverse(f"admin:core_task_{button}", args=[task.pk])).status_code == 403
    assert 'class="cdp-button"' not in reader.get(reverse("admin:core_task_change", args=[task.pk])).content.decode()
    assert Task.objects.get().state == Task.State.WAITING


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["progress", "live", "failures", "pause", "cancel"])
def test_who_may_not_see_tasks_sees_nothing_of_them(client: Client, page: str) -> None:
    task = new_task()
    address = reverse(f"admin:core_task_{page}", args=[task.pk])
    nobody = signed_in(client)

    assert (nobody.post(address) if page == "pause" else nobody.get(address)).status_code == 403


@pytest.mark.django_db
def test_many_tasks_are_paused_and_go_on_from_the_list(client: Client) -> None:
    chosen = {"_selected_action": [new_task().pk, new_task().pk]}
    operator = signed_in(client, "view_task", "change_task")

    paused = operator.post(reverse(LIST), {"action": "pause", **chosen}, follow=True).content.decode()
    states = set(Task.objects.values_list("state", flat=True))
    operator.post(reverse(LIST), {"action": "resume", **chosen})

    assert "2 tasks were paused." in paused
    assert (states, set(Task.objects.values_list("state", flat=True))) == ({"paused"}, {"waiting"})


@pytest.mark.django_db
def test_who_may_only_look_pauses_nothing_from_the_list(client: Client) -> None:
    task = new_task()

    signed_in(client, "view_task").post(reverse(LIST), {"action": "pause", "_selected_action": [task.pk]})

    assert Task.objects.get().state == Task.State.WAITING


@pytest.mark.django_db
def test_the_list_is_narrowed_by_state_and_kind(client: Client) -> None:
    new_task()
    reader = signed_in(client, "view_task")

    def n_listed(**asked: str) -> int:
        return len(reader.get(reverse(LIST), asked).context["cl"].result_list)

    assert n_listed(state__exact="waiting", kind="watch") == 1
    assert n_listed(state__exact="failed") == 0
    assert n_listed(kind="erase") == 0


@pytest.mark.django_db(transaction=True)
def test_pausing_waits_for_a_long_step_only_so_long(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    task = new_task()
    monkeypatch.setattr(task_admin, "PAGE_SECS", 0.2)
    operator = signed_in(client, "view_task", "change_task")
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": psycopg.Cursor}) as step:
        step.execute("SELECT FROM core_task FOR NO KEY UPDATE")

        answer = operator.post(reverse("admin:core_task_pause", args=[task.pk]), follow=True)

    assert "takes long" in answer.content.decode()
    assert Task.objects.get().state == Task.State.WAITING


def tells_of_work(request: HttpRequest) -> list[Work]:
    return [Work("Dig a tunnel", "/there/", "anna", timezone.now(), badge("half"))]


def breaks(request: HttpRequest) -> list[Work]:
    raise LookupError


@pytest.mark.django_db
def test_other_long_work_is_shown_to_those_who_may_see_it(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [
        panels.Panel(Task, panels.UNDER_WAY, tells_of_work, "Tunnels", 1, ()),
        panels.Panel(Task, panels.UNDER_WAY, breaks, "Bridges", 2, ()),
        panels.Panel(Task, panels.UNDER_WAY, tells_of_work, "Secret tunnels", 3, ("auth.change_user",)),
    ]
    monkeypatch.setattr(panels, "PANELS", {each.title: each for each in found})
    monkeypatch.setattr(panels, "filling", lambda model, slot: [each for each in found if each.slot == slot])

    page = signed_in(client, "view_task").get(reverse(LIST)).content.decode()

    assert page.count("Dig a tunnel") == 1
    assert "Bridges" in page
    assert "could not be shown" in page
