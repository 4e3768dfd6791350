"""Somebody enters by hand: on a page, by a program, by a command; of a segment after a look at whom that reaches."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from apps.api.scopes import Scope
from apps.core import tasks
from apps.core.models import AuditEntry, Task
from apps.flows.changing import switching
from apps.flows.models import Flow, Run
from apps.profiles.models import Profile
from tests.factories import ANNA, NOON, MembershipFactory, ProfileFactory, SegmentFactory
from tests.flows.drawing import drawn, published
from tests.programs import program

pytestmark = pytest.mark.django_db


@pytest.fixture
def row() -> Flow:
    """A flow that is on, which each person enters once, by hand."""
    row = drawn()
    row.draft = {**row.draft, "entry": {"frequency": "once"}}
    Flow.objects.filter(pk=row.pk).update(draft=row.draft)
    published(row)
    return switching.switch_on(row.pk, actor=ANNA, now=NOON)


@pytest.fixture
def people() -> Sequence[Profile]:
    """Two members of a segment."""
    segment = SegmentFactory(key="vip", name="VIP", kind="list")
    found = ProfileFactory.create_batch(2)
    for person in found:
        MembershipFactory(segment=segment, profile_id=person.pk)
    return found


def page(client: Client, row: Flow, **filled: Any) -> Any:
    address = reverse("admin:flows_start", args=[row.pk])
    return client.post(address, filled, follow=True) if filled else client.get(address)


def test_one_person_enters_at_once_and_the_page_of_their_run_follows(
    admin_client: Client, row: Flow, people: Sequence[Profile]
) -> None:
    assert "One person" in page(admin_client, row).content.decode()

    answer = page(admin_client, row, person=str(people[0].pk))

    run = Run.objects.get()
    assert (run.profile_id, run.trigger) == (people[0].pk, "t1")
    assert answer.redirect_chain[-1][0] == reverse("admin:flows_run_change", args=[run.pk])
    noted = AuditEntry.objects.get(action="let people enter", object_id=str(row.pk))
    assert noted.details == {"name": "Welcome", "person": str(Run.objects.get().profile_id), "n_entered": 1}

    again = page(admin_client, row, person=str(people[0].pk))
    assert "They did not enter: they were in it before." in again.content.decode()
    assert Run.objects.count() == 1


@pytest.mark.parametrize(
    ("filled", "told"),
    [
        ({"person": "nobody@example.com"}, "Nobody goes by this."),
        ({"person": "", "segment": ""}, "Name a person, or choose a segment"),
        ({"person": "x", "segment": "vip"}, "Name a person, or choose a segment"),
    ],
)
def test_who_is_meant_has_to_be_clear(
    admin_client: Client, row: Flow, people: Sequence[Profile], filled: dict[str, str], told: str
) -> None:
    assert told in page(admin_client, row, **filled).content.decode()
    assert not Run.objects.exists()


def test_of_a_segment_it_is_told_whom_it_reaches_before_anybody_enters(
    admin_client: Client, row: Flow, people: Sequence[Profile]
) -> None:
    page(admin_client, row, person=str(people[0].pk))

    look = page(admin_client, row, segment="vip").content.decode()
    assert "<b>2</b><span>in VIP</span>" in look
    assert "<b>1</b><span>were in the flow before</span>" in look
    assert not Task.objects.exists()

    page(admin_client, row, segment="vip", is_sure="yes")
    tasks.run(Task.objects.get().pk, secs=5)
    assert {run.profile_id for run in Run.objects.all()} == {person.pk for person in people}
    assert Run.objects.count() == 2


def test_a_flow_that_is_off_says_so(admin_client: Client, row: Flow, people: Sequence[Profile]) -> None:
    switching.switch_off(row.pk, actor=ANNA, now=NOON)

    assert "is off: nobody enters it" in page(admin_client, row).content.decode()


def test_who_may_not_start_flows_does_not(row: Flow) -> None:
    client = Client()
    user = User.objects.create(username="analyst", is_staff=True)
    user.groups.add(Group.objects.get(name="Analyst"))
    client.force_login(user)

    assert page(client, row).status_code == 403


def test_whoever_is_in_the_segment_of_a_trigger_enters_as_the_flow_is_switched_on(people: Sequence[Profile]) -> None:
    row = drawn()
    trigger = {"id": "t1", "kind": "segment", "segment": "vip", "includes_members": True}
    Flow.objects.filter(pk=row.pk).update(draft={**row.draft, "triggers": [trigger]})
    published(row)

    switching.switch_on(row.pk, actor=ANNA, now=NOON)
    switching.switch_on(row.pk, actor=ANNA, now=NOON)
    tasks.run(Task.objects.get().pk, secs=5)

    assert {run.profile_id for run in Run.objects.all()} == {person.pk for person in people}


def test_programs_let_people_enter(row: Flow, people: Sequence[Profile]) -> None:
    def ask(**body: Any) -> Any:
        return program(Scope.FLOWS_START).post("/api/flows/welcome/start", body, format="json")

    estimate = ask(segment="vip", is_estimate=True)
    assert estimate.json()["estimate"]["n_people"] == 2
    entered = ask(profile_id=str(people[0].pk), payload={"from": "crm"})
    assert (entered.status_code, entered.json()["run_ids"]) == (202, [str(Run.objects.get().pk)])
    assert ask(profile_id=str(people[0].pk)).json()["refused"] == {"already": 1}
    assert ask(segment="vip").json()["task_id"] == str(Task.objects.get().pk)
    assert ask(segment="vipp").json()["field"] == "segment"
    assert ask(segment="vip", profile_id=str(people[0].pk)).status_code == 422
    assert ask(is_estimate=True).json()["field"] == "is_estimate"


def test_a_command_lets_people_enter(row: Flow, people: Sequence[Profile], capsys: pytest.CaptureFixture[str]) -> None:
    def flow(*args: str) -> str:
        call_command("flow", "start", "welcome", *args)
        return capsys.readouterr().out

    assert json.loads(flow("--segment", "vip", "--dry-run"))["n_people"] == 2
    assert flow("--person", str(people[0].pk)) == f"Run {Run.objects.get().pk} has begun.\n"
    assert flow("--person", str(people[0].pk)) == "Nobody entered: they were in it before.\n"
    assert "page by page" in flow("--segment", "vip")
    with pytest.raises(CommandError, match="Either"):
        flow("--segment", "vip", "--person", str(people[0].pk))


def test_a_start_is_on_record_with_whom_and_with_how_many(row: Flow, people: Sequence[Profile]) -> None:
    for _ in range(2):
        call_command("flow", "start", "welcome", "--person", str(people[0].pk))
    call_command("flow", "start", "welcome", "--segment", "vip")

    about = {"name": "Welcome", "person": str(people[0].pk)}
    noted = AuditEntry.objects.filter(actor="command", object_id=str(row.pk)).order_by("pk")
    assert [(each.action, each.details) for each in noted] == [
        ("let people enter", {**about, "n_entered": 1}),
        ("let nobody enter", {**about, "n_entered": 0}),
        ("let people enter", {"name": "Welcome", "segment": "vip"}),
    ]
    with pytest.raises(CommandError, match="nonsense is no id of a person"):
        call_command("flow", "start", "welcome", "--person", "nonsense")


def test_by_hand_is_offered_where_a_trigger_lets_it(admin_client: Client, row: Flow) -> None:
    def offered() -> bool:
        overview = admin_client.get(reverse("admin:flows_overview", args=[row.pk])).content.decode()
        return reverse("admin:flows_start", args=[row.pk]) in overview

    assert offered()
    trigger = {"id": "t1", "kind": "event", "event_type": "signed-up"}
    Flow.objects.filter(pk=row.pk).update(draft={**row.draft, "triggers": [trigger]})
    published(row)
    assert not offered()
