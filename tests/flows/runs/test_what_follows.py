"""What runs do: they send, raise events, let people into segments and other flows, and are told of it."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from apps.bridges import outbox
from apps.bridges.models import Delivery
from apps.events.models import InboxItem
from apps.flows import delivery_endings
from apps.flows.engine.graph import Rule
from apps.flows.engine.moves import (
    Ask,
    Awaited,
    Change,
    Delivered,
    End,
    Fail,
    Go,
    Membership,
    Move,
    Raised,
    Returned,
    Sent,
    Started,
    Stay,
    TimedOut,
)
from apps.flows.engine.state import fresh
from apps.flows.engine.step import Step
from apps.flows.models import EndingCount, Flow, FlowVersion, Run, Wait
from apps.flows.models import Step as StepRow
from apps.flows.runs import answers, batches, entering, leaving, pausing
from apps.flows.runs.answers import LATER
from apps.profiles.models import Profile
from apps.segments import definitions
from apps.segments.models import Cause, Segment
from apps.segments.models import Membership as Member
from tests.bridges.factories import ConnectionFactory
from tests.factories import NOON, EventTypeFactory, ProfileFactory, SegmentFactory
from tests.flows.engine.graphs import Node, go
from tests.flows.factories import FlowFactory
from tests.flows.runs.published import let_in, pass_time, publish, run_of

HOUR = timedelta(hours=1)
pytestmark = pytest.mark.django_db


def start(step: Step) -> Move:
    return Go()


def rest(step: Step) -> Move:
    return Go() if isinstance(step.wake, TimedOut) else Stay(until=step.now + HOUR)


def one(version: FlowVersion, **values: Any) -> UUID:
    [id] = let_in(version, [ProfileFactory().id], **values)
    pass_time(NOON)
    return id


# --- deliveries


@pytest.fixture
def sending() -> FlowVersion:
    connection = ConnectionFactory()

    def send(step: Step) -> Move:
        if isinstance(step.wake, Delivered):
            return Go(memory={"said": [step.wake.outcome, step.wake.answer]})
        return Stay(until=None, sent=Sent(connection.pk, {"path": "/hook"}))

    return publish({"start": start, "send": send}, ["start -> send"])


def test_a_run_waits_for_its_delivery_and_is_told_how_it_ended(sending: FlowVersion) -> None:
    id = one(sending)
    [row] = Delivery.objects.all()
    assert (row.key, row.origin, row.origin_id, row.parent_id) == (f"{id}:send:1", "flow", id, sending.flow_id)

    row.outcome, row.answer, row.ended_at = Delivery.Outcome.DELIVERED, {"status": 200}, NOON
    delivery_endings.tell([row])
    pass_time(NOON + HOUR)

    assert run_of(id).state["memory"]["said"] == ["delivered", {"status": 200}]
    assert not Wait.objects.exists()


def test_a_visit_that_is_tried_again_sends_the_same_again_and_nothing_that_arrived() -> None:
    """The first try may have arrived: under another key its receiver would take it for another one."""
    connection = ConnectionFactory()

    def send(step: Step) -> Move:
        if isinstance(step.wake, Delivered):
            return Fail(f"It was {step.wake.outcome}.")
        return Stay(until=None, sent=Sent(connection.pk, {"path": "/hook"}))

    id = one(publish({"start": start, "send": Node(send, options={"retries": 2, "rest": HOUR})}, ["start -> send"]))
    row = Delivery.objects.get()

    def ends(outcome: Delivery.Outcome, at: datetime) -> None:
        row.outcome, row.due_at, row.ended_at = outcome, None, at
        delivery_endings.tell([row])
        row.save()
        pass_time(at)

    ends(Delivery.Outcome.EXPIRED, NOON)
    pass_time(NOON + HOUR)
    row.refresh_from_db()
    assert (row.outcome, row.due_at, row.key) == (Delivery.Outcome.WAITING, NOON + HOUR, f"{id}:send:1")

    ends(Delivery.Outcome.DELIVERED, NOON + HOUR)
    assert run_of(id).status == Run.Status.LIVE
    pass_time(NOON + 2 * HOUR)
    assert (run_of(id).status, run_of(id).reason) == (Run.Status.FAILED, "Node send: It was delivered.")
    assert Delivery.objects.get().outcome == Delivery.Outcome.DELIVERED


def test_a_run_that_has_gone_on_stays_where_it_is_when_its_delivery_is_tried_again(sending: FlowVersion) -> None:
    id = one(sending)
    row = Delivery.objects.get()

    def ends(outcome: Delivery.Outcome) -> None:
        row.outcome, row.due_at, row.ended_at = outcome, None, NOON
        delivery_endings.tell([row])
        row.save()

    ends(Delivery.Outcome.REFUSED)
    pass_time(NOON)
    before = run_of(id)
    assert before.state["memory"]["said"][0] == "refused"

    assert outbox.retry(Delivery.objects.all(), now=NOON) == [row.pk]
    ends(Delivery.Outcome.DELIVERED)
    pass_time(NOON + HOUR)
    assert (run_of(id).state, run_of(id).leases) == (before.state, before.leases)


def test_what_is_tried_again_before_its_run_goes_on_has_ended_as_it_did_last(sending: FlowVersion) -> None:
    id = one(sending)
    row = Delivery.objects.get()
    for outcome in (Delivery.Outcome.REFUSED, Delivery.Outcome.DELIVERED):
        row.outcome, row.ended_at = outcome, NOON
        delivery_endings.tell([row])

    pass_time(NOON)

    assert run_of(id).state["memory"]["said"] == ["delivered", None]


def test_what_was_to_be_sent_for_who_is_taken_out_is_cancelled(sending: FlowVersion) -> None:
    id = one(sending)

    leaving.end([id], Run.Status.REMOVED, "Removed by anna.", now=NOON)

    assert Delivery.objects.get().outcome == Delivery.Outcome.CANCELLED
    assert not Wait.objects.exists()


@pytest.mark.parametrize(
    ("type", "outcome"), [("purchase", Delivery.Outcome.CANCELLED), ("ready", Delivery.Outcome.WAITING)]
)
def test_what_nobody_waits_for_is_cancelled_too_where_an_exit_ends_the_run(type: str, outcome: str) -> None:
    connection = ConnectionFactory()

    def send(step: Step) -> Move:
        return Go(sent=(Sent(connection.pk, {"path": "/hook"}, is_waited_for=False),))

    def await_ready(step: Step) -> Move:
        return Go() if step.wake else Stay(until=None, events=(Awaited("ready"),))

    nodes = {"start": start, "send": Node(send), "rest": Node(await_ready)}
    id = one(publish(nodes, ["start -> send", "send -> rest"], exits=(Rule("purchase"),)))
    assert Delivery.objects.get().outcome == Delivery.Outcome.WAITING

    Wait.objects.filter(run_id=id, type=type).update(met=[{"id": "1", "type": type}])
    leaving.make_due([id], now=NOON + HOUR)
    pass_time(NOON + HOUR)

    assert run_of(id).status == (Run.Status.EXITED if type == "purchase" else Run.Status.FINISHED)
    assert Delivery.objects.get().outcome == outcome


def test_a_delivery_is_planned_once_whoever_died_meanwhile(
    sending: FlowVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    [id] = let_in(sending, [ProfileFactory().id])

    def die(*_args: Any, **_values: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("apps.flows.runs.run_counts.count", die)
        with pytest.raises(KeyboardInterrupt):
            batches.go_on(now=NOON)
    assert pass_time(NOON + Run.LEASE / 2) == 0

    assert pass_time(NOON + Run.LEASE) == 1
    assert [row.key for row in Delivery.objects.all()] == [f"{id}:send:1"]


# --- events and segments


def test_an_event_is_raised_in_the_transaction_of_the_run() -> None:
    EventTypeFactory(type="cart-forgotten")
    node = Node(lambda step: Go(raised=(Raised("cart-forgotten", {"n": 1}),)))
    id = one(publish({"start": start, "say": node}, ["start -> say"]))

    [item] = InboxItem.objects.all()
    assert f"{id}:say:1" in item.body


def test_an_event_that_cannot_be_raised_fails_its_run_and_no_other() -> None:
    EventTypeFactory(type="cart-forgotten")

    def say(step: Step) -> Move:
        return Go(raised=(Raised(step.scope["event"]["says"]),))

    version = publish({"start": start, "say": say}, ["start -> say"])
    people = [ProfileFactory().id for _ in range(3)]
    ids = let_in(version, people[:1], event={"says": "nobody-made-this"})
    ids += let_in(version, people[1:], event={"says": "cart-forgotten"})

    pass_time(NOON)

    assert [run_of(id).status for id in ids] == [Run.Status.FAILED, Run.Status.FINISHED, Run.Status.FINISHED]
    assert run_of(ids[0]).reason == "Node say: There is no event type nobody-made-this that a flow can raise."
    assert InboxItem.objects.get().body.count('"type":"cart-forgotten"') == 2


@pytest.mark.parametrize("raised", [Raised("deleted-since"), Raised("cart-forgotten", {"text": "x" * 200_000})])
def test_who_cannot_raise_an_event_leaves_by_the_port_for_errors(raised: Raised) -> None:
    EventTypeFactory(type="cart-forgotten")
    node = Node(lambda _step: Go(raised=(raised,)), ports=("out", "error"))
    id = one(publish({"start": start, "say": node, "sorry": go}, ["start -> say", "say.error -> sorry"]))

    assert [[node, port] for node, port, _ in run_of(id).state["path"]][-1][0] == "sorry"
    assert run_of(id).status == Run.Status.FINISHED
    assert not InboxItem.objects.exists()


def test_people_enter_segments_that_go_by_flows_and_those_that_ask_about_them() -> None:
    definitions.save(Segment(key="vip", name="Vip", kind=Segment.Kind.FLOW))
    asking = Segment(key="asking", name="Asking", condition='profile@segments CONTAINS "vip"')
    definitions.save(asking)
    rich = Segment(key="rich", name="Rich", condition="profile@traits.rich = TRUE")
    definitions.save(rich)

    def enter(step: Step) -> Move:
        return Go(memberships=(Membership("vip", True),), changes=(Change("equals", "traits.rich", True),))

    person = ProfileFactory()
    let_in(publish({"start": start, "in": enter}, ["start -> in"]), [person.id])

    pass_time(NOON)

    found = {row.segment.key: row.entered_because for row in Member.objects.filter(profile_id=person.id, left_at=None)}
    assert found == {"vip": Cause.FLOW, "asking": Cause.EVENT, "rich": Cause.EVENT}


def test_a_segment_that_does_not_go_by_flows_is_no_place_to_put_people() -> None:
    SegmentFactory(key="pros")
    id = one(
        publish({"start": start, "in": Node(lambda step: Go(memberships=(Membership("pros", True),)))}, ["start -> in"])
    )

    run = run_of(id)
    assert run.status == Run.Status.FAILED
    assert "pros does not go by flows" in run.reason


# --- sub-flows


@pytest.fixture
def inner() -> FlowVersion:
    def give(step: Step) -> Move:
        return Go(changes=(Change("equals", "traits.inner", step.payload),))

    return publish({"start": start, "rest": rest, "give": give}, ["start -> rest", "rest -> give"])


def calling(key: str) -> FlowVersion:
    def call(step: Step) -> Move:
        if isinstance(step.wake, Returned):
            return Go(memory={"returned": [step.wake.status, step.wake.reason]})
        return Stay(until=None, child=Started(key, {"n": 1}))

    return publish({"start": start, "call": call}, ["start -> call"])


def test_a_run_waits_for_the_one_that_it_started_for_the_same_person(inner: FlowVersion) -> None:
    id = one(calling(inner.flow.key))
    child = Run.objects.get(parent_id=id)
    assert child.profile_id == run_of(id).profile_id

    pass_time(NOON + HOUR)

    assert Profile.objects.get(pk=child.profile_id).traits == {"inner": {"n": 1}}
    assert run_of(id).status == Run.Status.FINISHED
    assert run_of(id).state["memory"]["returned"] == [Run.Status.FINISHED, run_of(child.id).reason]


def test_a_flow_that_is_off_returns_at_once_that_nobody_enters_it(inner: FlowVersion) -> None:
    Flow.objects.filter(pk=inner.flow_id).update(state=Flow.State.OFF)
    id = one(calling(inner.flow.key))

    said = f"Nobody enters the flow {inner.flow.key}: it is off."
    assert run_of(id).state["memory"]["returned"] == [Run.Status.FAILED, said]


def test_who_is_taken_out_of_a_flow_is_out_of_those_that_it_started(inner: FlowVersion) -> None:
    id = one(calling(inner.flow.key))
    child = Run.objects.get(parent_id=id)

    assert set(leaving.end([id], Run.Status.REMOVED, "Removed by anna.", now=NOON)) == {id, child.id}

    assert run_of(child.id).status == Run.Status.REMOVED


def test_a_run_that_waits_for_one_that_was_taken_out_is_told(inner: FlowVersion) -> None:
    id = one(calling(inner.flow.key))
    child = Run.objects.get(parent_id=id)

    leaving.end([child.id], Run.Status.REMOVED, "Removed by anna.", now=NOON)
    pass_time(NOON)

    assert run_of(id).state["memory"]["returned"] == [Run.Status.REMOVED, "Removed by anna."]


# --- what is told of runs


def test_steps_of_a_run_that_is_traced_are_kept() -> None:
    version = publish({"start": start, "rest": rest}, ["start -> rest"])
    id, other = one(version, is_traced=True), one(version)

    assert list(StepRow.objects.filter(run_id=id).order_by("at", "id").values_list("node", "visit", "port")) == [
        ("start", 1, "out"),
        ("rest", 1, ""),
    ]
    assert not StepRow.objects.filter(run_id=other).exists()


def test_who_enters_with_the_key_of_another_run_does_not() -> None:
    version = publish({"start": start, "rest": rest}, ["start -> rest"])
    key, people = UUID(int=7), [ProfileFactory().id for _ in range(2)]
    begun = fresh("start", began=NOON)
    entries = [
        entering.Entry(UUID(int=n), version.flow_id, version.pk, id, begun, NOON, entry_key=key)
        for n, id in enumerate(people, 1)
    ]

    assert entering.enter(entries) == {UUID(int=1)}
    assert entering.enter(entries) == set()
    assert Run.objects.get().original_profile_id == people[0]


# --- what fails


def test_a_flow_of_whose_runs_too_many_fail_is_paused_and_what_failed_before_is_forgiven() -> None:
    def lot(step: Step) -> Move:
        return End(Run.Status.FAILED, "It had to.") if step.scope["event"]["fails"] else Go()

    version = publish({"start": start, "lot": lot}, ["start -> lot"])
    quiet = publish({"start": start, "lot": lot}, ["start -> lot"])
    let_in(version, [ProfileFactory().id for _ in range(4)], event={"fails": True})
    let_in(version, [ProfileFactory().id for _ in range(15)], event={"fails": False})
    let_in(quiet, [ProfileFactory().id for _ in range(3)], event={"fails": True})
    pass_time(NOON)
    assert pausing.pause_failing(now=NOON) == []  # of too few nothing is concluded

    let_in(version, [ProfileFactory().id], event={"fails": False})
    pass_time(NOON)

    assert pausing.pause_failing(now=NOON + 2 * HOUR) == []
    assert pausing.pause_failing(now=NOON) == [version.flow.name]
    flow = Flow.objects.get(pk=version.flow_id)
    assert (flow.state, flow.paused_because) == (
        Flow.State.PAUSED,
        "4 of the 20 runs that ended within an hour have failed.",
    )
    counted = EndingCount.objects.filter(flow=flow).values_list("status", "n")
    assert dict(counted) == {Run.Status.FAILED: 4, Run.Status.FINISHED: 16}
    Flow.objects.filter(pk=flow.pk).update(state=Flow.State.ON, failures_since=NOON + HOUR)
    assert pausing.pause_failing(now=NOON) == []


def test_a_version_that_cannot_be_compiled_holds_its_runs_alone() -> None:
    version = publish({"start": start}, [])
    broken = FlowVersion.objects.create(
        flow=FlowFactory(), number=1, definition={"nodes": "gone"}, published_at=NOON, published_by="anna"
    )
    [id] = let_in(version, [ProfileFactory().id])
    [lame] = let_in(version, [ProfileFactory().id])
    Run.objects.filter(pk=lame).update(version_id=broken.pk, flow_id=broken.flow_id)

    pass_time(NOON)

    assert run_of(id).status == Run.Status.FINISHED
    run = run_of(lame)
    assert (run.status, run.error, run.due_at) == (Run.Status.LIVE, batches.BROKEN, NOON + timedelta(seconds=2))


def test_the_runs_of_a_flow_that_is_gone_end() -> None:
    version = publish({"start": start, "rest": rest}, ["start -> rest"])
    id = one(version)
    version.flow.delete()

    pass_time(NOON + HOUR)

    assert (run_of(id).status, run_of(id).reason) == (Run.Status.REMOVED, batches.DELETED)


# --- what is late


def test_late_runs_go_on_so_many_a_minute_and_the_others_at_once() -> None:
    version = publish({"start": start, "rest": rest}, ["start -> rest"])
    Flow.objects.filter(pk=version.flow_id).update(catch_up_per_minute=6)
    other = publish({"start": start, "rest": rest}, ["start -> rest"])
    late = let_in(version, [ProfileFactory().id for _ in range(5)])
    let_in(other, [ProfileFactory().id for _ in range(5)])
    pass_time(NOON)
    now = NOON + 3 * HOUR

    def n_live(of: FlowVersion) -> int:
        return Run.objects.filter(version_id=of.pk, status=Run.Status.LIVE).count()

    pass_time(now)
    assert (n_live(version), n_live(other)) == (4, 0)
    pass_time(now + timedelta(seconds=19))
    assert n_live(version) == 3
    pass_time(now + timedelta(seconds=40))
    assert {run_of(id).status for id in late} == {Run.Status.FINISHED}


def test_who_is_in_time_goes_on_before_a_backlog_is_worked_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "SIZE", 2)
    version = publish({"start": start}, [])
    let_in(version, [ProfileFactory().id for _ in range(6)])
    [timely] = let_in(version, [ProfileFactory().id], at=NOON + HOUR)

    assert batches.go_on(now=NOON + HOUR) == 3

    assert run_of(timely).status == Run.Status.FINISHED
    assert pass_time(NOON + HOUR) == 4


def test_runs_in_time_wait_for_no_late_ones() -> None:
    version = publish({"start": start, "rest": rest}, ["start -> rest"])
    Flow.objects.filter(pk=version.flow_id).update(catch_up_per_minute=1)
    let_in(version, [ProfileFactory().id for _ in range(5)], at=NOON - 3 * HOUR)
    [fresh] = let_in(version, [ProfileFactory().id])

    pass_time(NOON)

    assert run_of(fresh).place == "rest"


def test_nothing_that_has_happened_is_lost_where_an_answer_has_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    told = iter([[LATER], [True]])
    monkeypatch.setitem(answers._kinds, "limit", lambda _questions: next(told))
    heard = []

    def await_first(step: Step) -> Move:
        if step.wake is None:
            return Stay(until=None, events=(Awaited("first"),))
        return Go() if step.answer else Ask("limit", {"key": "all", "limit": 1, "window_secs": 1})

    def await_second(step: Step) -> Move:
        if step.wake is None:
            return Stay(until=None, events=(Awaited("second"),))
        heard.append(step.wake)
        return Go()

    nodes = {"start": go, "one": Node(await_first), "other": Node(await_second)}
    id = one(publish(nodes, ["start -> one", "start -> other"]))
    for type in ("first", "second"):
        Wait.objects.filter(run_id=id, type=type).update(met=[{"id": type, "type": type}])
    leaving.make_due([id], now=NOON + HOUR)

    batches.go_on(now=NOON + HOUR)
    assert Wait.objects.exclude(met=[]).count() == 2
    pass_time(NOON + HOUR)

    assert run_of(id).status == Run.Status.FINISHED
    assert len(heard) == 1
    assert not Wait.objects.exists()
