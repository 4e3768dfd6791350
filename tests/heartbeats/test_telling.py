"""Of whom a heartbeat speaks, how often, and what it says."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.collector import accept
from apps.events.models import Event
from apps.heartbeats import running
from apps.heartbeats.models import Heartbeat, Silence
from apps.profiles.models import Profile
from apps.sessions.models import Session
from tests.heartbeats.factories import HeartbeatFactory
from tests.shop import Shop, person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("alone")]


def beat(row: Heartbeat) -> int:
    """Run a heartbeat, let its events be processed, and return how many it said."""
    outcome = running.run(row, by="test", now=timezone.now())
    assert outcome.is_over
    assert not outcome.error
    while accept.ingest(1_000, at=timezone.now()):
        pass
    return outcome.n_said


def said(type: str) -> list[dict[str, Any]]:
    return [event.properties for event in Event.objects.filter(type=type).order_by("time")]


def ago(**span: float) -> Any:
    return timezone.now() - timedelta(**span)


def test_who_is_silent_for_long_enough_is_called_inactive_once(shop: Shop) -> None:
    shop.now = ago(days=3)
    shop.track("page-view", session="anna")
    shop.now = ago(hours=3)
    shop.track("page-view", session="bo")
    row = HeartbeatFactory(wait_period=timedelta(days=2))

    assert beat(row) == 1
    assert beat(row) == 0

    event = Event.objects.get(type="profile-inactive")
    anna = person(last_active_at__lt=ago(days=2))
    assert event.profile_id == anna.id
    assert event.time == anna.last_active_at + timedelta(days=2)
    assert event.properties["heartbeat"] == row.name
    assert event.properties["wait_secs"] == 172_800
    assert event.properties["inactive_secs"] == pytest.approx(3 * 86_400 - 60, abs=10)
    assert not event.is_silent
    assert Silence.objects.get().said_at is not None


def test_a_session_that_nobody_closed_is_closed_with_what_it_was(shop: Shop) -> None:
    shop.now = ago(hours=2)
    page = {"type": "page-view", "context": {"page": {"url": "https://shop.example/a"}}}
    shop.track(page, session="anna")
    shop.later(minutes=10)
    shop.track({"type": "page-view", "context": {"page": {"url": "https://shop.example/b"}}}, session="anna")
    row = HeartbeatFactory(strategy="session-not-closed", wait_period=timedelta(minutes=30), rearm="silence")

    assert beat(row) == 1
    assert beat(row) == 0

    session = Session.objects.get()
    assert session.status == Session.Status.ENDED
    event = Event.objects.get(type="session-closed")
    assert (event.session_id, event.profile_id) == (session.id, Profile.objects.get().id)
    assert event.properties["duration_secs"] == pytest.approx(601, abs=1)
    assert event.properties["exit_page"] == "https://shop.example/b"
