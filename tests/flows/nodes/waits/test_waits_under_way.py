"""People wait in flows and go on with their lives: what they do, and what becomes of them, ends their waits at once."""

from datetime import timedelta
from typing import Any

import pytest

from apps.collector import accept
from apps.events.models import Event
from apps.flows.models import Flow, Run, Wait
from apps.profiles.models import Profile
from apps.segments import definitions
from tests.factories import EventTypeFactory, SegmentFactory
from tests.flows.runs.published import pass_time, run_of
from tests.flows.triggers.flowing import on_event, publish, runs
from tests.shop import Shop

pytestmark = pytest.mark.django_db
SAME_ORDER = {"properties.order_id": "event@properties.order_id"}
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def waiting(kind: str, **settings: Any) -> Flow:
    """Publish a flow in which people wait after they began to pay, and end where they leave the wait by."""
    ports = ("out", "time_out", "missing")
    return publish(
        on_event("checkout-started"),
        nodes=[
            {"id": "start", "kind": "start"},
            {"id": "wait", "kind": kind, "settings": {"time_out": "1 hour", **settings}},
            *({"id": port, "kind": "end"} for port in ports),
        ],
        edges=[{"from": "start", "to": "wait"}, *({"from": "wait", "port": port, "to": port} for port in ports)],
    )


def checkout(order_id: Any = 7) -> dict[str, Any]:
    return {"type": "checkout-started", "properties": {"order_id": order_id}}


def bought(order_id: Any, **properties: Any) -> dict[str, Any]:
    return {"type": "sale-completed", "properties": {"order_id": order_id, **properties}}


def settle(shop: Shop) -> None:
    """Let what the platform says be processed."""
    while accept.ingest(100, at=shop.later(seconds=1)):
        pass


def enter(shop: Shop, flow: Flow, *before: Any) -> Run:
    """Let somebody begin to pay, and come to the wait."""
    shop.track(*before, checkout(), session="anna")
    pass_time(shop.now)
    return runs(flow)[-1]


def enter_as(shop: Shop, flow: Flow, session: str) -> Run:
    """Let somebody else do so."""
    shop.track(checkout(), session=session)
    pass_time(shop.now)
    return runs(flow)[-1]


def end_of(run: Run) -> str:
    """Name the end to which somebody came, empty while they are under way."""
    row = run_of(run.id)
    return row.state["path"][-1][0] if row.ended_at else ""


JOINED = {"awaits": "sale-completed", "match": {"properties.order_id": "event@properties.order_id"}}


def test_the_purchase_of_that_order_lets_people_go_on_at_once(shop: Shop) -> None:
    run = enter(shop, waiting("wait-for-event", **JOINED))

    shop.track(bought(8), session="anna")
    pass_time(shop.now)
    assert end_of(run) == ""
    shop.track(bought(7), session="anna")
    pass_time(shop.now)

    assert end_of(run) == "out"
    assert not Wait.objects.exists()


def test_who_buys_nothing_leaves_by_the_time_out(shop: Shop) -> None:
    run = enter(shop, waiting("wait-for-event", **JOINED))

    pass_time(shop.now + HOUR - MINUTE)
    assert end_of(run) == ""
    pass_time(shop.now + HOUR)

    assert end_of(run) == "time_out"


def test_another_persons_purchase_lets_nobody_go_on(shop: Shop) -> None:
    run = enter(shop, waiting("wait-for-event", **JOINED))

    shop.track(bought(7), session="bo")
    pass_time(shop.now)

    assert end_of(run) == ""


def test_what_was_bought_before_counts_if_one_looks_back(shop: Shop) -> None:
    shop.track(bought(7), session="anna")
    shop.later(minutes=10)

    assert end_of(enter(shop, waiting("wait-for-event", **JOINED))) == ""
    back = waiting("wait-for-event", **JOINED, counts_from="before", look_back="1 hour")
    assert end_of(enter(shop, back)) == "out"
    too_short = waiting("wait-for-event", **JOINED, counts_from="before", look_back="5 minutes")
    assert end_of(enter(shop, too_short)) == ""


def test_what_came_between_the_event_and_the_wait_counts_since_the_entry(shop: Shop) -> None:
    flow = waiting("wait-for-event", **JOINED, counts_from="entry")
    shop.track(checkout(), session="anna")
    shop.later(seconds=5)
    shop.track(bought(7), session="anna")  # no worker has looked yet

    pass_time(shop.now)

    assert end_of(runs(flow)[0]) == "out"


def test_the_event_that_started_the_flow_does_not_end_its_own_wait(shop: Shop) -> None:
    flow = waiting("wait-for-event", awaits="checkout-started", counts_from="entry")
    run = enter(shop, flow)
    assert end_of(run) == ""

    shop.later(minutes=1)
    shop.track(checkout(), session="anna")
    pass_time(shop.now)

    assert end_of(run) == "out"


def test_a_condition_is_asked_of_the_event_that_has_come(shop: Shop) -> None:
    run = enter(shop, waiting("wait-for-event", **JOINED, condition="event@properties.total > 100"))

    shop.track(bought(7, total=50), session="anna")
    pass_time(shop.now)
    assert end_of(run) == ""
    shop.track(bought(7, total=150), session="anna")
    pass_time(shop.now)

    assert end_of(run) == "out"


def test_an_order_without_a_number_is_joined_to_nothing(shop: Shop) -> None:
    flow = waiting("wait-for-event", **JOINED)
    shop.track("checkout-started", session="anna")
    pass_time(shop.now)

    assert end_of(runs(flow)[0]) == "missing"


# --- segments and conditions


def choose(shop: Shop, plan: str) -> None:
    """Let anna choose a plan; all that follows from it is processed, and workers have looked."""
    shop.call("identify", userId="anna", traits={"plan": plan})
    settle(shop)
    pass_time(shop.now)


def come(shop: Shop, flow: Flow) -> Run:
    """Let anna begin to pay, and come to the wait."""
    shop.call("track", userId="anna", event="checkout-started")
    pass_time(shop.now)
    return runs(flow)[-1]


@pytest.fixture
def pros(db: None) -> None:
    definitions.save(SegmentFactory.build(key="pros", condition='profile@traits.plan = "pro"'))


@pytest.mark.usefixtures("pros")
@pytest.mark.parametrize(("change", "before", "after"), [("entered", "free", "pro"), ("left", "pro", "free")])
def test_who_enters_a_segment_or_leaves_it_goes_on(shop: Shop, change: str, before: str, after: str) -> None:
    choose(shop, before)
    run = come(shop, waiting("wait-for-segment", segment="pros", change=change))
    assert end_of(run) == ""

    choose(shop, after)

    assert end_of(run) == "out"


@pytest.mark.usefixtures("pros")
def test_who_is_in_the_segment_already_goes_on_at_once(shop: Shop) -> None:
    choose(shop, "pro")

    assert end_of(come(shop, waiting("wait-for-segment", segment="pros"))) == "out"


@pytest.mark.usefixtures("pros")
def test_who_does_not_enter_the_segment_leaves_by_the_time_out(shop: Shop) -> None:
    run = come(shop, waiting("wait-for-segment", segment="pros"))

    pass_time(shop.now + HOUR)

    assert end_of(run) == "time_out"


PRO = 'profile@traits.plan = "pro"'


@pytest.mark.parametrize("condition", [PRO, f'{PRO} AND DID("checkout-started")'], ids=["of the person", "of the past"])
def test_a_condition_that_comes_to_hold_lets_people_go_on_at_once(shop: Shop, condition: str) -> None:
    choose(shop, "free")
    run = come(shop, waiting("wait-until-condition", condition=condition))
    assert end_of(run) == ""

    choose(shop, "pro")

    assert end_of(run) == "out"


def test_what_no_event_tells_of_is_seen_before_long(shop: Shop) -> None:
    run = come(shop, waiting("wait-until-condition", condition=PRO, every="10 minutes"))
    Profile.objects.update(traits={"plan": "pro"})

    pass_time(shop.now + 9 * MINUTE)
    assert end_of(run) == ""
    pass_time(shop.now + 10 * MINUTE)

    assert end_of(run) == "out"


def test_time_alone_may_make_a_condition_hold(shop: Shop) -> None:
    condition = "profile@last_seen_at < now() - 25 MINUTES"
    run = come(shop, waiting("wait-until-condition", condition=condition, every="10 minutes", time_out="2 hours"))

    for minutes in (10, 20):
        pass_time(shop.now + minutes * MINUTE)
        assert end_of(run) == ""
    pass_time(shop.now + 30 * MINUTE)

    assert end_of(run) == "out"


# --- events when people go on


def test_an_event_says_that_somebody_goes_on(shop: Shop) -> None:
    EventTypeFactory(type="cart-left")
    said = {"event_type": "cart-left", "properties": {"order": "event@properties.order_id", "why": "time"}}
    run = enter(shop, waiting("wait-for-event", **JOINED, **said))

    pass_time(shop.now + HOUR)
    assert end_of(run) == "time_out"
    shop.later(hours=1)
    settle(shop)

    raised = Event.objects.get(type="cart-left")
    assert (raised.profile_id, raised.properties) == (run.profile_id, {"order": 7, "why": "time"})


# --- while workers are late


@pytest.mark.parametrize(("order", "came_to"), [(7, "out"), (8, "")])
def test_what_comes_together_with_what_started_the_flow_is_not_missed(shop: Shop, order: int, came_to: str) -> None:
    flow = waiting("wait-for-event", awaits="sale-completed", match=SAME_ORDER)

    shop.track(bought(7), checkout(), bought(order), session="anna")
    pass_time(shop.later(seconds=30))

    [run] = runs(flow)
    assert end_of(run) == came_to


def test_what_happens_before_a_worker_comes_is_not_missed_and_silent_events_are_no_more_than_else(shop: Shop) -> None:
    flow = waiting("wait-for-event", awaits="sale-completed", match=SAME_ORDER)

    shop.track(checkout(), session="anna")
    shop.track(checkout(), session="bo")
    shop.track(bought(7), session="anna")
    shop.track(bought(7), session="bo", options={"historical": True})
    pass_time(shop.later(minutes=30))

    assert [end_of(run) for run in runs(flow)] == ["out", ""]


def test_a_late_worker_misses_nothing_that_comes_once_somebody_was_to_be_there_and_counts_nothing_before(
    shop: Shop,
) -> None:
    flow = publish(
        on_event("checkout-started"),
        nodes=[
            {"id": "start", "kind": "start"},
            {"id": "rest", "kind": "wait", "settings": {"length": "1 hour"}},
            {"id": "wait", "kind": "wait-for-event", "settings": {"awaits": "sale-completed"}},
            {"id": "out", "kind": "end"},
            {"id": "time_out", "kind": "end"},
        ],
        edges=[
            {"from": "start", "to": "rest"},
            {"from": "rest", "to": "wait"},
            {"from": "wait", "to": "out"},
            {"from": "wait", "port": "time_out", "to": "time_out"},
        ],
    )
    early, late = enter(shop, flow), enter_as(shop, flow, "bo")
    shop.later(minutes=50)
    shop.track(bought(7), session="anna")
    shop.later(minutes=20)
    shop.track(bought(7), session="bo")

    pass_time(shop.later(minutes=30))

    assert (end_of(early), end_of(late)) == ("", "out")
    assert run_of(late.id).state["path"][1][0] == "rest"
