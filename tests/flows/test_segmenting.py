"""Flows over everybody: who comes by which way decides the segments that they are in."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core.management import call_command
from django.db import OperationalError
from django.utils import timezone

from apps.core import tasks
from apps.core.memory import forget_all
from apps.core.mistakes import DefinitionError
from apps.core.models import AuditEntry, Task
from apps.flows import jobs, segmenting
from apps.flows.changing import publishing, switching
from apps.flows.changing.publishing import NotNow
from apps.flows.definition import check
from apps.flows.describing import pass_troubles
from apps.flows.models import Assignment, Flow, Run
from apps.flows.runs import subjects, versions
from apps.flows.segmenting import Segmenting
from apps.profiles.models import Profile
from apps.segments import memberships
from apps.segments.models import Cause, Membership, Segment
from tests.factories import ANNA, EventFactory, MembershipFactory, ProfileFactory, SegmentFactory
from tests.flows.drawing import drawn, published, redrawn, saved

pytestmark = pytest.mark.django_db
PRO = 'profile@traits.plan = "pro"'


def graph(condition: str = PRO, segment: str = "pros") -> dict[str, Any]:
    """Lead whoever meets a condition into a segment, and everybody else out of it."""
    return {
        "triggers": [],
        "nodes": [
            {"id": "start", "kind": "start"},
            {"id": "asks", "kind": "condition", "settings": {"condition": condition}},
            {"id": "in", "kind": "enter-segment", "settings": {"segment": segment}},
            {"id": "out", "kind": "leave-segment", "settings": {"segment": segment}},
            {"id": "end", "kind": "end"},
        ],
        "edges": [
            {"from": "start", "to": "asks"},
            {"from": "asks", "port": "true", "to": "in"},
            {"from": "asks", "port": "false", "to": "out"},
            {"from": "in", "to": "end"},
            {"from": "out", "to": "end"},
        ],
    }


@pytest.fixture
def pros() -> Segment:
    return SegmentFactory(key="pros", kind=Segment.Kind.FLOW)


@pytest.fixture
def flow(pros: Segment) -> Flow:
    """A flow that is on, and has not gone through anybody."""
    row = drawn(kind=Flow.Kind.SEGMENTATION, draft=graph())
    published(row)
    return switching.switch_on(row.pk, actor=ANNA, now=timezone.now())


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, UUID, bool]]:
    """What is announced: the type, of whom, whether silently."""
    found: list[tuple[str, UUID, bool]] = []

    def emit(emissions: Any, *, is_silent: bool, now: Any) -> None:
        found.extend((each.type, each.profile_id, is_silent) for each in emissions)

    monkeypatch.setattr(memberships.emitting, "emit", emit)
    return found


def pass_over(flow: Flow) -> Task:
    """Go through everybody, whether it is time or not."""
    [task] = Segmenting().begin(is_full=True, requested_by="anna", now=timezone.now())
    assert tasks.run(task.pk, secs=60) is False
    task.refresh_from_db()
    return task


def members() -> set[UUID]:
    return set(Membership.objects.filter(left_at=None).values_list("profile_id", flat=True))


def test_everybody_is_in_the_segment_to_which_their_way_leads(
    flow: Flow, pros: Segment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segmenting, "PAGE", 2)
    new, member, gone, other = (ProfileFactory(traits={"plan": plan}) for plan in ("pro", "pro", "free", "free"))
    for person in (member, gone):
        MembershipFactory(segment=pros, profile_id=person.id)

    task = pass_over(flow)

    assert members() == {new.id, member.id}
    assert Membership.objects.get(profile_id=new.id).entered_because == Cause.FLOW
    assert not Membership.objects.filter(profile_id=other.id).exists()
    assert (task.state, task.progress, task.message) == (Task.State.DONE, 4, "1 entered, 1 left")
    assert task.position["ways"] == {"start.out": 4, "asks.true": 2, "asks.false": 2, "in.out": 2, "out.out": 2}
    assert not Run.objects.exists()
    pros.refresh_from_db()
    assert pros.size == 2


def test_a_condition_may_ask_about_past_events(pros: Segment) -> None:
    row = drawn(kind=Flow.Kind.SEGMENTATION, draft=graph('COUNT("sale-completed" LAST 30 DAYS) >= 2'))
    published(row)
    switching.switch_on(row.pk, actor=ANNA, now=timezone.now())
    often, once = ProfileFactory(), ProfileFactory()
    for person in (often, often, once):
        EventFactory(type="sale-completed", profile_id=person.id, time=timezone.now() - timedelta(days=1))

    pass_over(row)

    assert members() == {often.id}


def test_the_first_time_is_silent_and_the_second_is_not(flow: Flow, said: list[Any]) -> None:
    one, other = ProfileFactory(traits={"plan": "pro"}), ProfileFactory(traits={"plan": "free"})
    pass_over(flow)
    assert said == [("segment-entered", one.id, True)]

    Profile.objects.filter(pk=other.pk).update(traits={"plan": "pro"})
    pass_over(flow)

    assert said[1:] == [("segment-entered", other.id, False)]


def test_what_was_done_before_a_crash_is_not_done_again(
    flow: Flow, said: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segmenting, "PAGE", 2)
    people = {ProfileFactory(traits={"plan": "pro"}).id for _ in range(5)}
    [task] = Segmenting().begin(is_full=True, requested_by="anna", now=timezone.now())
    write, n_written = subjects.write, []

    def break_once(*args: Any, **named: Any) -> None:
        write(*args, **named)
        n_written.append(1)
        if len(n_written) == 2:
            raise OperationalError

    monkeypatch.setattr(subjects, "write", break_once)
    with pytest.raises(OperationalError):
        tasks.run(task.pk, secs=60)
    said[2:] = []  # what was said in the transaction that was lost
    tasks.run(task.pk, secs=60)

    assert members() == people
    assert len(said) == len(people) == Membership.objects.count()


def test_whoever_a_node_fails_with_stays_where_they_are(pros: Segment) -> None:
    draft = graph()
    draft["nodes"].append({"id": "fails", "kind": "error", "settings": {"reason": "Nobody knows."}})
    draft["edges"][4]["to"] = "fails"  # after they have left
    row = drawn(kind=Flow.Kind.SEGMENTATION, draft=draft)
    published(row)
    switching.switch_on(row.pk, actor=ANNA, now=timezone.now())
    member = ProfileFactory(traits={"plan": "free"})
    MembershipFactory(segment=pros, profile_id=member.id)

    task = pass_over(row)

    assert members() == {member.id}
    told = "Node fails: their way ends there as a failure."  # and not what it says of them
    assert list(task.failures.values_list("row", "reason")) == [(str(member.id), told)]
    way = segmenting.way(member, ["pros"], versions.compiled([row.version_id])[row.version_id], now=timezone.now())
    assert (way.left, way.problem) == ([], "Nobody knows.")


def test_it_is_gone_through_again_when_it_is_time_or_says_something_else(flow: Flow) -> None:
    now = timezone.now()
    begin = Segmenting().begin
    [task] = begin(is_full=False, requested_by="clock", now=now)
    assert not begin(is_full=True, requested_by="clock", now=now)  # it is under way
    tasks.run(task.pk, secs=60)
    assert not begin(is_full=False, requested_by="clock", now=now + timedelta(minutes=59))
    [later] = begin(is_full=False, requested_by="clock", now=now + timedelta(hours=1))

    redrawn(flow, nodes=graph('profile@traits.plan = "team"')["nodes"])
    published(flow)
    tasks.run(later.pk, secs=60)
    later.refresh_from_db()

    assert later.message == segmenting.OTHER_VERSION
    assert begin(is_full=False, requested_by="clock", now=now + timedelta(hours=1))


def test_nobody_is_locked_whose_segments_stay_as_they_are(
    flow: Flow, pros: Segment, monkeypatch: pytest.MonkeyPatch
) -> None:
    new, member = (ProfileFactory(traits={"plan": "pro"}) for _ in range(2))
    ProfileFactory(traits={"plan": "free"})
    MembershipFactory(segment=pros, profile_id=member.id)
    hold, held = subjects.hold, []
    monkeypatch.setattr(subjects, "hold", lambda ids, **named: held.extend(ids) or hold(ids, **named))

    task = pass_over(flow)

    assert (held, task.message) == ([new.id], "1 entered, 0 left")


def test_what_somebody_is_like_once_they_are_held_counts(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    changed, merged = (ProfileFactory(traits={"plan": "pro"}) for _ in range(2))
    hold = subjects.hold

    def after_others(ids: Any, **named: Any) -> Any:
        Profile.objects.filter(pk=changed.pk).update(traits={"plan": "free"})
        Profile.objects.filter(pk=merged.pk).delete()
        return hold(ids, **named)

    monkeypatch.setattr(subjects, "hold", after_others)
    task = pass_over(flow)

    assert not members()
    assert task.position["ways"] == {"start.out": 1, "asks.false": 1, "out.out": 1}


def test_whoever_enters_and_leaves_on_one_way_has_not_moved(flow: Flow, said: list[Any]) -> None:
    draft = graph()
    draft["edges"][3]["to"] = "out"  # whoever enters goes on and leaves
    redrawn(flow, **draft)
    published(flow)
    ProfileFactory(traits={"plan": "pro"})

    assert pass_over(flow).message == "0 entered, 0 left"
    assert not said


@pytest.mark.parametrize("is_kept", [True, False])
def test_everybody_draws_the_same_each_time_and_nothing_is_kept(pros: Segment, is_kept: bool) -> None:
    draft = graph()
    said = {"branches": [{"port": "true"}, {"port": "false"}], "is_kept": is_kept}
    draft["nodes"][1] = {"id": "asks", "kind": "split", "settings": said}
    row = drawn(kind=Flow.Kind.SEGMENTATION, draft=draft)
    version = published(row)
    switching.switch_on(row.pk, actor=ANNA, now=timezone.now())
    people = [ProfileFactory() for _ in range(20)]
    compiled = versions.compiled([version.pk])[version.pk]
    entering = {each.id for each in people if segmenting.way(each, [], compiled, now=timezone.now()).entered}

    told = [pass_over(row).message]
    Flow.objects.filter(pk=row.pk).update(key="renamed")
    forget_all()
    told.append(pass_over(row).message)

    assert members() == entering
    assert 0 < len(entering) < 20
    assert told == [f"{len(entering)} entered, 0 left", "0 entered, 0 left"]
    assert not Assignment.objects.exists()


def test_the_first_time_is_silent_for_segments_that_ask_about_it_too(flow: Flow, said: list[Any]) -> None:
    SegmentFactory(key="both", condition='profile@segments CONTAINS "pros"', built_at=timezone.now())
    one = ProfileFactory(traits={"plan": "pro"})

    pass_over(flow)

    assert sorted(said) == [("segment-entered", one.id, True)] * 2


def test_a_pass_that_was_paused_holds_up_no_later_version(pros: Segment, flow: Flow) -> None:
    [task] = Segmenting().begin(is_full=True, requested_by="anna", now=timezone.now())
    tasks.pause([task.pk], by="anna", now=timezone.now())
    [(_, why)] = pass_troubles.troubles(now=timezone.now())
    assert "was paused" in why

    redrawn(flow, nodes=graph('profile@traits.plan = "team"')["nodes"])
    published(flow)
    person = ProfileFactory(traits={"plan": "team"})
    pass_over(flow)

    assert members() == {person.id}
    assert not list(pass_troubles.troubles(now=timezone.now()))


def test_passes_of_long_ago_are_forgotten(flow: Flow) -> None:
    old, now = pass_over(flow), timezone.now()
    flow.delete()
    jobs.forget_runs()
    assert Task.objects.get() == old

    Task.objects.filter(pk=old.pk).update(finished_at=now - timedelta(days=15))
    jobs.forget_runs()

    assert not Task.objects.exists()


def test_somebody_begins_now_or_is_told_why_not(flow: Flow) -> None:
    def begin() -> Task:
        return segmenting.begin_now(flow.pk, actor=ANNA, now=timezone.now())

    task = begin()
    assert AuditEntry.objects.filter(action="let go through everybody", object_id=str(flow.pk)).exists()
    with pytest.raises(NotNow, match="how far it is"):
        begin()
    tasks.run(task.pk, secs=60)
    switching.switch_off(flow.pk, actor=ANNA, now=timezone.now())
    with pytest.raises(NotNow, match="It is off"):
        begin()
    with pytest.raises(NotNow, match="Nobody is inside"):
        switching.pause(flow.pk, actor=ANNA, now=timezone.now())


def test_it_is_told_when_nobody_begins(flow: Flow) -> None:
    now = timezone.now()
    assert not list(pass_troubles.troubles(now=now + timedelta(minutes=9)))

    [(row, why)] = pass_troubles.troubles(now=now + timedelta(minutes=11))

    assert (row, why) == (flow, "It is time to begin, and nobody does.")


def test_it_is_told_when_it_gets_no_further(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segmenting, "PAGE", 1)
    for _ in range(2):
        ProfileFactory()
    now = timezone.now()
    [task] = Segmenting().begin(is_full=True, requested_by="anna", now=now)

    def whys(**later: int) -> list[str]:
        return [why for _, why in pass_troubles.troubles(now=now + timedelta(**later))]

    assert (whys(minutes=9), whys(minutes=11)) == ([], [pass_troubles.STUCK])
    tasks.run(task.pk, secs=0.001)
    later = now + timedelta(minutes=11)  # workers were sent to it again and again, and each was killed
    Task.objects.filter(pk=task.pk).update(advanced_at=later)
    assert Task.objects.get().progress == 1
    assert (whys(minutes=9), whys(minutes=11)) == ([], [pass_troubles.STUCK])
    tasks.run(task.pk, secs=60)
    assert not whys(minutes=59)


def test_what_was_published_stays_what_it_is(flow: Flow) -> None:
    flow.kind = Flow.Kind.COLLECTION

    with pytest.raises(DefinitionError, match="make another flow"):
        saved(flow, revision=flow.draft_revision, is_unfinished=True)


def test_a_new_one_decides_about_a_segment_that_no_flow_knows(flow: Flow) -> None:
    draft = publishing.first_draft(Flow.Kind.SEGMENTATION)
    assert [each.field for each in check(draft, Flow(kind=Flow.Kind.SEGMENTATION))] == ["settings.segment"] * 2

    SegmentFactory(key="regulars", kind=Segment.Kind.FLOW)

    draft = publishing.first_draft(Flow.Kind.SEGMENTATION)
    assert draft["nodes"][2]["settings"] == {"segment": "regulars"}
    assert not check(draft, Flow(kind=Flow.Kind.SEGMENTATION))


def test_whoever_switches_it_off_ends_it(flow: Flow) -> None:
    ProfileFactory(traits={"plan": "pro"})
    [task] = Segmenting().begin(is_full=True, requested_by="anna", now=timezone.now())
    switching.switch_off(flow.pk, actor=ANNA, now=timezone.now())

    tasks.run(task.pk, secs=60)

    assert Task.objects.get().message == segmenting.OFF
    assert not members()


def test_the_command_goes_through_it_and_says_so(flow: Flow, capsys: pytest.CaptureFixture[str]) -> None:
    ProfileFactory(traits={"plan": "pro"})

    call_command("segment_live", full=True, wait=True)

    told = capsys.readouterr().out
    assert "Go through everybody: Welcome began." in told
    assert "Go through everybody: Welcome: 1 people, 1 entered, 0 left." in told


def test_somebody_is_told_by_which_way_they_go(flow: Flow) -> None:
    compiled = versions.compiled([flow.version_id])[flow.version_id]
    person = ProfileFactory(traits={"plan": "pro"})

    way = segmenting.way(person, [], compiled, now=timezone.now())

    assert way.path == [("start", "out"), ("asks", "true"), ("in", "out"), ("end", "")]
    assert (way.entered, way.left, way.problem) == (["pros"], [], "")
    assert not members()


@pytest.mark.parametrize(
    ("changes", "place", "message"),
    [
        ({"triggers": [{"id": "t1", "kind": "manual"}]}, "triggers", "it has no triggers"),
        ({"entry": {"frequency": "once"}}, "entry", "no rule of entry"),
        ({"quiet_hours": "none"}, "quiet_hours", "no quiet hours"),
        ({"exits": [{"event_type": "sale-completed"}]}, "exits", "nobody stays in it"),
        ({"answers_inline": True}, "answers_inline", "nobody stays in it"),
        ({"nodes": graph()["nodes"][:1], "edges": []}, "nodes", "decides about no segment"),
    ],
)
def test_what_makes_no_sense_over_everybody_is_refused(
    pros: Segment, changes: dict[str, Any], place: str, message: str
) -> None:
    found = check({**graph(), **changes}, Flow(kind=Flow.Kind.SEGMENTATION))

    assert [each.field for each in found if message in each.message] == [place]


@pytest.mark.parametrize(
    ("kind", "settings", "message"),
    [
        ("wait", {"length": "1 day"}, "Nobody waits"),
        ("add-tag", {"tag": "pro"}, "It changes the profile"),
        ("limiter", {"limit": 1}, "It counts who passes"),
        ("changed", {"value": "profile@traits.plan"}, "It keeps something"),
        ("show-message", {"text": "Hello!"}, "It answers whoever waits"),
    ],
)
def test_nodes_that_do_something_else_are_refused(
    pros: Segment, kind: str, settings: dict[str, Any], message: str
) -> None:
    draft = graph()
    draft["nodes"].append({"id": "more", "kind": kind, "settings": settings})
    draft["edges"].append({"from": "in", "to": "more"})

    found = check(draft, Flow(kind=Flow.Kind.SEGMENTATION))

    assert [each.node for each in found if message in each.message] == ["more"]


def test_a_segment_that_nobody_leaves_is_told(pros: Segment) -> None:
    draft = graph()
    del draft["nodes"][3], draft["edges"][4]
    draft["edges"][2]["to"] = "end"

    [doubt] = [each for each in check(draft, Flow(kind=Flow.Kind.SEGMENTATION)) if "ever leaves pros" in each.message]

    assert doubt.is_warning


def test_other_flows_have_no_time_between_two(pros: Segment) -> None:
    found = check({**graph(), "triggers": [{"id": "t1", "kind": "manual"}], "every_secs": 7_200}, Flow())

    assert [each.field for each in found if not each.is_warning] == ["every_secs"]
