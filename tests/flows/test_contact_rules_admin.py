"""Operators say on pages how often, and when, flows may write to people."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.core import tasks
from apps.core.models import Task
from apps.flows.contacting.writing import QUIET, before_writing
from apps.flows.engine.moves import Go, Stay
from apps.flows.models import FrequencyCap, QuietHours, Run
from apps.flows.runs import quiet
from tests.factories import ProfileFactory
from tests.flows.factories import FrequencyCapFactory, QuietHoursFactory, RunFactory
from tests.flows.runs.published import let_in, pass_time, publish, run_of

pytestmark = pytest.mark.django_db
CAP = {"channel": "email", "most": "3", "period": "7 days", "is_enabled": "on"}
HOURS = {"channel": "", "weekdays": ["5", "6"], "start": "21:00", "end": "08:00", "is_enabled": "on"}


def add(client: Client, model: str, **said: Any) -> dict[str, Any]:
    """Fill the form in, and return what is wrong by field; nothing where it was saved."""
    answer = client.post(reverse(f"admin:flows_{model}_add"), said)
    return {} if answer.status_code == 302 else answer.context["adminform"].form.errors


def page(client: Client, name: str, *args: Any) -> str:
    answer = client.get(reverse(f"admin:flows_{name}", args=args))
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_cap_is_said_in_words(admin_client: Client) -> None:
    assert add(admin_client, "frequencycap", **CAP) == {}

    cap = FrequencyCap.objects.get(channel="email")
    assert (cap.most, cap.period) == (3, timedelta(days=7))
    FrequencyCapFactory(channel="sms", most=1)
    listed = page(admin_client, "frequencycap_changelist")
    assert "3 in any 7 days" in listed
    assert "1 in any day" in listed
    assert 'value="7 days"' in page(admin_client, "frequencycap_change", cap.pk)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"period": "often"}, "period"),
        ({"period": "2 months"}, "period"),
        ({"period": "400 days"}, "period"),
        ({"most": "0"}, "most"),
        ({"channel": "E-Mail!"}, "channel"),
        ({"channel": "emial"}, "channel"),
        ({"channel": "email", "period": "24 hours"}, "__all__"),  # there is one
    ],
)
def test_a_cap_that_cannot_be_is_refused_at_its_field(admin_client: Client, said: dict[str, str], field: str) -> None:
    FrequencyCapFactory(channel="email", period=timedelta(days=1))

    assert add(admin_client, "frequencycap", **{**CAP, **said}).keys() == {field}


def test_quiet_hours_are_of_some_days(admin_client: Client) -> None:
    assert add(admin_client, "quiethours", **HOURS) == {}

    row = QuietHours.objects.get()
    assert (row.weekdays, row.start, row.end) == ([5, 6], time(21), time(8))
    listed = page(admin_client, "quiethours_changelist")
    assert "21:00 to 08:00" in listed
    assert "Saturday, Sunday" in listed


def test_a_new_form_offers_every_day(admin_client: Client) -> None:
    form = admin_client.get(reverse("admin:flows_quiethours_add")).context["adminform"].form

    assert form["weekdays"].value() == [0, 1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("said", "field"), [({"weekdays": []}, "weekdays"), ({"start": "9 pm"}, "start"), ({"weekdays": ["7"]}, "weekdays")]
)
def test_hours_that_cannot_be_are_refused_at_their_field(
    admin_client: Client, said: dict[str, Any], field: str
) -> None:
    assert add(admin_client, "quiethours", **{**HOURS, **said}).keys() == {field}


def test_hours_that_leave_no_time_are_refused(admin_client: Client) -> None:
    every_day = [str(day) for day in range(7)]
    by_night = QuietHoursFactory(start=time(20), end=time(8))
    by_day = {**HOURS, "weekdays": every_day, "start": "08:00", "end": "20:00", "channel": "email"}

    errors = add(admin_client, "quiethours", **by_day)
    assert errors == {"weekdays": ["With the other quiet hours nobody could ever be written to by email."]}
    assert add(admin_client, "quiethours", **{**by_day, "channel": ""}).keys() == {"weekdays"}
    assert add(admin_client, "quiethours", **{**by_day, "end": "19:59"}) == {}

    address = reverse("admin:flows_quiethours_change", args=[by_night.pk])
    widened = {**HOURS, "weekdays": every_day, "start": "19:59", "end": "08:00"}
    assert admin_client.post(address, widened).status_code == 200  # refused: the other one counts with it
    assert admin_client.post(address, {**widened, "start": "20:00", "end": "07:00"}).status_code == 302


@pytest.mark.parametrize(("model", "said"), [("frequencycap", CAP), ("quiethours", HOURS)])
def test_a_channel_by_which_nobody_writes_is_refused_with_the_nearest(
    admin_client: Client, model: str, said: dict[str, Any]
) -> None:
    errors = add(admin_client, model, **{**said, "channel": "emial"})

    assert errors == {"channel": ["No node writes by emial. Did you mean email?"]}


@pytest.mark.parametrize("way", ["switched off", "deleted", "deleted with others"])
def test_who_waits_in_quiet_hours_that_are_no_more_is_written_to(admin_client: Client, way: str) -> None:
    row = QuietHoursFactory(start=time(0), end=time(23, 59))
    now = datetime.now(UTC)
    if now.astimezone(UTC).time() >= time(23, 58):  # the minute that is not quiet
        row.start, row.end = time(12), time(11, 59)
        row.save()
    nodes = {"start": lambda _step: Go(), "write": lambda step: before_writing(step, "email") or Go()}
    nodes["rest"] = lambda step: Go() if step.wake else Stay(until=step.now + timedelta(hours=3))
    writing = publish(nodes, ["start -> write"])
    resting = publish(nodes, ["start -> rest"])
    [waits], [rests] = (let_in(version, [ProfileFactory().id], at=now) for version in (writing, resting))
    pass_time(now)
    assert (run_of(waits).place, run_of(rests).place) == ("write", "rest")

    if way == "switched off":
        url = reverse("admin:flows_quiethours_change", args=[row.pk])
        said = {**HOURS, "weekdays": [str(day) for day in range(7)]}
        del said["is_enabled"]
        assert admin_client.post(url, said).status_code == 302
    elif way == "deleted":
        admin_client.post(reverse("admin:flows_quiethours_delete", args=[row.pk]), {"post": "yes"})
    else:
        chosen = {"action": "delete_selected", "_selected_action": [str(row.pk)], "post": "yes"}
        admin_client.post(reverse("admin:flows_quiethours_changelist"), chosen)
    [task] = Task.objects.filter(kind=quiet.TASK)
    assert not tasks.run(task.pk, secs=60)
    pass_time(now + timedelta(seconds=30))

    assert run_of(waits).status == Run.Status.FINISHED
    assert run_of(rests).place == "rest"


def test_who_is_to_wait_for_longer_waits_for_the_end_of_the_new_hours() -> None:
    row = QuietHoursFactory(start=time(0), end=time(23, 59))
    nodes = {"start": lambda _step: Go(), "write": lambda step: before_writing(step, "email") or Go()}
    now = datetime.now(UTC).replace(hour=10, minute=0) + timedelta(days=1)
    [id] = let_in(publish(nodes, ["start -> write"]), [ProfileFactory().id], at=now)
    pass_time(now)
    row.start, row.end = time(9), time(12)
    row.save()

    task = quiet.look_again(requested_by="anna")
    assert not tasks.run(task.pk, secs=60)
    pass_time(now)

    assert run_of(id).due_at == now.replace(hour=12, second=0, microsecond=0)


def test_many_who_wait_are_looked_at_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quiet, "PAGE", 2)
    later = datetime.now(UTC) + timedelta(hours=1)
    asked = {"until": later.isoformat(), "kept": QUIET}
    runs = [
        RunFactory(
            due_at=later, state={"tokens": [{"id": 1, "node": "n", "wait": asked if n % 2 else {"until": None}}]}
        )
        for n in range(7)
    ]

    task = quiet.look_again(requested_by="anna")
    assert not tasks.run(task.pk, secs=60)

    assert [run_of(run.id).due_at < later for run in runs] == [bool(n % 2) for n in range(7)]
