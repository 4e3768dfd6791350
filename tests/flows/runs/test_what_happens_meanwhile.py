"""While somebody waits, their flow changes or is paused; they are merged, parted, erased, or withdraw a consent."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from apps.bridges.models import Delivery
from apps.core import audit, claims, tasks
from apps.events.models import Event
from apps.events.resolution import by_hand, moving
from apps.flows.engine.graph import Goal, Rule
from apps.flows.engine.moves import Ask, Awaited, Change, Go, Met, Move, Raised, Sent, Skipped, Stay, TimedOut
from apps.flows.engine.step import Step
from apps.flows.models import Contact, Flow, FlowVersion, Run, Wait
from apps.flows.runs import batches, leaving, pausing, pending
from apps.flows.runs.pausing import CannotResume, Policy
from apps.profiles.jobs import start_erasure
from apps.profiles.models import Merge, PrivacyRequest, Profile
from tests.bridges.factories import ConnectionFactory
from tests.factories import ANNA, NOON, ConsentTypeFactory, EventTypeFactory, ProfileFactory
from tests.flows.factories import FlowFactory, FlowVersionFactory
from tests.flows.nodes.documents import flow
from tests.flows.runs.published import let_in, pass_time, publish, run_of
from tests.flows.triggers import flowing
from tests.shop import Shop

HOUR = timedelta(hours=1)
EDGES = ["start -> rest", "rest -> mark"]


def start(step: Step) -> Move:
    return Go()


def rest(step: Step) -> Move:
    return (
        Go() if isinstance(step.wake, TimedOut | Skipped) else Stay(until=step.now + HOUR, events=(Awaited("never"),))
    )


def marking(trait: str) -> Any:
    def mark(step: Step) -> Move:
        return Go(changes=(Change("equals", f"traits.{trait}", True),))

    return mark


@pytest.fixture
def version(db: None) -> FlowVersion:
    return publish({"start": start, "rest": rest, "mark": marking("first")}, EDGES)


def enter(version: FlowVersion, person: UUID, **values: Any) -> UUID:
    """Let somebody enter at noon, and wait for an hour."""
    [id] = let_in(version, [person], **values)
    pass_time(NOON)
    assert run_of(id).place == "rest"
    return id


def traits(person: UUID) -> dict[str, Any]:
    found: dict[str, Any] = Profile.objects.get(pk=person).traits
    return found


# --- a new version


def test_who_waits_ends_on_the_version_on_which_they_paused(version: FlowVersion) -> None:
    person = ProfileFactory().id
    id = enter(version, person)
    publish(
        {"start": start, "rest": rest, "mark": marking("second")},
        EDGES,
        version=FlowVersionFactory(flow=version.flow, number=2),
    )

    pass_time(NOON + HOUR)

    assert (run_of(id).version_id, traits(person)) == (version.pk, {"first": True})


def test_who_is_to_move_goes_on_at_the_next_node_of_the_new_version(version: FlowVersion) -> None:
    person = ProfileFactory().id
    id = enter(version, person)
    newer = FlowVersionFactory(flow=version.flow, number=2)
    publish({"start": start, "rest": rest, "mark": marking("second")}, EDGES, version=newer)
    FlowVersion.objects.filter(pk=version.pk).update(successor=newer)

    pass_time(NOON + HOUR)

    assert (run_of(id).version_id, traits(person)) == (newer.pk, {"second": True})


# --- a pause


def paused(version: FlowVersion) -> Flow:
    """Pause the flow half an hour before the wait is over, and for two hours."""
    pausing.pause(version.flow, now=NOON + HOUR / 2)
    return version.flow


def resume(flow: Flow, policy: Policy) -> None:
    task = pausing.resume(flow, policy=policy, requested_by="anna", now=NOON + 2.5 * HOUR)
    assert not tasks.run(task.pk, secs=60)
    flow.refresh_from_db()
    assert flow.state == Flow.State.ON


def test_nobody_goes_on_while_the_flow_is_paused(version: FlowVersion) -> None:
    person = ProfileFactory().id
    id = enter(version, person)
    paused(version)

    pass_time(NOON + 2 * HOUR)

    run = run_of(id)
    assert (run.status, run.place, run.due_at, run.held_due_at) == (Run.Status.LIVE, "rest", None, NOON + HOUR)
    assert traits(person) == {}


def test_what_was_due_meanwhile_happens_late(version: FlowVersion) -> None:
    early, late = ProfileFactory().id, ProfileFactory().id
    enter(version, early)
    [id] = let_in(version, [late], at=NOON + HOUR / 4)
    pass_time(NOON + HOUR / 4)
    flow = paused(version)
    pass_time(NOON + HOUR)

    resume(flow, Policy.NOW)
    pass_time(NOON + 2.5 * HOUR)

    assert (traits(early), traits(late)) == ({"first": True}, {"first": True})
    assert run_of(id).behind == timedelta()


def test_clocks_stand_still_and_all_happens_later_by_as_long_as_the_pause(version: FlowVersion) -> None:
    held, waiting = ProfileFactory().id, ProfileFactory().id
    ids = [enter(version, held)]
    ids += let_in(version, [waiting], at=NOON + HOUR / 4)
    pass_time(NOON + HOUR / 4)
    flow = paused(version)
    pass_time(NOON + HOUR)  # the first one is held, the other one is not due yet

    resume(flow, Policy.SHIFT)
    pass_time(NOON + 2.9 * HOUR)

    assert (traits(held), traits(waiting)) == ({}, {})
    assert [run_of(id).due_at for id in ids] == [NOON + 3 * HOUR, NOON + 3.25 * HOUR]
    pass_time(NOON + 3 * HOUR)
    assert (traits(held), traits(waiting)) == ({"first": True}, {})
    pass_time(NOON + 3.25 * HOUR)
    assert traits(waiting) == {"first": True}


@pytest.mark.django_db
def test_a_goal_has_as_much_time_left_as_before_the_pause() -> None:
    goals = (Goal("g", "Buys", Rule("purchase"), within=2 * HOUR, ends_run=False),)
    version = publish({"start": start, "rest": rest}, ["start -> rest"], goals=goals)
    id = enter(version, ProfileFactory().id)
    goal = Wait.objects.filter(run_id=id, kind=Wait.Kind.GOAL)
    flow = paused(version)

    resume(flow, Policy.SHIFT)

    assert goal.get().expires_at == NOON + 4 * HOUR
    bought = {"id": "1", "type": "purchase", "time": (NOON + 4 * HOUR).isoformat()}
    goal.update(met=[bought])
    leaving.make_due([id], now=NOON + 4.1 * HOUR)
    pass_time(NOON + 4.1 * HOUR)
    assert run_of(id).goal_at == NOON + 4.1 * HOUR


def test_who_was_to_go_on_meanwhile_is_out_and_the_others_stay(version: FlowVersion) -> None:
    held, waiting = ProfileFactory().id, ProfileFactory().id
    ids = [enter(version, held)]
    flow = paused(version)
    ids += let_in(version, [waiting], at=NOON + 2 * HOUR)
    pass_time(NOON + HOUR)
    Run.objects.filter(pk=ids[1]).update(due_at=NOON + 3 * HOUR)

    resume(flow, Policy.DROP)

    assert [run_of(id).status for id in ids] == [Run.Status.REMOVED, Run.Status.LIVE]
    assert run_of(ids[0]).reason == pausing.DROPPED
    assert not Wait.objects.filter(run_id=ids[0]).exists()


@pytest.mark.parametrize("policy", Policy)
@pytest.mark.parametrize("let_go", [pending.run_now, pending.skip])
def test_whom_somebody_lets_go_on_while_the_flow_is_paused_goes_on_with_it(
    version: FlowVersion, policy: Policy, let_go: Any
) -> None:
    id = enter(version, ProfileFactory().id)
    flow = paused(version)

    assert let_go(Run.objects.filter(pk=id), now=NOON + 2 * HOUR) == 1
    pass_time(NOON + 2 * HOUR)
    assert run_of(id).place == "rest"
    resume(flow, policy)
    pass_time(NOON + 2.5 * HOUR)

    assert run_of(id).status == Run.Status.FINISHED


@pytest.mark.django_db
def test_what_happens_while_the_flow_is_paused_counts_once_it_goes_on() -> None:
    def rest(step: Step) -> Move:
        return Go() if isinstance(step.wake, Met) else Stay(until=None, events=(Awaited("purchase"),))

    version = publish({"start": start, "rest": rest}, ["start -> rest"])
    id = enter(version, ProfileFactory().id)
    flow = paused(version)
    Wait.objects.filter(run_id=id).update(met=[{"id": "1", "type": "purchase"}])
    leaving.make_due([id], now=NOON + HOUR)
    pass_time(NOON + HOUR)
    assert run_of(id).held_due_at == NOON + HOUR

    resume(flow, Policy.SHIFT)
    pass_time(NOON + 3 * HOUR)

    assert run_of(id).status == Run.Status.FINISHED


def test_a_flow_that_was_off_is_off_again(version: FlowVersion) -> None:
    id = enter(version, ProfileFactory().id)
    flow = version.flow
    Flow.objects.filter(pk=flow.pk).update(state=Flow.State.OFF)
    flow.refresh_from_db()
    paused(version)

    task = pausing.resume(flow, policy=Policy.NOW, requested_by="anna", now=NOON + 2.5 * HOUR)
    assert not tasks.run(task.pk, secs=60)
    pass_time(NOON + 3 * HOUR)

    flow.refresh_from_db()
    assert (flow.state, flow.paused_at) == (Flow.State.OFF, None)
    assert run_of(id).status == Run.Status.FINISHED


def test_a_flow_goes_on_once(version: FlowVersion) -> None:
    flow = version.flow
    with pytest.raises(CannotResume, match="is not paused"):
        pausing.resume(flow, policy=Policy.NOW, requested_by="anna", now=NOON)

    pausing.pause(flow, now=NOON)
    pausing.resume(flow, policy=Policy.NOW, requested_by="anna", now=NOON)

    with pytest.raises(CannotResume, match="about to go on already"):
        pausing.resume(flow, policy=Policy.NOW, requested_by="anna", now=NOON)


def test_who_was_held_by_a_worker_that_did_not_know_yet_is_found(version: FlowVersion) -> None:
    id = enter(version, ProfileFactory().id)
    Run.objects.filter(pk=id).update(due_at=None, held_due_at=NOON + HOUR)

    assert pausing.release() == 1

    assert run_of(id).due_at == NOON + HOUR
    assert pausing.release() == 0


# --- who they are


def two(shop: Shop) -> tuple[UUID, UUID]:
    shop.call("identify", userId="17", anonymousId="laptop")
    shop.track("page-view", session="phone")
    first, second = Profile.objects.order_by("id").values_list("id", flat=True)
    return first, second


def test_the_run_of_who_is_merged_goes_on_with_the_survivor(version: FlowVersion, shop: Shop) -> None:
    anna, visitor = two(shop)
    id = enter(version, visitor)

    by_hand.merge(anna, visitor, actor=ANNA, now=shop.later(seconds=1))
    pass_time(NOON + HOUR)

    run = run_of(id)
    assert (run.profile_id, run.original_profile_id, run.status) == (anna, visitor, Run.Status.FINISHED)
    assert traits(anna) == {"first": True}


def test_a_merge_while_a_run_is_leased_lets_it_go_on_with_the_survivor(version: FlowVersion, shop: Shop) -> None:
    anna, visitor = two(shop)
    id = enter(version, visitor)
    leases = claims.claim(Run, 10, now=NOON + HOUR)

    by_hand.merge(anna, visitor, actor=ANNA, now=shop.later(seconds=1))
    batches.advance(leases, now=NOON + HOUR)

    assert traits(anna) == {}
    assert pass_time(NOON + HOUR) == 1
    assert (traits(anna), run_of(id).status) == ({"first": True}, Run.Status.FINISHED)


def test_runs_and_waits_go_back_to_whom_they_came_with_when_a_merge_is_undone(version: FlowVersion, shop: Shop) -> None:
    anna, visitor = two(shop)
    ids = [enter(version, visitor), enter(version, anna)]
    by_hand.merge(anna, visitor, actor=ANNA, now=shop.later(seconds=1))
    assert {run_of(id).profile_id for id in ids} == {anna}

    shop.undo(Merge.objects.get())

    assert [run_of(id).profile_id for id in ids] == [visitor, anna]
    assert [Wait.objects.get(run_id=id).profile_id for id in ids] == [visitor, anna]
    pass_time(NOON + HOUR)
    assert (traits(anna), traits(visitor)) == ({"first": True}, {"first": True})


def test_what_a_run_did_while_two_were_one_goes_back_with_it_and_is_erased_with_it(shop: Shop) -> None:
    anna, visitor = two(shop)
    connection = ConnectionFactory()
    EventTypeFactory(type="came-back")

    def do(step: Step) -> Move:
        if step.answer is None:
            return Ask("contact", {"channel": "email", "zone": "UTC"})
        sent = Sent(connection.pk, {"path": "/hook"}, is_waited_for=False)
        return Go(sent=(sent,), raised=(Raised("came-back"),))

    enter(publish({"start": start, "rest": rest, "do": do}, ["start -> rest", "rest -> do"]), visitor)
    by_hand.merge(anna, visitor, actor=ANNA, now=shop.later(seconds=1))
    pass_time(NOON + HOUR)
    flowing.settle(shop)

    shop.undo(Merge.objects.get())

    assert Event.objects.get(type="came-back").original_profile_id == visitor
    assert [row.profile_id for row in (Delivery.objects.get(), Contact.objects.get())] == [visitor, visitor]
    moving.move(secs=30)
    start_erasure(visitor, kind=PrivacyRequest.Kind.ERASE, reference="x", actor=audit.SYSTEM, at=timezone.now())
    assert not Delivery.objects.exists()


def test_the_runs_of_who_is_erased_are_gone_with_all_they_wait_for(version: FlowVersion, shop: Shop) -> None:
    anna, visitor = two(shop)
    id = enter(version, anna)
    other = enter(version, visitor)

    start_erasure(anna, kind=PrivacyRequest.Kind.ERASE, reference="x", actor=audit.SYSTEM, at=timezone.now())

    assert not Run.objects.filter(pk=id).exists()
    assert [wait.run_id for wait in Wait.objects.all()] == [other]
    assert pass_time(NOON + HOUR) == 1


# --- what they agreed to


def test_who_withdraws_a_consent_while_they_wait_is_removed_and_the_reason_says_so(shop: Shop) -> None:
    ConsentTypeFactory(id="letters")
    version = publish({"start": start, "rest": rest, "mark": marking("first")}, EDGES, consents=("letters",))
    shop.track({"type": "consent-update", "properties": {"consents": {"letters": True}}}, session="phone")
    person = Profile.objects.get().id
    id = enter(version, person)
    assert set(Wait.objects.filter(run_id=id, kind=Wait.Kind.EXIT).values_list("type", flat=True)) == {
        "consent-update",
        "consent-recorded",
    }

    shop.track({"type": "consent-update", "properties": {"consents": {"letters": False}}}, session="phone")
    pass_time(shop.now)

    run = run_of(id)
    assert (run.status, run.reason) == (Run.Status.REMOVED, "The consent letters is not given.")
    assert not Wait.objects.filter(run_id=id).exists()
    assert traits(person) == {}


def test_who_has_moved_to_a_new_version_is_removed_at_once_too(shop: Shop) -> None:
    ConsentTypeFactory(id="letters")
    nodes, edges = {"start": start, "rest": rest, "more": rest}, ["start -> rest", "rest -> more"]
    version = publish(nodes, edges, consents=("letters",))
    shop.track({"type": "consent-update", "properties": {"consents": {"letters": True}}}, session="phone")
    id = enter(version, Profile.objects.get().id)
    newer = FlowVersionFactory(flow=version.flow, number=2)
    publish(nodes, edges, version=newer, consents=("letters",))
    FlowVersion.objects.filter(pk=version.pk).update(successor=newer)
    pass_time(NOON + HOUR)
    assert (run_of(id).version_id, run_of(id).place) == (newer.pk, "more")

    shop.track({"type": "consent-update", "properties": {"consents": {"letters": False}}}, session="phone")
    pass_time(shop.now)

    assert (run_of(id).status, run_of(id).reason) == (Run.Status.REMOVED, "The consent letters is not given.")


# --- which branch they drew


@pytest.mark.parametrize("drawn", [("a", "b"), ("a", None), (None, "b")])
def test_the_survivor_keeps_their_branch_or_has_that_of_who_is_gone(
    shop: Shop, drawn: tuple[str | None, str | None]
) -> None:
    """Weights that are others by then change nothing for whoever has drawn."""

    def version_of(weights: dict[str, int]) -> FlowVersion:
        branches = [{"port": port, "weight": weight} for port, weight in weights.items()]
        nodes = {"start": "start", "split": ("split", {"branches": branches}), "end": "end"}
        number = FlowVersion.objects.filter(flow=flow_row).count() + 1
        edges = ("start -> split", "split.a -> end", "split.b -> end")
        return FlowVersionFactory(flow=flow_row, number=number, definition=flow(nodes, *edges))

    def branch_of(person: UUID, weights: dict[str, int]) -> str:
        [id] = let_in(version_of(weights), [person])
        pass_time(NOON)
        port: str = dict([step[:2] for step in run_of(id).state["path"]])["split"]
        return port

    flow_row, people = FlowFactory(), two(shop)
    for person, port in zip(people, drawn, strict=True):
        if port:
            assert branch_of(person, {"a": int(port == "a"), "b": int(port == "b")}) == port

    by_hand.merge(*people, actor=ANNA, now=shop.later(seconds=1))

    kept = drawn[0] or drawn[1]
    assert branch_of(people[0], {"a": int(kept == "b"), "b": int(kept == "a")}) == kept


# --- before the first step


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("order", ["A-1", "A-2"])
def test_what_happened_before_a_worker_came_ends_a_run_as_what_happens_later_does(shop: Shop, order: str) -> None:
    """Workers may be away for an hour, and purchases come in one request with what they follow."""
    rule = {"event_type": "sale-completed", "match": {"properties.order_id": "event@properties.order_id"}}
    row = flowing.publish(flowing.on_event(), exits=[rule], goals=[{"id": "g", "name": "G", "event_type": "page-view"}])
    begun = {"type": "checkout-started", "properties": {"order_id": "A-1"}}
    sold = {"type": "sale-completed", "properties": {"order_id": order}}

    shop.track(sold, begun, session="before")
    shop.track(begun, sold, session="at-once")
    shop.track(begun, session="later")
    shop.track(sold, session="later")
    shop.track(begun, session="goal")
    shop.track("page-view", session="goal")
    pass_time(shop.later(hours=1))

    before, at_once, later, goal = flowing.runs(row)
    went = Run.Status.EXITED if order == "A-1" else Run.Status.FINISHED
    assert (before.status, goal.status) == (Run.Status.FINISHED, Run.Status.GOAL)
    assert (at_once.status, later.status) == (went, went)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_late", [True, False])
def test_who_names_a_type_means_all_that_mean_the_same(shop: Shop, is_late: bool) -> None:
    """Platforms call by two names what is put into a basket, and taken out of it."""
    awaited = {"awaits": "product-removed-from-basket", "counts_from": "entry"}
    parts = flow(
        {"start": "start", "wait": ("wait-for-event", awaited), "end": "end"},
        *("start -> wait", "wait -> end", "wait.time_out -> end"),
    )
    goal = {"id": "g", "name": "G", "event_type": "cart-viewed", "ends_run": False}
    row = flowing.publish(flowing.on_event("product-added"), nodes=parts["nodes"], edges=parts["edges"], goals=[goal])
    shop.track("product-added-to-basket", session="anna")
    if is_late:
        pass_time(shop.now)
    shop.track("basket-viewed", "product-removed", session="anna")
    pass_time(shop.later(seconds=1))

    [run] = flowing.runs(row)
    assert ["wait", "out"] in [step[:2] for step in run.state["path"]]
    assert run.goal_at is not None
