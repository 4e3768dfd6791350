"""What holds of every kind of node where everybody goes through: it only decides, or it is refused, and named."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.core import tasks
from apps.core.models import Task
from apps.core.typed_settings import read
from apps.flows import segmenting
from apps.flows.definition import check, everybody
from apps.flows.definition.connections import NOBODY
from apps.flows.definition.placing import Place
from apps.flows.describing import pass_troubles
from apps.flows.models import Flow
from apps.flows.node import Effects, kinds
from apps.flows.segmenting import Segmenting
from apps.segments.models import Membership, Segment
from tests.factories import ProfileFactory, SegmentFactory
from tests.flows.factories import FlowFactory, FlowVersionFactory

pytestmark = pytest.mark.django_db
OURS = {"start", "enter-segment", "end", "error"}  # that each flow has, or nobody leaves
DECIDING = sorted(key for key, kind in kinds.items() if everybody.fits(kind) and key not in OURS)
OTHERS = sorted(key for key, kind in kinds.items() if not everybody.fits(kind))
WRITES = re.compile(r'(?:INSERT INTO|UPDATE|DELETE FROM|TRUNCATE)\s+"?([a-z]+_[a-z_]+)')
# Memberships, how many, what is told of them, how far the pass is, and what came of it.
WRITTEN = {"segments_membership", "segments_segment", "segments_segmentsize", "events_inboxitem"}
WRITTEN |= {"flows_flow", "core_task", "core_tasklogline", "core_taskfailure"}


def definition(kind: str) -> dict[str, Any]:
    """Lead everybody through a node, by whichever port, into a segment."""
    ports = kinds[kind].ports_of(read(kinds[kind].Settings, kinds[kind].example))
    return {
        "triggers": [],
        "nodes": [
            {"id": "start", "kind": "start"},
            {"id": "asked", "kind": kind, "settings": dict(kinds[kind].example)},
            {"id": "in", "kind": "enter-segment", "settings": {"segment": "pros"}},
        ],
        "edges": [
            {"from": "start", "to": "asked"},
            *({"from": "asked", "port": port, "to": "in"} for port in ports),
        ],
    }


@pytest.fixture(autouse=True)
def _people(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two of whom something is known, who are in no segment; each connection is there."""
    monkeypatch.setattr(Place, "connection", lambda *_args, **_named: NOBODY)
    monkeypatch.setattr(Place, "address", lambda *_args: NOBODY)
    SegmentFactory(key="pros", kind=Segment.Kind.FLOW)
    for plan in ("pro", "free"):
        ProfileFactory(traits={"plan": plan}, data={"contact": {"email": {"main": f"{plan}@example.com"}}})


def on(kind: str) -> Flow:
    """Return a flow with a node that is on, and was published by whoever did not check it."""
    flow = FlowFactory(kind=Flow.Kind.SEGMENTATION)
    flow.version = FlowVersionFactory(flow=flow, definition=definition(kind))
    flow.save()
    return flow


def gone_through() -> tuple[Task, set[str]]:
    """Let everybody go through once, and return the task, and the tables that were written meanwhile."""
    [task] = Segmenting().begin(is_full=True, requested_by="anna", now=timezone.now())
    with CaptureQueriesContext(
        connection,
    ) as caught:
        assert tasks.run(task.pk, secs=60) is False
    task.refresh_from_db()
    return task, {table for query in caught.captured_queries for table in WRITES.findall(query["sql"])}


@pytest.mark.parametrize("kind", DECIDING)
def test_nothing_is_written_but_memberships_and_how_far_it_is(kind: str) -> None:
    on(kind)

    task, written = gone_through()

    assert (task.state, task.progress, written - WRITTEN) == (Task.State.DONE, 2, set())
    assert Membership.objects.count() == 2 or task.n_failed


@pytest.mark.parametrize("kind", OTHERS)
def test_what_does_more_is_refused_and_never_gone_through(kind: str) -> None:
    flow = on(kind)

    told = check(definition(kind), flow)

    assert "asked" in {each.node for each in told if not each.is_warning and "over everybody" in each.message}
    assert not Segmenting().begin(is_full=True, requested_by="anna", now=timezone.now())
    why = "What is published cannot be used: the node asked does more than to decide."
    assert [told for _, told in pass_troubles.troubles(now=timezone.now())] == [why]


def test_one_that_keeps_something_and_does_not_say_so_fails_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kinds["limiter"], "effects", Effects.PURE)
    on("limiter")

    task, written = gone_through()

    assert (task.n_failed, written - WRITTEN) == (2, set())
    assert {each.reason for each in task.failures.all()} == {f"Node asked: {segmenting.KEEPS}"}
    assert not Membership.objects.exists()
