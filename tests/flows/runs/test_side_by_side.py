"""Workers side by side: each run goes on once, and no change of a person is lost."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.db.models import Sum

from apps.core import claims
from apps.flows.engine.moves import Ask, Change, Go, Move
from apps.flows.engine.step import Step
from apps.flows.models import Allowance, NodeCount, Run, Wait
from apps.flows.runs import batches, leaving
from apps.profiles.models import Profile
from tests.factories import NOON, ProfileFactory
from tests.flows.factories import RunFactory, WaitFactory
from tests.flows.runs.published import let_in, publish
from tests.flows.triggers.test_meeting import happened, meet

WORKERS, PEOPLE, ROUNDS = 4, 5, 20
pytestmark = pytest.mark.django_db(transaction=True)


def start(step: Step) -> Move:
    return Go()


@pytest.fixture(autouse=True)
def few_runs_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "SIZE", 7)


def side_by_side(workers: int = WORKERS) -> None:
    """Let several workers take a few runs each, until none is due."""

    def work(_number: int) -> None:
        try:
            while batches.go_on(now=NOON):
                pass
        finally:
            connection.close()

    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(work, range(workers)))


def test_flows_that_count_for_the_same_people_lose_no_count() -> None:
    def count(step: Step) -> Move:
        return Go(changes=(Change("increment", "traits.n", 1),))

    people = [ProfileFactory().id for _ in range(PEOPLE)]
    versions = [publish({"start": start, "count": count}, ["start -> count"]) for _ in range(2)]
    for version in versions:
        let_in(version, people * ROUNDS)

    side_by_side()

    assert {row.traits["n"] for row in Profile.objects.all()} == {2 * ROUNDS}
    assert set(Run.objects.values_list("status", flat=True)) == {Run.Status.FINISHED}
    counted = NodeCount.objects.filter(node="count", port="out").values_list("version").annotate(number=Sum("n"))
    assert dict(counted.order_by()) == {version.pk: PEOPLE * ROUNDS for version in versions}


def test_a_limit_is_exact_whoever_asks_at_once() -> None:
    def ask(step: Step) -> Move:
        if step.answer is None:
            return Ask("limit", {"key": "all", "limit": 30, "window_secs": 60})
        return Go(memory={"passed": step.answer})

    let_in(publish({"start": start, "ask": ask}, ["start -> ask"]), [ProfileFactory().id for _ in range(80)])

    side_by_side()

    passed = [run.state["memory"]["passed"] for run in Run.objects.all()]
    assert (passed.count(True), len(passed)) == (30, 80)


def test_who_comes_to_two_limits_in_opposite_orders_waits_for_nobody_in_a_circle(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each holds its first one, and asks for that of the other."""
    monkeypatch.setattr(batches, "TRIES", 1)  # of a deadlock
    monkeypatch.setattr(batches, "SIZE", 1)
    both, met = threading.Barrier(2), set[UUID]()

    def asking(key: str) -> Callable[[Step], Move]:
        def ask(step: Step) -> Move:
            if step.answer is None:
                if step.scope["memory"] and step.run_id not in met:
                    met.add(step.run_id)
                    both.wait(60)
                return Ask("limit", {"key": key, "limit": 9, "window_secs": 60})
            return Go(memory={key: step.answer})

        return ask

    nodes = {"start": start, "a": asking("a"), "b": asking("b")}
    for edges in (["start -> a", "a -> b"], ["start -> b", "b -> a"]):
        let_in(publish(nodes, edges), [ProfileFactory().id])

    side_by_side(workers=2)

    assert [(run.status, run.error, run.state["memory"]) for run in Run.objects.all()] == [
        (Run.Status.FINISHED, "", {"a": True, "b": True})
    ] * 2
    assert sorted(len(row.passed) for row in Allowance.objects.all()) == [2, 2]


def test_a_run_that_another_worker_has_leased_is_left_alone() -> None:
    let_in(publish({"start": start}, []), [ProfileFactory().id])
    [lease] = claims.claim(Run, 10, now=NOON)
    [again] = claims.claim(Run, 10, now=NOON + Run.LEASE)

    batches.advance([lease], now=NOON)

    assert Run.objects.get().status == Run.Status.LIVE
    batches.advance([again], now=NOON + timedelta(seconds=21))
    assert Run.objects.get().status == Run.Status.FINISHED


def test_who_is_taken_out_while_what_they_wait_for_happens_waits_for_no_other_in_a_circle() -> None:
    person = ProfileFactory()
    run = RunFactory(profile_id=person.id)
    WaitFactory(profile_id=person.id, run_id=run.id)

    def purchase() -> None:
        try:
            with transaction.atomic():
                meet(happened(person))
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        Run.objects.select_for_update(no_key=True).get(pk=run.id)
        meeting = pool.submit(purchase)
        wait_for_somebody_to_wait()
        leaving.end([run.id], Run.Status.REMOVED, "Removed by anna.", now=NOON)

    meeting.result()
    assert not Wait.objects.exists()
    run.refresh_from_db()
    assert run.status == Run.Status.REMOVED


def wait_for_somebody_to_wait() -> None:
    """Return once another transaction waits for this one."""
    waiting = "SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
    with connection.cursor() as cursor:
        cursor.execute(waiting)
        while not cursor.rowcount:
            time.sleep(0.01)
            cursor.execute(waiting)
