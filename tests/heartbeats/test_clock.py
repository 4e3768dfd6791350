"""What time it is for heartbeats: no client's clock counts, and while ingest is behind nobody is called inactive."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from apps.events.models import Event, InboxItem
from apps.heartbeats import clock, definitions, running
from apps.heartbeats.models import Heartbeat, HeartbeatRun
from apps.heartbeats.strategy import strategies
from apps.profiles.models import Profile
from apps.sessions.models import Session
from tests.factories import InboxItemFactory, SourceFactory, track_body
from tests.heartbeats.beating import ago, beat, let_pass, process, said
from tests.heartbeats.factories import HeartbeatFactory
from tests.shop import Shop

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("alone")]
NEAR = timedelta(seconds=60)


def test_it_is_a_little_behind_for_what_is_just_being_answered(db: None) -> None:
    read = clock.read()

    assert read.now - read.stored_until == clock.GRACE
    assert read.lag_secs == 0


@pytest.mark.parametrize("state", ["waits", "is tried again"])
def test_it_is_held_back_by_the_oldest_that_came_from_outside(db: None, state: str) -> None:
    InboxItemFactory(received_at=ago(minutes=10), retry_at=None if state == "waits" else ago(minutes=-1))
    InboxItemFactory(received_at=ago(minutes=5))

    read = clock.read()

    assert read.stored_until == pytest.approx(ago(minutes=11), abs=NEAR)
    assert read.lag_secs == pytest.approx(600, abs=60)


@pytest.mark.parametrize("state", [{"dialect": InboxItem.Dialect.PLATFORM}, {"dead_at": ago()}])
def test_what_the_platform_says_and_what_waits_for_somebody_do_not_hold_it_back(
    db: None, state: dict[str, str]
) -> None:
    InboxItemFactory(received_at=ago(minutes=10), **state)

    assert clock.read().lag_secs == 0


def test_with_ingest_ten_minutes_behind_nobody_is_called_inactive_wrongly(shop: Shop) -> None:
    row = HeartbeatFactory(wait_period=timedelta(minutes=15))
    closing = HeartbeatFactory(strategy="session-not-closed", wait_period=timedelta(minutes=15))
    shop.now = ago(minutes=20)
    shop.track("page-view", session="anna")
    source = SourceFactory(is_asynchronous=True)
    APIClient().post("/track", track_body(source, "page-view", session="anna"), format="json")
    assert InboxItem.objects.update(received_at=ago(minutes=10)) == 1  # she was active then; it still waits

    assert running.run(row, by="test", now=timezone.now()).n_said == 0
    assert running.run(closing, by="test", now=timezone.now()).n_said == 0
    assert HeartbeatRun.objects.first().lag_secs == pytest.approx(600, abs=60)
    process()

    assert beat(row) == beat(closing) == 0
    let_pass(minutes=10)
    assert beat(row) == beat(closing) == 1


@pytest.mark.parametrize("years", [-1, 1])
def test_a_clients_clock_that_is_a_year_off_makes_nobody_less_or_more_active(db: None, years: int) -> None:
    source = SourceFactory()
    wrong = timezone.now() + years * timedelta(days=365)
    body = track_body(source, events=[{"type": "page-view", "time": wrong.isoformat()}], session="anna")
    assert APIClient().post("/track", body, format="json").status_code == 200
    rows = [
        HeartbeatFactory(wait_period=timedelta(hours=1)),
        HeartbeatFactory(strategy="inactive-session", wait_period=timedelta(hours=1)),
        HeartbeatFactory(strategy="session-not-closed", wait_period=timedelta(hours=1)),
    ]

    for held in (Profile.objects.get(), Session.objects.get()):
        assert held.last_active_at == pytest.approx(timezone.now(), abs=NEAR)
    assert [beat(row) for row in rows] == [0, 0, 0]

    let_pass(hours=2)

    assert [beat(row) for row in rows] == [1, 1, 1]
    assert Event.objects.filter(type="page-view").count() == 1  # it is kept


def test_three_days_without_a_run_lose_nothing(shop: Shop) -> None:
    closing = HeartbeatFactory(strategy="session-not-closed", wait_period=timedelta(minutes=15), schedule="*/5 * * * *")
    shop.now = ago(minutes=30)
    shop.track("page-view", session="before")
    assert beat(closing) == 1
    let_pass(days=3)
    for number in range(9):
        shop.now = ago(hours=70 - 7 * number)
        shop.track("page-view", session=f"meanwhile-{number}")

    outcomes = running.run_due(now=timezone.now())
    process()

    assert [outcome.n_said for outcome in outcomes] == [9]
    times = list(Event.objects.filter(type="session-closed").order_by("time").values_list("time", flat=True))
    assert len(times) == len(said("session-closed")) == 10
    # Each when its silence ripened; the first one of all did just now.
    assert times[8] - times[0] == pytest.approx(timedelta(hours=56), abs=NEAR)


def test_our_own_clock_was_ahead_and_nobody_stays_active_in_the_future(shop: Shop) -> None:
    shop.now = timezone.now() + timedelta(days=40)
    shop.track("page-view", session="anna")
    shop.now = ago(days=3)
    shop.track("page-view", session="anna")

    assert Profile.objects.get().last_active_at == Session.objects.get().last_active_at == shop.now
    assert beat(HeartbeatFactory()) == 1


def test_a_run_goes_on_by_the_clock_with_which_it_began(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(definitions, "strategy_of", lambda row: replace(strategies[row.strategy], page=1))
    for number in range(3):
        shop.now = ago(days=5 - number)
        shop.track("page-view", session=f"p{number}")
    row: Heartbeat = HeartbeatFactory()
    Heartbeat.objects.update(due_at=ago(minutes=1))

    outcomes = [outcome for _ in range(4) for outcome in running.run_due(now=timezone.now(), secs=0.0001)]

    run = HeartbeatRun.objects.get(heartbeat=row)
    assert [outcome.n_said for outcome in outcomes] == [1, 2, 3, 3]
    assert [outcome.is_over for outcome in outcomes] == [False, False, False, True]
    assert (run.n_seen, run.n_said, run.is_complete) == (3, 3, True)
