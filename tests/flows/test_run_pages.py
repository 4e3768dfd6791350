"""The pages of runs: who is where, which way they went, and what is done about it; names only to who may see them."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.core.ids import new_id
from apps.core.models import AuditEntry
from apps.flows.models import Flow, PersonRecord, Run, Step, Wait
from apps.profiles.models import Profile
from tests.bridges.factories import DeliveryFactory
from tests.factories import NOON, ProfileFactory
from tests.flows.drawing import drawn, published, redrawn
from tests.flows.factories import FlowVersionFactory, RunFactory
from tests.flows.test_flow_admin import page
from tests.flows.triggers.flowing import on_event, publish
from tests.shop import Shop

pytestmark = pytest.mark.django_db
LIST = reverse("admin:flows_run_changelist")
WAITS = [{"id": 1, "node": "hour", "payload": {"cart": 7}, "wait": {"until": "2026-11-24T12:00:00+00:00"}}]
STATE = {
    "event": {"type": "checkout-started"},
    "tokens": WAITS,
    "path": [["start", "out", 0], ["hour", "out", 3_600_000]],
}


@pytest.fixture
def row() -> Flow:
    row = drawn()
    hour = {"id": "hour", "kind": "wait", "name": "An hour", "settings": {"length": "1 hour"}}
    redrawn(
        row,
        nodes=[row.draft["nodes"][0], hour, row.draft["nodes"][1]],
        edges=[{"from": "start", "to": "hour"}, {"from": "hour", "to": "end"}],
    )
    published(row)
    return row


@pytest.fixture
def anna() -> Profile:
    return ProfileFactory(name="Anna", email="anna@example.com", is_anonymous=False)


def made(row: Flow, person: Profile, **values: Any) -> Run:
    values = {"place": "hour", "state": STATE, "trigger": "t1", **values}
    run: Run = RunFactory(flow=row, profile_id=person.pk, **{"version": row.version, **values})
    return run


def address(run: Run) -> str:
    return reverse("admin:flows_run_change", args=[run.pk])


def analyst() -> Client:
    user = User.objects.create(username="analyst", is_staff=True)
    user.groups.add(Group.objects.get(name="Analyst"))
    client = Client()
    client.force_login(user)
    return client


def test_an_empty_list_says_what_to_do(admin_client: Client) -> None:
    assert "Nobody has entered a flow yet. Publish one and switch it on" in page(admin_client, LIST)


def test_the_list_is_narrowed_by_flow_state_node_time_and_person(
    admin_client: Client, row: Flow, anna: Profile
) -> None:
    soon = timezone.now() + timedelta(minutes=30)
    made(row, anna, due_at=soon)
    made(row, ProfileFactory(name="Ben"), place="end", due_at=soon + timedelta(days=3))
    made(row, ProfileFactory(name="Carla"), status=Run.Status.FAILED, reason="No plan.", due_at=None)
    made(row, ProfileFactory(name="David"), due_at=None, dead_at=NOON)

    def found(**params: Any) -> set[str]:
        shown = page(admin_client, LIST, **params).partition("Goes on State")[2]
        return {name for name in ("Anna", "Ben", "Carla", "David") if name in shown}

    assert found() == {"Anna", "Ben", "Carla", "David"}
    assert found(status="6") == {"Carla"}
    assert found(status="dead") == {"David"}
    assert found(flow=str(row.pk), status="1", node="hour") == {"Anna", "David"}
    assert found(due="hour") == {"Anna"}
    assert found(due="late") == set()
    assert found(q="anna@example.com") == set()  # no identifier leads to her
    assert found(q=str(anna.pk)) == {"Anna"}
    assert "2 go on" not in page(admin_client, LIST)
    assert "1 go on in the next 24 hours" in page(admin_client, LIST, flow=str(row.pk))


def test_a_run_tells_its_way_what_it_waits_for_and_what_it_remembers(
    admin_client: Client, row: Flow, anna: Profile
) -> None:
    run = made(row, anna)
    Wait.objects.create(run_id=run.pk, kind=Wait.Kind.EXIT, type="sale-completed", match={"properties.id": "7"})

    shown = page(admin_client, address(run))

    assert "Welcome: Anna | View run" in admin_client.get(address(run)).content.decode()
    assert "Anna in Welcome" in shown
    assert "under way at An hour" in shown
    assert "Leaves by sale-completed where properties.id is 7" in shown
    assert "By hand, or by the API." in shown
    assert "60 minutes" in shown
    assert "checkout-started" in shown
    assert "cart 7" in shown


def test_the_steps_of_a_traced_run_are_told_with_what_happened(admin_client: Client, row: Flow, anna: Profile) -> None:
    run = made(row, anna, is_traced=True, status=Run.Status.FAILED, reason="No plan.", due_at=None)
    told = {"input": None, "wake": "TimedOut", "output": {"total": 7}, "events": ["won"]}
    Step.objects.create(run_id=run.pk, node="hour", visit=1, at=NOON, port="out", took_us=1_500, told=told)
    Step.objects.create(run_id=run.pk, node="end", visit=2, at=NOON, port="error", took_us=90, error="No plan.")

    shown = page(admin_client, address(run))

    assert "An hour hour out 1.5 ms" in shown
    assert "goes on as the time had come" in shown
    assert "goes on with total 7" in shown
    assert "raises won" in shown
    assert "visit 2 error" in shown
    assert "failed No plan." in shown


def test_who_may_not_see_personal_data_sees_where_people_are_and_not_who(row: Flow, anna: Profile) -> None:
    run = made(row, anna, is_traced=True)
    Step.objects.create(
        run_id=run.pk, node="hour", visit=1, at=NOON, port="out", took_us=9, told={"to": "anna@x.example"}
    )
    client = analyst()

    for shown in (page(client, LIST), page(client, address(run))):
        assert "An hour" in shown
        assert "Anna" not in shown
        assert "anna@" not in shown
        assert "checkout-started" not in shown
    assert "Anna" not in client.get(address(run)).content.decode()  # its title neither
    go = reverse("admin:flows_run_verb", args=[run.pk, "cancel"])
    assert client.post(go).status_code == 403


@pytest.mark.parametrize(
    ("verb", "told"),
    [
        ("run-now", "1 run was let go on."),
        ("skip", "1 run was let go on without waiting."),
        ("cancel", "1 run was taken out."),
        ("revive", "Nobody was given another try: nothing was given up of them."),
    ],
)
def test_a_button_does_it_and_it_is_on_record(
    admin_client: Client, row: Flow, anna: Profile, verb: str, told: str
) -> None:
    run = made(row, anna)

    answer = admin_client.post(reverse("admin:flows_run_verb", args=[run.pk, verb]), follow=True)

    assert told in answer.content.decode()
    assert answer.redirect_chain[-1][0] == address(run)
    assert AuditEntry.objects.filter(object_id=str(run.pk)).count() == 1
    unknown = reverse("admin:flows_run_verb", args=[run.pk, "dance"])
    assert admin_client.post(unknown).status_code == 404


def test_many_are_taken_out_at_once_and_who_had_ended_is_told(admin_client: Client, row: Flow, anna: Profile) -> None:
    runs = [made(row, anna), made(row, anna), made(row, anna, status=Run.Status.FINISHED, due_at=None)]
    chosen = {"action": "cancel", "_selected_action": [str(run.pk) for run in runs], "index": "0"}

    asked = admin_client.post(LIST, chosen).content.decode()
    assert "1 person</strong>, 2 runs under way. Of what you chose 1 had ended" in asked
    assert all(f'name="_selected_action" value="{run.pk}"' in asked for run in runs)
    assert Run.objects.filter(status=Run.Status.LIVE).count() == 2

    answer = admin_client.post(LIST, {**chosen, "post": "on"}, follow=True)

    assert "2 runs were taken out. They had ended, the other 1." in answer.content.decode()
    assert Run.objects.filter(status=Run.Status.REMOVED, reason="Removed by admin.").count() == 2


def test_a_skip_of_many_asks_first_as_what_comes_next_may_send_mail(
    admin_client: Client, row: Flow, anna: Profile
) -> None:
    run = made(row, anna)
    chosen = {"action": "skip", "_selected_action": [str(run.pk)], "index": "0"}

    assert "may send mail" in admin_client.post(LIST, chosen).content.decode()
    assert not Wait.objects.exists()
    admin_client.post(LIST, {**chosen, "post": "on"})
    assert Wait.objects.get().kind == Wait.Kind.SKIP


def test_what_was_given_up_is_tried_again(admin_client: Client, row: Flow, anna: Profile) -> None:
    run = made(row, anna, due_at=None, dead_at=NOON, error="It broke.")
    assert "It broke." in page(admin_client, address(run))

    admin_client.post(reverse("admin:flows_run_verb", args=[run.pk, "revive"]))

    run.refresh_from_db()
    assert run.dead_at is None
    assert run.due_at is not None


def test_the_page_of_a_person_has_their_flows(admin_client: Client, row: Flow, anna: Profile) -> None:
    made(row, anna)
    made(row, anna, status=Run.Status.FAILED, reason="No plan.", due_at=None, ended_at=NOON)

    shown = page(admin_client, reverse("admin:profiles_profile_change", args=[anna.pk]))

    assert "Welcome under way An hour hour" in shown
    assert "Welcome failed No plan." in shown


def test_the_page_of_a_person_has_their_records_for_those_who_may_see_them(
    admin_client: Client, client: Client, anna: Profile
) -> None:
    for number, name in enumerate(("A 1", "B 2")):
        values = {"profile_id": anna.pk, "kind": "car", "name": name, "data": {"seats": number}}
        PersonRecord.objects.create(id=new_id(), set_at=NOON, **values)
    person = reverse("admin:profiles_profile_change", args=[anna.pk])

    assert "car A 1 {&quot;seats&quot;:0}" in page(admin_client, person)
    staff = User.objects.create_user("staff", is_staff=True)
    staff.user_permissions.set(Permission.objects.filter(codename__in=["view_profile", "view_run"]))
    client.force_login(staff)
    assert "car A 1" not in page(client, person)


def test_the_page_of_a_person_tells_why_they_are_not_in_a_flow(
    admin_client: Client, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    flow = publish(on_event(condition="event@properties.value > 100"), key="big")
    shop.track({"type": "checkout-started", "properties": {"value": 20}}, session="anna")
    monkeypatch.setattr("apps.flows.admin.panels.timezone.now", lambda: shop.now)
    person = reverse("admin:profiles_profile_change", args=[Profile.objects.get().pk])

    assert f"{flow.name} not in it The condition of the trigger does not hold" in page(admin_client, person)


def test_nobody_in_a_paused_flow_is_said_to_go_on(admin_client: Client, row: Flow, anna: Profile) -> None:
    run = made(row, anna, due_at=timezone.now() + timedelta(minutes=5))
    assert "1 go on in the next 24 hours" in page(admin_client, LIST, flow=str(row.pk))
    Flow.objects.filter(pk=row.pk).update(state=Flow.State.PAUSED, paused_at=timezone.now())

    assert "go on in the next 24 hours" not in page(admin_client, LIST, flow=str(row.pk))
    person = reverse("admin:profiles_profile_change", args=[anna.pk])
    for shown in (page(admin_client, LIST), page(admin_client, address(run)), page(admin_client, person)):
        assert "when the flow does: it is paused" in shown
    assert "Anna" not in page(admin_client, LIST, due="hour").partition("Runs")[2]


def test_who_waits_for_a_delivery_goes_on_when_that_has_ended(admin_client: Client, row: Flow, anna: Profile) -> None:
    tokens = [{"id": 1, "node": "hour", "at": "2026-11-23T12:00:00+00:00", "wait": {"until": None, "rows": True}}]
    run = made(row, anna, due_at=timezone.now() + timedelta(days=400), state={"tokens": tokens})
    delivery = DeliveryFactory(origin="flow", origin_id=run.pk, parent_id=row.pk, error="The answer was 550.")

    shown = page(admin_client, address(run))
    assert "as soon as what they wait for has happened" in shown
    assert "An hour hour waits here" in shown
    assert "The answer was 550." in shown
    there = reverse("admin:bridges_delivery_change", args=[delivery.pk])
    assert there in admin_client.get(address(run)).content.decode()
    back = admin_client.get(there).content.decode()
    assert address(run) in back
    assert reverse("admin:flows_overview", args=[row.pk]) in back
    Run.objects.all().delete()
    assert "a run that was forgotten" in admin_client.get(there).content.decode()


def test_who_has_ended_waits_nowhere_and_where_it_failed_is_told(
    admin_client: Client, row: Flow, anna: Profile
) -> None:
    over = {"due_at": None, "ended_at": NOON}
    path = [["start", "out", 0], ["hour", "out", 1], ["end", "", 2]]
    reason = "It ended at hour, by refused."
    done = made(row, anna, status=Run.Status.FINISHED, reason=reason, state={"path": path}, **over)
    failed = made(row, anna, status=Run.Status.FAILED, place="hour", state={"path": path[:1]}, **over)

    shown = page(admin_client, address(done))
    assert "waits here" not in shown
    assert "It ended at An hour, by refused." in shown
    assert "An hour hour failed" in page(admin_client, address(failed))


def test_consents_are_told_as_such_and_a_goal_that_was_reached_is_waited_for_no_more(
    admin_client: Client, row: Flow, anna: Profile
) -> None:
    goal = {"id": "g", "name": "Bought", "event_type": "sale-completed", "within_secs": 3600, "ends_run": False}
    said = {**row.draft, "consents": ["marketing-email"], "goals": [goal]}
    version = FlowVersionFactory(flow=row, number=2, definition=said)
    run = made(row, anna, version=version)
    for kind, type in ((Wait.Kind.EXIT, "consent-recorded"), (Wait.Kind.GOAL, "sale-completed")):
        Wait.objects.create(run_id=run.pk, profile_id=anna.pk, kind=kind, type=type)

    shown = page(admin_client, address(run))
    assert "Leaves by withdrawing marketing-email" in shown
    assert "consent-recorded" not in shown
    assert "Goal sale-completed" in shown

    Run.objects.filter(pk=run.pk).update(state={**STATE, "goals": {"g": NOON.isoformat()}})
    assert "Goal sale-completed" not in page(admin_client, address(run))
