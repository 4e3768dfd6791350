"""The history of heartbeats: how many were due, and exactly what each run said, for who may see it."""

import re
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.core.models import AuditEntry
from apps.events.models import Event
from apps.heartbeats import running
from apps.heartbeats.models import Heartbeat, HeartbeatRun
from tests.heartbeats.beating import process
from tests.heartbeats.factories import HeartbeatFactory
from tests.shop import Shop

pytestmark = pytest.mark.django_db


def address(name: str, row: Heartbeat) -> str:
    return reverse(f"admin:heartbeats_heartbeat_{name}", args=[row.pk])


def page(client: Client, address: str, **params: Any) -> str:
    answer = client.get(address, params)
    assert answer.status_code == 200
    return answer.content.decode()


def run(row: Heartbeat) -> running.Outcome:
    return running.run(row, by="test", now=timezone.now())


def test_the_history_leads_to_exactly_what_a_run_said(silent: Shop, admin_client: Client) -> None:
    row = HeartbeatFactory(wait_period=timedelta(days=2), max_per_run=1)
    call_command("heartbeat", "--strategy", "inactive-profile", "--wait-period", "2 days", stdout=StringIO())
    run(row)
    run(row)
    process()
    link = reverse("admin:events_event_changelist")
    assert Event.objects.filter(type="profile-inactive").count() == 4

    for each in HeartbeatRun.objects.all():
        single = page(admin_client, reverse("admin:heartbeats_heartbeatrun_change", args=[each.pk]))
        assert "silent for long enough" in single
        start = single.index(f"{link}?type=profile-inactive")
        events = page(admin_client, single[start : single.index('"', start)].replace("&amp;", "&"))
        said = Event.objects.get(type="profile-inactive", properties__run=str(each.pk))
        assert reverse("admin:events_event_change", args=[said.pk]) in events
        assert "1 event" in events
    runs = page(admin_client, reverse("admin:heartbeats_heartbeatrun_changelist"), heartbeat=str(row.pk))
    assert "2 heartbeat runs" in runs


def test_a_run_that_ends_at_its_limit_tells_how_many_were_due(silent: Shop, admin_client: Client) -> None:
    row = HeartbeatFactory(wait_period=timedelta(days=2), max_per_run=1)
    run(row)

    assert HeartbeatRun.objects.get().n_due == 2
    assert ">at least 2</td>" in page(admin_client, address("change", row))


def test_runs_are_filtered_by_what_came_of_them(silent: Shop, admin_client: Client) -> None:
    row = HeartbeatFactory()
    run(row)
    run(row)
    runs = reverse("admin:heartbeats_heartbeatrun_changelist")
    HeartbeatRun.objects.filter(n_said=0).update(error="It hurts.")

    assert "It hurts." not in page(admin_client, runs, outcome="said")
    assert "It hurts." in page(admin_client, runs, outcome="failed")
    assert "No heartbeat has run yet." not in page(admin_client, runs)


def test_who_may_not_see_personal_data_sees_how_many_a_run_said_and_not_of_whom(
    silent: Shop, signed_in: Callable[..., Client]
) -> None:
    row = HeartbeatFactory(wait_period=timedelta(days=2))
    run(row)
    client, single = signed_in("Analyst"), HeartbeatRun.objects.get()

    for shown in (
        page(client, address("change", row)),
        page(client, reverse("admin:heartbeats_heartbeatrun_changelist")),
        page(client, reverse("admin:heartbeats_heartbeatrun_change", args=[single.pk])),
    ):
        assert "event@properties.run" not in shown.replace("%40", "@")
        assert ">2</td>" in shown.replace("</dd>", "</td>")


def test_the_history_of_a_heartbeat_tells_of_changes_switches_and_runs_by_24_hours(
    silent: Shop, admin_client: Client
) -> None:
    row = HeartbeatFactory(name="Gone")
    for name in ("run_now", "switch_off", "switch_on"):
        admin_client.post(address(name, row))

    history = page(admin_client, address("history", row))

    for done in ("Run.", "Switched off.", "Switched on."):
        assert done in history
    assert re.search(r"\d\d\d\d-\d\d-\d\d \d\d:\d\d:\d\d", history)
    assert ".m." not in history


def test_the_record_of_a_change_tells_nothing_of_how_a_worker_holds_it(silent: Shop, admin_client: Client) -> None:
    row = HeartbeatFactory(name="Gone")
    form = admin_client.get(address("change", row)).context["adminform"].form
    filled = {name: form[name].value() or "" for name in form.fields if name != "includes_bots"}

    admin_client.post(address("change", row), {**filled, "wait_period": "9 days"})

    entry = AuditEntry.objects.get(action="changed")
    assert set(entry.details["changes"]) == {"wait_period"}
