"""How heartbeats run: who is due, one at a time, in slices, and what is noted of it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.core import claims
from apps.events.models import EventType
from apps.heartbeats import definitions, jobs, running
from apps.heartbeats.models import Heartbeat, HeartbeatRun
from apps.heartbeats.running import AlreadyRunning, SwitchedOff
from apps.heartbeats.strategy import strategies
from apps.profiles.models import Profile
from apps.segments import definitions as segments
from tests.factories import EventTypeFactory, MembershipFactory, SegmentFactory
from tests.heartbeats.beating import ago, beat
from tests.heartbeats.factories import HeartbeatFactory
from tests.shop import Shop

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("alone")]


def test_those_run_that_are_due_and_are_due_again_by_their_schedule(shop: Shop) -> None:
    daily, never = HeartbeatFactory(schedule="30 4 * * *"), HeartbeatFactory(schedule="")
    off = HeartbeatFactory(is_enabled=False)
    Heartbeat.objects.filter(pk=daily.pk).update(due_at=ago(minutes=1))

    assert jobs.run_heartbeats() == "1 heartbeats ran and said 0 events."
    assert jobs.run_heartbeats() == "0 heartbeats ran and said 0 events."

    daily.refresh_from_db()
    assert daily.due_at > timezone.now()
    assert (daily.due_at.hour, daily.due_at.minute) == (4, 30)
    run = HeartbeatRun.objects.get()
    assert (run.trigger, run.is_complete, run.error) == ("cron", True, "")
    assert run.finished_at >= run.started_at > run.clock
    assert {never.due_at, off.due_at} == {None}


def test_what_somebody_asked_for_is_noted_as_theirs(shop: Shop) -> None:
    row = HeartbeatFactory()

    running.request(row, by="anna", now=timezone.now())
    running.run_due(now=timezone.now())

    run = HeartbeatRun.objects.get()
    assert (run.trigger, run.requested_by) == ("hand", "anna")
    assert Heartbeat.objects.get().requested_by == ""


def test_one_that_is_off_or_under_way_does_not_begin(shop: Shop) -> None:
    row = HeartbeatFactory()
    Heartbeat.objects.update(attempts=1, due_at=ago(seconds=-50))  # somebody has its lease
    with pytest.raises(AlreadyRunning):
        running.run(row, by="anna", now=timezone.now())

    Heartbeat.objects.update(is_enabled=False)
    with pytest.raises(SwitchedOff):
        running.run(row, by="anna", now=timezone.now())
    assert not HeartbeatRun.objects.exists()


def test_the_next_run_looks_behind_those_who_were_seen_and_now_and_then_at_all(shop: Shop) -> None:
    """Who comes into the scope though they were silent for long is found by the run that looks at everybody."""
    members = SegmentFactory(key="vip")
    shop.now = ago(days=9)
    shop.track("page-view", session="anna")
    row = HeartbeatFactory(segment=members)
    Heartbeat.objects.update(due_at=ago(minutes=1))
    running.run_due(now=timezone.now())
    MembershipFactory(segment=members, profile_id=Profile.objects.get().id)

    Heartbeat.objects.update(due_at=ago(minutes=1))
    [outcome] = running.run_due(now=timezone.now())
    assert outcome.n_said == 0
    assert HeartbeatRun.objects.latest("id").n_seen == 0

    Heartbeat.objects.update(due_at=ago(minutes=1), seen_through_at=ago(hours=1, minutes=1))
    [outcome] = running.run_due(now=timezone.now())
    assert outcome.n_said == 1
    assert beat(row) == 0


def test_what_is_broken_says_why_and_stops_no_other(shop: Shop) -> None:
    shop.now = ago(days=3)
    shop.track("page-view", session="anna")
    EventTypeFactory(type="we-miss-you")
    broken, whole = HeartbeatFactory(name="Broken", event_type="we-miss-you"), HeartbeatFactory(name="Whole")
    EventType.objects.filter(type="we-miss-you").delete()
    Heartbeat.objects.filter(pk=broken.pk).update(due_at=ago(minutes=2))
    Heartbeat.objects.filter(pk=whole.pk).update(due_at=ago(minutes=1))

    outcomes = running.run_due(now=timezone.now())

    assert [(outcome.heartbeat, outcome.n_said) for outcome in outcomes] == [("Broken", 0), ("Whole", 1)]
    assert "we-miss-you cannot be said" in outcomes[0].error
    broken.refresh_from_db()
    assert "we-miss-you cannot be said" in broken.error
    assert broken.due_at > timezone.now()  # it is tried again
    run = HeartbeatRun.objects.get(heartbeat=broken)
    assert run.error == broken.error
    assert not run.is_complete

    EventTypeFactory(type="we-miss-you")
    assert beat(broken) == 1
    assert Heartbeat.objects.get(pk=broken.pk).error == ""


def test_one_that_was_changed_while_it_ran_may_be_run_at_once(shop: Shop) -> None:
    row: Heartbeat = HeartbeatFactory(schedule="30 4 * * *")
    Heartbeat.objects.update(due_at=ago(minutes=1))
    [lease] = claims.claim(Heartbeat, 1, now=timezone.now())
    running._begin(lease)
    row.wait_period = timedelta(days=2)
    definitions.save(row, now=timezone.now())

    assert running.run(row, by="anna", now=timezone.now()).is_over


def test_one_whose_condition_names_a_segment_that_is_gone_speaks_of_nobody_and_says_why(shop: Shop) -> None:
    gone = SegmentFactory(key="left-us")
    row = HeartbeatFactory(condition='NOT profile@segments CONTAINS "left-us"')
    shop.now = ago(days=3)
    shop.track("page-view", session="anna")
    segments.delete(gone)

    outcome = running.run(row, by="test", now=timezone.now())

    assert (outcome.n_said, outcome.error) == (0, "There is no segment left-us.")


def test_one_that_may_say_less_from_now_on_ends_the_run_that_has_said_more(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(definitions, "strategy_of", lambda row: replace(strategies[row.strategy], page=1))
    for number in range(4):
        shop.now = ago(days=5 - number)
        shop.track("page-view", session=f"p{number}")
    row: Heartbeat = HeartbeatFactory()
    Heartbeat.objects.update(due_at=ago(minutes=1))
    said = [running.run_due(now=timezone.now(), secs=0.0001)[0].n_said for _ in range(2)]
    row.max_per_run = 1
    definitions.save(row, now=timezone.now())

    [outcome] = running.run_due(now=timezone.now())

    assert said == [1, 2]
    assert (outcome.n_said, outcome.error, outcome.is_over, outcome.is_complete) == (2, "", True, False)
    assert [beat(row) for _ in range(3)] == [1, 1, 0]


def test_old_runs_are_forgotten(shop: Shop) -> None:
    row = HeartbeatFactory()
    for days in (1, 40):
        row.runs.create(trigger="cron", started_at=ago(days=days), finished_at=ago(days=days), clock=ago(days=days))

    beat(row)

    assert row.runs.count() == 2
    assert not row.runs.filter(started_at__lt=ago(days=31)).exists()


@pytest.mark.django_db(transaction=True)
def test_who_comes_while_others_tell_leaves_it_to_them(shop: Shop) -> None:
    shop.now = ago(days=3)
    shop.track("page-view", session="anna")
    row = HeartbeatFactory()
    other = connections.create_connection("default")
    other.set_autocommit(False)
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"heartbeat {row.id}"])
        with pytest.raises(AlreadyRunning):
            running.run(row, by="anna", now=timezone.now())
    finally:
        other.close()
    assert not HeartbeatRun.objects.get().n_said
    Heartbeat.objects.update(due_at=ago(minutes=1))

    [outcome] = running.run_due(now=timezone.now())

    assert (outcome.n_said, outcome.is_over) == (1, True)
    assert HeartbeatRun.objects.count() == 1  # the one that was begun goes on


def test_the_number_of_statements_does_not_grow_with_the_people(shop: Shop) -> None:
    counts = []
    for number in range(2):
        for each in range(1 + 9 * number):
            shop.now = ago(days=3)
            shop.track("page-view", session=f"{number} {each}")
        row = HeartbeatFactory()
        with CaptureQueriesContext(connection) as queries:
            assert running.run(row, by="test", now=timezone.now()).n_said == (1, 11)[number]
        counts.append(len(queries))
    assert counts[0] == counts[1]
