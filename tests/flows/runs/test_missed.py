"""What happens before somebody goes on for the first time makes them leave, and counts for goals, all the same."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.events.resolution import by_hand
from apps.flows.models import Flow, Run
from apps.flows.runs import batches
from apps.profiles.models import Profile
from tests.factories import ANNA
from tests.flows.runs.published import pass_time
from tests.flows.triggers.flowing import on_event, publish, runs
from tests.shop import Shop

pytestmark = pytest.mark.django_db
OF_THAT_ORDER = {"match": {"properties.order_id": "event@properties.order_id"}}
NODES = [
    {"id": "start", "kind": "start"},
    {"id": "wait", "kind": "wait", "settings": {"length": "1 hour"}},
    {"id": "end", "kind": "end"},
]


def reminding(*triggers: dict[str, Any], **rules: Any) -> Flow:
    """Publish a flow that waits for an hour, and would then do something."""
    edges = [{"from": "start", "to": "wait"}, {"from": "wait", "to": "end"}]
    return publish(*(triggers or [on_event("checkout-started")]), nodes=NODES, edges=edges, **rules)


def said(type: str, order_id: int = 7) -> dict[str, Any]:
    return {"type": type, "properties": {"order_id": order_id}}


def outcome(flow: Flow) -> tuple[int, bool]:
    [run] = runs(flow)
    return run.status, run.goal_at is not None


def test_who_buys_before_a_worker_has_looked_leaves(shop: Shop) -> None:
    flow = reminding(exits=[{"event_type": "sale-completed", **OF_THAT_ORDER}])
    shop.track(said("checkout-started"), session="anna")
    shop.track(said("sale-completed"), session="anna")

    pass_time(shop.now)

    assert outcome(flow) == (Run.Status.EXITED, False)


def test_who_buys_in_the_same_batch_leaves(shop: Shop) -> None:
    flow = reminding(exits=[{"event_type": "sale-completed", **OF_THAT_ORDER}])
    shop.track(said("checkout-started"), said("sale-completed"), session="anna")

    pass_time(shop.now)

    assert outcome(flow) == (Run.Status.EXITED, False)


def test_another_order_and_another_person_and_what_was_before_let_nobody_leave(shop: Shop) -> None:
    flow = reminding(exits=[{"event_type": "sale-completed", **OF_THAT_ORDER}])
    shop.track(said("sale-completed"), session="anna")
    shop.track(said("checkout-started"), session="anna")
    shop.track(said("sale-completed", 8), session="anna")
    shop.track(said("sale-completed"), session="ben")

    pass_time(shop.now)

    assert outcome(flow) == (Run.Status.LIVE, False)


def test_what_let_them_enter_does_not_make_them_leave(shop: Shop) -> None:
    flow = reminding(exits=[{"event_type": "checkout-started"}])
    shop.track(said("checkout-started"), session="anna")

    pass_time(shop.now)

    assert outcome(flow) == (Run.Status.LIVE, False)


@pytest.mark.parametrize(("ends_run", "status"), [(True, Run.Status.GOAL), (False, Run.Status.LIVE)])
def test_a_goal_is_reached_before_a_worker_has_looked(shop: Shop, ends_run: bool, status: Run.Status) -> None:
    goal = {"id": "bought", "event_type": "sale-completed", "within_secs": 3_600, "ends_run": ends_run}
    flow = reminding(goals=[goal])
    shop.track(said("checkout-started"), session="anna")
    shop.track(said("sale-completed"), session="anna")

    pass_time(shop.later(hours=2))

    assert outcome(flow) == (status, True)


def test_what_a_visitor_did_counts_for_the_survivor(shop: Shop) -> None:
    """Their events have still to follow the merge."""
    flow = reminding(exits=[{"event_type": "sale-completed", **OF_THAT_ORDER}])
    shop.call("identify", userId="17", anonymousId="laptop")
    shop.track(said("checkout-started"), session="phone")
    shop.track(said("sale-completed"), session="phone")
    anna, visitor = Profile.objects.order_by("id").values_list("id", flat=True)
    by_hand.merge(anna, visitor, actor=ANNA, now=shop.later(seconds=1))

    pass_time(shop.now)

    assert outcome(flow) == (Run.Status.EXITED, False)


@pytest.mark.parametrize("number", [1, 20])
def test_the_number_of_statements_depends_neither_on_people_nor_on_rules(shop: Shop, number: int) -> None:
    reminding(exits=[{"event_type": f"sale-{n}"} for n in range(number)])
    for n in range(number):
        shop.track(said("checkout-started"), session=f"s{n}")

    with CaptureQueriesContext(connection) as captured:
        assert batches.go_on(now=shop.now + timedelta(seconds=1)) == number

    assert sum("events_event" in query["sql"] for query in captured) == 1
