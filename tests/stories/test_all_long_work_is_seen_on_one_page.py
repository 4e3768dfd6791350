"""Whatever takes long is seen on the page of tasks, by those who may see it."""

from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.core import tasks
from apps.profiles import erasure
from apps.profiles.models import Merge, PrivacyRequest
from apps.segments.models import Reevaluation
from tests.heartbeats.factories import HeartbeatFactory

pytestmark = pytest.mark.django_db
LIST = reverse("admin:core_task_changelist")


def reader(*permissions: str) -> Client:
    user = User.objects.create_user(f"oscar-{len(permissions)}", is_staff=True)
    user.user_permissions.add(*Permission.objects.filter(codename__in=["view_task", *permissions]))
    client = Client()
    client.force_login(user)
    return client


def test_runs_and_merges_that_are_under_way_are_shown_and_those_that_are_over_are_not() -> None:
    now = timezone.now()
    Reevaluation.objects.create(kind="full", started_at=now, heartbeat_at=now, n_pages=4, n_pages_done=1)
    Reevaluation.objects.create(kind="build", started_at=now, heartbeat_at=now, finished_at=now)
    for moved_at in (None, now):
        ids = {name: uuid4() for name in ("kept_id", "merged_id", "kept_via", "merged_via")}
        Merge.objects.create(at=now, moved_at=moved_at, kept_before={}, merged_before={}, reason="manual", **ids)

    for finished_at in (None, now):
        heartbeat = HeartbeatFactory(name=f"Gone until {finished_at}")
        heartbeat.runs.create(started_at=now, finished_at=finished_at, clock=now, n_said=1_200)

    shown = reader("view_reevaluation", "view_merge", "view_heartbeatrun").get(LIST).content.decode()

    assert "Evaluate segments: Everybody, as time goes by" in shown
    assert shown.count("Evaluate segments") == 1
    assert "1 of 4 pages" in shown
    assert "1 merge<" in shown
    assert shown.count("Find who has gone silent") == 1
    assert "1,200 told of" in shown
    hidden = reader().get(LIST).content.decode()
    assert "Also under way" not in hidden


def test_nothing_is_under_way_when_all_is_done() -> None:
    assert not Merge.objects.exists()

    assert "Also under way" not in reader("view_reevaluation", "view_merge").get(LIST).content.decode()


def test_the_task_that_erases_somebody_leads_to_the_request() -> None:
    request = PrivacyRequest.objects.create(kind="erase", subject=uuid4(), requested_at=timezone.now())
    task = tasks.create(erasure.TASK, params={"request": str(request.pk)}, requested_by="dora", now=timezone.now())
    page = reverse("admin:core_task_change", args=[task.pk])

    assert reverse("admin:profiles_privacyrequest_change", args=[request.pk]) in (
        reader("view_privacyrequest").get(page).content.decode()
    )
    assert "Privacy request" not in reader().get(page).content.decode()
