"""Runs are there exactly when their events are, whoever dies, and whoever does the same at the same time."""

import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django_rq import get_queue

from apps.collector import accept, pipeline
from apps.collector.payload import Batch
from apps.events.models import Event, InboxItem
from apps.events.store import inbox
from apps.flows import jobs
from apps.flows.models import Flow, Run
from apps.flows.runs import awaited, batches
from apps.segments import definitions
from tests.factories import NOON, SegmentFactory
from tests.flows.triggers.flowing import on_event, publish, runs
from tests.shop import SDK, Shop

pytestmark = pytest.mark.django_db(transaction=True)
STAGES = (*pipeline.LOOKING_UP, *pipeline.STORING)


@pytest.fixture
def flow(shop: Shop) -> Flow:
    """A flow that each customer enters once; three of them wait in the inbox."""
    found = publish(on_event("checkout-started"), entry={"frequency": "once"})
    for user in ("anna", "ben", "cleo"):
        accept.keep([message(shop, user)])
    cache.clear()
    get_queue(jobs.QUEUE.name).empty()
    return found


def message(shop: Shop, user: str, id: str = "") -> Any:
    body = {"userId": user, "event": "checkout-started", "messageId": id or f"m-{user}"}
    return shop.message(SDK, body, call="track")


def n_events() -> int:
    return Event.objects.filter(type="checkout-started").count()


def in_process(work: Callable[[], Any]) -> int:
    """Do something in a process of its own, and return how that ended."""
    child = os.fork()
    if child:
        return child
    try:
        parents, connection.connection = connection.connection, None  # which must stay open
        work()
    finally:
        os._exit(0 if parents else 1)


def ended(child: int) -> int:
    return os.WTERMSIG(os.waitpid(child, 0)[1])


def kill_in_place_of(stage: Callable[[Batch], None]) -> Callable[[], None]:
    def kill(*_: Any) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def work() -> None:
        kill.__name__ = stage.__name__
        for name in ("LOOKING_UP", "STORING"):
            setattr(pipeline, name, [kill if each is stage else each for each in getattr(pipeline, name)])
        accept.ingest(100, at=NOON)

    return work


def kill_at(place: object, name: str) -> Callable[[], None]:
    def work() -> None:
        setattr(place, name, lambda *_: os.kill(os.getpid(), signal.SIGKILL))
        accept.ingest(100, at=NOON)

    return work


def test_a_run_is_there_exactly_when_its_event_is_whenever_the_process_is_killed(flow: Flow) -> None:
    moments = [*map(kill_in_place_of, STAGES), kill_at(inbox, "done"), kill_at(connection, "_commit")]
    for moment in moments:
        assert ended(in_process(moment)) == signal.SIGKILL
        assert n_events() == 0
        assert runs(flow) == []

    assert ended(in_process(kill_at(pipeline, "announce"))) == signal.SIGKILL

    assert n_events() == len(runs(flow)) == 3
    assert not InboxItem.objects.exists()
    assert {run.due_at for run in runs(flow)} == {run.started_at for run in runs(flow)}


def test_what_is_taken_back_starts_nothing_and_wakes_nobody(shop: Shop, flow: Flow) -> None:
    with transaction.atomic():
        accept.ingest(100, at=shop.now)
        assert len(runs(flow)) == 3
        transaction.set_rollback(True)

    assert runs(flow) == []
    assert get_queue(jobs.QUEUE.name).count == 0


def test_a_worker_is_woken_once_what_starts_is_committed(shop: Shop, flow: Flow) -> None:
    with transaction.atomic():
        accept.ingest(100, at=shop.now)
        assert get_queue(jobs.QUEUE.name).count == 0

    assert get_queue(jobs.QUEUE.name).count == 1


def waiting(kind: str, **settings: Any) -> dict[str, Any]:
    """A flow in which one waits at a node."""
    return {
        "nodes": [
            {"id": "start", "kind": "start"},
            {"id": "wait", "kind": kind, "settings": settings},
            {"id": "end", "kind": "end"},
        ],
        "edges": [{"from": "start", "to": "wait"}, {"from": "wait", "to": "end"}],
    }


@pytest.mark.parametrize(
    "parts",
    [
        waiting("wait-for-event", awaits="purchase", time_out="9 days"),
        waiting("wait-for-segment", segment="buyers", time_out="9 days"),
        waiting("wait-until-condition", condition="profile@traits.plan EXISTS", time_out="9 days"),
        {**waiting("wait", length="9 days"), "exits": [{"event_type": "purchase"}]},
        {**waiting("wait", length="9 days"), "goals": [{"id": "bought", "event_type": "purchase"}]},
    ],
)
def test_what_another_process_has_just_let_somebody_wait_for_is_missed_by_none(
    shop: Shop, parts: dict[str, Any]
) -> None:
    definitions.save(SegmentFactory.build(key="buyers", condition='DID("purchase")'))
    flow = publish(on_event("checkout-started"), **parts)
    shop.call("track", userId="anna", event="checkout-started")  # and nothing is waited for, as this process knows
    assert awaited.current.get() == frozenset()

    assert ended(in_process(lambda: batches.go_on(now=shop.now))) == 0
    assert awaited.current.get() == frozenset()
    [run] = runs(flow)
    assert run.place == "wait"
    assert run.due_at
    assert run.due_at > shop.now + timedelta(minutes=5)

    shop.call("track", userId="anna", event="purchase")
    accept.ingest(100, at=shop.now)  # what the platform says of that

    [run] = runs(flow)
    assert run.due_at
    assert run.due_at < shop.now + timedelta(minutes=5)


def test_one_event_that_two_processes_are_given_lets_people_enter_once(shop: Shop) -> None:
    flow = publish(on_event("checkout-started"))
    for _ in range(2):
        accept.keep([message(shop, user) for user in ("anna", "ben")])

    children = [in_process(lambda: accept.ingest(1, at=NOON)) for _ in range(4)]

    assert [ended(child) for child in children] == [0, 0, 0, 0]
    assert len(runs(flow)) == 2
    assert n_events() == 2


@pytest.mark.parametrize(
    ("entry", "n_runs"),
    [
        ({"frequency": "once"}, 1),
        ({"frequency": "every", "max_live": 3}, 3),
        ({"frequency": "interval", "interval_secs": 60}, 1),
        ({"key": "event@properties.order_id"}, 2),
        ({}, 20),
    ],
)
def test_rules_hold_where_twenty_come_at_once(shop: Shop, entry: dict[str, Any], n_runs: int) -> None:
    flow = publish(on_event("checkout-started"), entry=entry)

    def come(number: int) -> None:
        body = {"userId": "anna", "event": "checkout-started", "messageId": f"m-{number}"}
        properties = {"order_id": f"A-{number % 2}"}
        try:
            accept.history([shop.message(SDK, {**body, "properties": properties}, call="track")], at=NOON)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(come, range(20)))

    assert n_events() == 20
    assert len(runs(flow)) == n_runs


def test_rules_hold_for_nobody_where_twenty_come_at_once(shop: Shop) -> None:
    rules = [{"frequency": "once"}, {"frequency": "every", "max_live": 3}, {"key": "event@properties.id"}]
    flows = [publish({"kind": "webhook", "event_type": "feed-item"}, entry=rule) for rule in rules]

    def come(number: int) -> None:
        properties = {"id": number % 4}
        try:
            shop.track({"type": "feed-item", "properties": properties}, session=f"s-{number}")
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(come, range(20)))

    assert [len(runs(flow)) for flow in flows] == [1, 3, 4]
    assert Run.objects.filter(profile_id=None).count() == 8
