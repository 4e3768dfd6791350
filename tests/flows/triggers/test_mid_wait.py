"""Exits and goals are met by events at once, also in the middle of a wait."""

from typing import Any

import pytest

from apps.flows.models import Flow, Run
from apps.flows.runs import batches
from tests.flows.triggers.flowing import on_event, publish, runs
from tests.shop import Shop

pytestmark = pytest.mark.django_db
WAITING: dict[str, Any] = {
    "nodes": [
        {"id": "start", "kind": "start"},
        {"id": "rest", "kind": "wait", "settings": {"length": "30 days"}},
        {"id": "end", "kind": "end"},
    ],
    "edges": [{"from": "start", "to": "rest"}, {"from": "rest", "to": "end"}],
}
ORDERED = {"event_type": "purchase", "match": {"properties.order_id": "event@properties.order_id"}}
EXIT: dict[str, Any] = {"exits": [ORDERED]}
GOAL: dict[str, Any] = {"goals": [{"id": "g", "name": "Bought it", **ORDERED}]}


def order(type: str, number: str = "A-7") -> dict[str, Any]:
    return {"type": type, "properties": {"order_id": number}}


def go_on(shop: Shop) -> None:
    while batches.go_on(now=shop.now):
        pass


def begun(shop: Shop, **parts: Any) -> Flow:
    flow = publish(on_event(), **WAITING, **parts)
    shop.track(order("checkout-started"), session="anna")
    go_on(shop)
    [run] = runs(flow)
    assert (run.status, run.place) == (Run.Status.LIVE, "rest")
    return flow


@pytest.mark.parametrize(
    ("parts", "status", "reason"),
    [
        (EXIT, Run.Status.EXITED, "The event purchase came."),
        (GOAL, Run.Status.GOAL, "Bought it"),
    ],
)
@pytest.mark.parametrize("options", [{}, {"historical": True}])
def test_the_event_ends_the_run_in_the_middle_of_its_wait(
    shop: Shop, parts: Any, status: int, reason: str, options: Any
) -> None:
    flow = begun(shop, **parts)

    shop.track(order("purchase", "A-8"), session="anna")
    go_on(shop)
    assert runs(flow)[0].status == Run.Status.LIVE

    shop.track(order("purchase"), session="anna", options=options)
    assert runs(flow)[0].due_at == shop.now
    go_on(shop)

    [run] = runs(flow)
    assert (run.status, run.reason, run.ended_at) == (status, reason, shop.now)
