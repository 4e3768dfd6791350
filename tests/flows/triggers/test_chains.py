"""Flows that start each other are stopped after so many in a row, whatever leads from one to the next."""

from typing import Any

import pytest

from apps.events.store import emitting
from apps.events.store.emitting import Emission
from apps.flows.engine import chains
from apps.flows.models import Flow, Run
from apps.flows.runs import batches
from apps.flows.triggers import admission
from apps.segments import definitions
from tests.factories import EventTypeFactory, SegmentFactory
from tests.flows.triggers.flowing import on_event, publish, republish, runs, settle
from tests.shop import Shop, person

pytestmark = pytest.mark.django_db


def between(node: dict[str, Any]) -> dict[str, Any]:
    """A flow of one node, between its start and its end."""
    return {
        "nodes": [{"id": "start", "kind": "start"}, node, {"id": "end", "kind": "end"}],
        "edges": [{"from": "start", "to": node["id"]}, {"from": node["id"], "to": "end"}],
    }


class TestChains:
    def raised(self, shop: Shop, chain: int) -> None:
        anna = person(primary_id="anna")
        emission = Emission("offer-made", anna.id, f"run:{chain}", shop.now, {}, chain=chain)
        emitting.emit([emission], is_silent=False, now=shop.now)
        settle(shop)

    @pytest.fixture
    def flow(self, shop: Shop) -> Flow:
        EventTypeFactory(type="offer-made")
        shop.call("identify", userId="anna")
        return publish(on_event("offer-made"))

    def test_a_run_knows_how_many_flows_have_led_to_it(self, shop: Shop, flow: Flow) -> None:
        self.raised(shop, 3)

        [run] = runs(flow)
        assert run.state["event"]["chain"] == 3

    def test_flows_that_start_each_other_are_stopped_and_shown(self, shop: Shop, flow: Flow) -> None:
        self.raised(shop, chains.MOST - 1)
        self.raised(shop, chains.MOST)

        going, stopped = runs(flow)
        assert going.status == Run.Status.LIVE
        assert (stopped.status, stopped.due_at, stopped.reason) == (Run.Status.FAILED, None, admission.TOO_DEEP)

    def test_what_a_sub_flow_raises_is_as_deep_as_what_its_caller_does(self, shop: Shop, flow: Flow) -> None:
        """Else a flow whose sub-flow raises what starts it would go on without end."""
        raises = {"id": "raises", "kind": "raise-event", "settings": {"event_type": "offer-made"}}
        calls = {"id": "calls", "kind": "sub-flow", "settings": {"flow": "inner"}}
        publish(**between(raises), key="inner")
        republish(flow, on_event("offer-made"), **between(calls))

        self.raised(shop, 1)
        for _ in range(2 * chains.MOST):
            batches.go_on(now=shop.later(seconds=1))
            settle(shop)

        found = runs(flow)
        assert [run.state["event"]["chain"] for run in found] == list(range(1, chains.MOST + 1))
        assert found[-1].reason == admission.TOO_DEEP

    def test_senders_say_nothing_of_that(self, shop: Shop, flow: Flow) -> None:
        shop.call("track", userId="anna", event="offer-made", chain=50, context={"chain": 50})

        [run] = runs(flow)
        assert "chain" not in run.state["event"]

    def test_what_follows_from_a_raised_event_is_as_deep(self, shop: Shop, flow: Flow) -> None:
        definitions.save(SegmentFactory.build(key="offered", condition='DID("offer-made")'))
        led = publish({"kind": "segment", "segment": "offered"})

        self.raised(shop, 3)

        [run] = runs(led)
        assert run.state["event"]["chain"] == 3
