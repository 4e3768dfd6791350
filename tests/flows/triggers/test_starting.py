"""People are let in by hand, by a program, or as they are in a segment."""

from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from apps.core import tasks
from apps.core.models import Task
from apps.flows.models import Flow, Run
from apps.flows.triggers import starting
from apps.flows.triggers.starting import CannotStart, Estimate
from apps.profiles.models import Profile
from apps.segments.models import Segment
from tests.factories import ConsentTypeFactory, MembershipFactory, ProfileFactory, SegmentFactory
from tests.flows.factories import FlowFactory
from tests.flows.triggers.flowing import on_event, publish, runs

pytestmark = pytest.mark.django_db
BY_HAND = {"kind": "manual"}


@pytest.fixture
def flow(db: None) -> Flow:
    return publish(BY_HAND, on_event())


@pytest.fixture
def vips(db: None) -> list[Profile]:
    segment: Segment = SegmentFactory(key="vip")
    people: list[Profile] = ProfileFactory.create_batch(5)
    for person in people:
        MembershipFactory(segment=segment, profile_id=person.id)
    MembershipFactory(segment=segment, profile_id=ProfileFactory().id, left_at=timezone.now())
    return people


def work(task: Task) -> Task:
    assert tasks.run(task.id, secs=30) is False
    task.refresh_from_db()
    return task


def given() -> dict[str, Any]:
    return {"consents": {"newsletter": {"revoke": None}}}


def test_one_person_enters_at_once_with_what_they_are_given(flow: Flow) -> None:
    anna = ProfileFactory()

    entered = starting.start_one(flow, anna.id, by="user:1", payload={"offer": 5})

    [run] = runs(flow)
    assert entered.runs == {run.id}
    assert (run.profile_id, run.trigger, run.status) == (anna.id, "t1", Run.Status.LIVE)
    assert run.state["tokens"][0]["payload"] == {"offer": 5}
    assert run.state["event"]["properties"] == {"by": "user:1"}


def test_rules_hold_for_hands_too(db: None) -> None:
    flow = publish(BY_HAND, entry={"frequency": "once"})
    anna = ProfileFactory()
    starting.start_one(flow, anna.id, by="user:1")

    again = starting.start_one(flow, anna.id, by="user:1")

    assert (again.runs, dict(again.refused)) == (set(), {"already": 1})


def test_a_run_without_a_person(flow: Flow) -> None:
    starting.start_nobody(flow, by="key:feed", payload=[1])

    [run] = runs(flow)
    assert run.profile_id is None


@pytest.mark.parametrize("pages", [500, 2])
def test_all_who_are_in_a_segment_enter_by_a_task(
    flow: Flow, vips: list[Profile], monkeypatch: pytest.MonkeyPatch, pages: int
) -> None:
    monkeypatch.setattr(starting, "PAGE", pages)

    task = work(starting.start_segment(flow, "vip", by="user:1", payload={"offer": 5}))

    assert sorted(run.profile_id for run in runs(flow)) == sorted(person.id for person in vips)  # type: ignore[type-var]
    assert (task.state, task.message) == (Task.State.DONE, "5 entered")
    assert starting.told(task) == [("Flow", flow.name), ("Segment", "vip")]


def test_a_page_that_is_done_twice_lets_nobody_in_twice(flow: Flow, vips: list[Profile]) -> None:
    task = starting.start_segment(flow, "vip", by="user:1")

    for _ in range(2):
        starting.step(task)

    assert len(runs(flow)) == 5
    work(starting.start_segment(flow, "vip", by="user:1"))
    assert len(runs(flow)) == 10


def test_of_a_flow_that_is_off_meanwhile_nobody_more_enters(flow: Flow, vips: list[Profile]) -> None:
    task = starting.start_segment(flow, "vip", by="user:1")
    Flow.objects.update(state=Flow.State.PAUSED)

    assert "paused" in work(task).message
    assert runs(flow) == []


def test_it_is_said_before_whom_a_start_would_reach(vips: list[Profile]) -> None:
    ConsentTypeFactory(id="newsletter")
    flow = publish(BY_HAND, consents=["newsletter"])
    for person in vips[:3]:
        Profile.objects.filter(pk=person.pk).update(**given())
    starting.start_one(flow, vips[0].id, by="user:1")
    starting.start_one(flow, vips[1].id, by="user:1")
    Run.objects.filter(profile_id=vips[1].id).update(status=Run.Status.FINISHED, due_at=None)

    assert starting.estimate(flow, "vip") == Estimate(n_people=5, n_without_consent=2, n_before=2, n_in=1)
    task = work(starting.start_segment(flow, "vip", by="user:1"))
    assert task.message == "3 entered, 2 not (consent)"


def test_who_is_in_the_segment_of_a_trigger_enters_where_it_says_so(vips: list[Profile]) -> None:
    trigger = {"kind": "segment", "segment": "vip"}
    flow = publish({**trigger, "includes_members": True}, {**trigger, "includes_members": False})

    [task] = starting.start_members(flow, by="user:1")
    work(task)

    assert {run.trigger for run in runs(flow)} == {"t1"}
    assert len(runs(flow)) == 5


class TestWhatCannotBe:
    @pytest.mark.parametrize("state", [Flow.State.OFF, Flow.State.PAUSED])
    def test_a_flow_that_is_not_on(self, flow: Flow, state: str) -> None:
        Flow.objects.update(state=state)
        flow.refresh_from_db()

        with pytest.raises(CannotStart, match="nobody enters it"):
            starting.start_one(flow, ProfileFactory().id, by="user:1")

    def test_one_that_was_never_published(self) -> None:
        with pytest.raises(CannotStart, match="never published"):
            starting.startable(FlowFactory())

    def test_one_without_a_trigger_by_hand(self) -> None:
        with pytest.raises(CannotStart, match="no trigger by hand"):
            starting.start_one(publish(on_event()), ProfileFactory().id, by="user:1")

    def test_a_person_who_is_not_there(self, flow: Flow) -> None:
        with pytest.raises(CannotStart, match="There is no profile") as caught:
            starting.start_one(flow, uuid4(), by="user:1")

        assert caught.value.field == "profile"

    def test_a_segment_that_is_not_there(self, flow: Flow, vips: list[Profile]) -> None:
        with pytest.raises(CannotStart, match=r"no segment vips\. Did you mean vip\?") as caught:
            starting.start_segment(flow, "vips", by="user:1")

        assert caught.value.field == "segment"

    def test_a_payload_that_cannot_be_stored(self, flow: Flow) -> None:
        with pytest.raises(CannotStart) as caught:
            starting.start_one(flow, ProfileFactory().id, by="user:1", payload={"name": "a\x00"})

        assert caught.value.field == "payload.name"
