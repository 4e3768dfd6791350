"""Operators watch re-evaluation runs, and begin one."""

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.profiles import dirty
from apps.segments.models import Reevaluation
from tests.segments.people import person, run, segment

pytestmark = pytest.mark.django_db
LIST, NOW = "admin:segments_reevaluation_changelist", "admin:segments_reevaluation_run_now"


def signed_in(client: Client, *permissions: str) -> Client:
    user = User.objects.create_user("oscar", is_staff=True)
    user.user_permissions.add(*Permission.objects.filter(codename__in=permissions))
    client.force_login(user)
    return client


def test_the_pages_show_what_was_evaluated_and_what_went_wrong(client: Client) -> None:
    segment("pro", 'profile@traits.plan = "pro"')
    person(plan="pro")
    done = run(Reevaluation.Kind.FULL, "pro", now=timezone.now())
    Reevaluation.objects.update(problems={"pro": "It hurts."})

    operator = signed_in(client, "view_reevaluation")
    listed = operator.get(reverse(LIST)).content.decode()
    shown = operator.get(reverse("admin:segments_reevaluation_change", args=[done.pk])).content.decode()

    assert "Everybody, as time goes by" in listed
    assert "With problems" in listed
    for text in ("It hurts.", "of 1 when it began", "1 of 1 page", "pro"):
        assert text in shown


def test_only_a_run_that_is_under_way_is_asked_for_again(client: Client) -> None:
    now = timezone.now()
    under_way = Reevaluation.objects.create(kind="full", started_at=now, heartbeat_at=now, n_pages=4, n_pages_done=1)
    over = Reevaluation.objects.create(kind="build", started_at=now, heartbeat_at=now, finished_at=now)
    operator = signed_in(client, "view_reevaluation")

    parts = [
        operator.get(reverse("admin:segments_reevaluation_progress", args=[row.pk])).content.decode()
        for row in (under_way, over)
    ]

    assert ["hx-get" in part for part in parts] == [True, False]
    assert "25%" in parts[0]


def test_a_run_begins_when_somebody_says_yes(client: Client) -> None:
    segment("recent", "profile@last_seen_at >= now() - 30 DAYS")
    dirty.mark([person().id])
    operator = signed_in(client, "view_reevaluation", "change_reevaluation")

    assert reverse(NOW) in operator.get(reverse(LIST)).content.decode()
    asked = operator.get(reverse(NOW))
    assert not Reevaluation.objects.exists()
    answer = operator.post(reverse(NOW), follow=True).content.decode()

    assert "Re-evaluate everybody now?" in asked.content.decode()
    assert set(Reevaluation.objects.values_list("kind", "requested_by")) == {
        ("full", "oscar"),
        ("build", "oscar"),
        ("incremental", "oscar"),
    }
    assert "A run of 1 page began: everybody, as time goes by." in answer


def test_who_may_only_look_can_begin_nothing(client: Client) -> None:
    operator = signed_in(client, "view_reevaluation")

    assert reverse(NOW) not in operator.get(reverse(LIST)).content.decode()
    assert operator.post(reverse(NOW)).status_code == 403
    assert not Reevaluation.objects.exists()
