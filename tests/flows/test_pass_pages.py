"""Flows over everybody in the admin: made whole, gone through at once, and told on the pages of people."""

from typing import Any

import pytest
from django.contrib.admin import site
from django.test import Client
from django.urls import reverse

from apps.core import tasks
from apps.core.admin.shown import NOTHING
from apps.core.models import Task
from apps.flows.changing import portable, publishing, switching
from apps.flows.models import Flow
from apps.segments.models import Segment
from tests.factories import ANNA, NOON, MembershipFactory, ProfileFactory, SegmentFactory
from tests.flows.drawing import drawn, published
from tests.flows.test_flow_admin import ADDING, LIST, address, as_role, page

pytestmark = pytest.mark.django_db
ADD, CHECK = (f"{each}?kind=segmentation" for each in (ADDING, reverse("admin:flows_check")))


@pytest.fixture
def regulars() -> Segment:
    return SegmentFactory(key="regulars", name="Regulars", kind=Segment.Kind.FLOW)


@pytest.fixture
def flow(regulars: Segment) -> Flow:
    """A flow that is on, and has gone through two people, of whom one has entered."""
    row = drawn(kind=Flow.Kind.SEGMENTATION, draft=publishing.first_draft(Flow.Kind.SEGMENTATION))
    published(row)
    ProfileFactory(visit_count=1)
    ProfileFactory(visit_count=5)
    return switching.switch_on(row.pk, actor=ANNA, now=NOON)


def test_a_new_one_begins_with_a_draft_that_can_be_published(admin_client: Client, regulars: Segment) -> None:
    assert "Decide who is in segments" in page(admin_client, ADDING)
    form = admin_client.get(ADD).context["adminform"].form
    assert form.initial["draft"]["nodes"][2]["settings"] == {"segment": "regulars"}
    assert "Triggers that there are" not in page(admin_client, ADD)
    assert "raise-event" not in page(admin_client, ADD)
    assert not {"kind", "priority", "max_failure_percent"} & set(form.fields)
    said = {"name": "Regulars", "key": "regulars", "draft": portable.written(form.initial["draft"]), "revision": "0"}

    checked = admin_client.post(CHECK, said).content.decode()
    admin_client.post(ADD, said)

    assert "no mistakes" in checked
    assert "Everybody goes through it, again every hour" in checked
    row = Flow.objects.get()
    assert (row.kind, row.draft) == (Flow.Kind.SEGMENTATION, form.initial["draft"])
    shown = page(admin_client, address("flows_overview", row))
    assert "Everybody goes through it once it is published" in shown


def test_its_page_shows_the_last_pass_and_nothing_of_runs(admin_client: Client, flow: Flow) -> None:
    shown = page(admin_client, address("flows_overview", flow))
    assert "never gone through last within a minute next time" in shown
    assert "Go through everybody now" in shown

    answer = admin_client.post(address("flows_pass_now", flow))

    task = Task.objects.get()
    assert answer.headers["Location"] == reverse("admin:core_task_change", args=[task.pk])
    tasks.run(task.pk, secs=60)
    shown = page(admin_client, address("flows_overview", flow))
    assert "1 entered last time 0 left last time" in shown
    assert "Condition asks 2 1 by false, 1 by true" in shown or "Condition asks 2 1 by true, 1 by false" in shown
    for word in ("inside", "Start by hand", "Pause", "Who entered last", "goal"):
        assert word not in shown
    [listed] = admin_client.get(LIST).context["cl"].result_list
    admin = site.get_model_admin(Flow)
    assert (admin.inside(listed), admin.ended(listed), admin.failed(listed)) == (NOTHING, NOTHING, NOTHING)


def test_it_is_told_why_it_cannot_begin_and_only_who_publishes_may(admin_client: Client, flow: Flow) -> None:
    admin_client.post(address("flows_pass_now", flow))
    again = admin_client.post(address("flows_pass_now", flow), follow=True)

    assert "Everybody is being gone through" in again.content.decode()
    analyst = as_role("Analyst")
    assert analyst.post(address("flows_pass_now", flow)).status_code == 403
    assert "Go through everybody now" not in page(analyst, address("flows_overview", flow))


@pytest.mark.parametrize(("verb", "told"), [("on", "The first time is silent"), ("off", "stays there")])
def test_what_follows_from_a_switch_is_said_of_everybody(
    admin_client: Client, flow: Flow, verb: str, told: str
) -> None:
    assert told in page(admin_client, address(f"flows_{verb}", flow))


def test_the_page_of_a_person_says_by_which_way_they_go_to_who_may_see_it(
    admin_client: Client, flow: Flow, regulars: Segment
) -> None:
    person = ProfileFactory(visit_count=2)
    MembershipFactory(segment=regulars, profile_id=person.id)
    change = reverse("admin:profiles_profile_change", args=[person.id])

    shown = page(admin_client, change)
    why = admin_client.get(reverse("admin:segments_why", args=[regulars.pk, person.id])).content.decode()

    assert "goes Condition by false, Leave segment by out leaves regulars" in shown
    assert change in why
    assert "goes Condition" not in page(as_role("Analyst"), change)


def test_a_published_one_is_changed_as_what_it_is(admin_client: Client, flow: Flow) -> None:
    form = admin_client.get(address("flows_flow_change", flow)).context["adminform"].form
    said: dict[str, Any] = {"name": "Others", "draft": portable.written(flow.draft), "revision": "1"}

    admin_client.post(address("flows_flow_change", flow), said)

    flow.refresh_from_db()
    assert (flow.name, flow.kind) == ("Others", Flow.Kind.SEGMENTATION)
    assert "priority" not in form.fields
    assert "by which way everybody goes" in page(admin_client, address("flows_version", flow, 1))


def test_the_page_of_a_segment_names_the_flows_that_decide_about_it(
    admin_client: Client, flow: Flow, regulars: Segment
) -> None:
    other = SegmentFactory(key="others", kind=Segment.Kind.FLOW)

    shown = page(admin_client, reverse("admin:segments_overview", args=[regulars.pk]))
    admin_client.post(address("flows_pass_now", flow))
    tasks.run(Task.objects.get().pk, secs=60)
    later = page(admin_client, reverse("admin:segments_overview", args=[regulars.pk]))

    assert f"Flows that decide {flow.name} on everybody, not yet" in shown
    assert "everybody, last now" in later or "everybody, last a second ago" in later
    assert "Flows that decide" not in page(admin_client, reverse("admin:segments_overview", args=[other.pk]))
    assert f"Flow {flow.name} Version 1" in page(
        admin_client, reverse("admin:core_task_change", args=[Task.objects.get().pk])
    )


def test_a_pass_of_which_nodes_failed_says_so_on_the_page_of_the_flow(admin_client: Client, flow: Flow) -> None:
    Segment.objects.update(is_enabled=False)
    admin_client.post(address("flows_pass_now", flow))
    assert "Go through everybody now" not in page(admin_client, address("flows_overview", flow))

    tasks.run(Task.objects.get().pk, secs=60)

    shown = page(admin_client, address("flows_overview", flow))
    assert "2 of them stay where they are: nodes failed for them. Look at them" in shown
    assert "Go through everybody now" in shown
