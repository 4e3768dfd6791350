"""Sessions that nobody closed: they end once, and only what people do opens them again."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone
from rest_framework.test import APIClient

from apps.core import locks
from apps.events.models import Event, Source
from apps.heartbeats import running, silent_sessions
from apps.heartbeats.models import Heartbeat
from apps.heartbeats.silent import Silent
from apps.profiles.models import Identifier, Profile
from apps.sessions.models import Session
from tests.factories import SourceFactory, track_body
from tests.heartbeats.beating import ago, beat, let_pass, process, said
from tests.heartbeats.factories import HeartbeatFactory
from tests.shop import Shop, types_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("alone")]
Send = Callable[..., None]


@pytest.fixture
def closing() -> Heartbeat:
    row: Heartbeat = HeartbeatFactory(
        strategy="session-not-closed", wait_period=timedelta(minutes=30), rearm=Heartbeat.Rearm.SILENCE
    )
    return row


@pytest.fixture(params=["at once", "through the inbox"])
def send(request: pytest.FixtureRequest, db: None) -> Send:
    """Send an event of Anna's session by HTTP, to a source that processes it at once, or by ingest."""
    source: Source = SourceFactory(is_asynchronous=request.param != "at once")

    def sent(type: str, *, at: datetime | None = None) -> None:
        event = {"type": type, **({"time": at.isoformat()} if at else {})}
        answer = APIClient().post("/track", track_body(source, events=[event]), format="json")
        assert answer.status_code < 300, answer.content
        process()

    return sent


def page(name: str) -> dict[str, Any]:
    return {"type": "page-view", "context": {"page": {"url": f"https://shop.example/{name}"}}}


def test_it_is_closed_with_all_that_it_was(shop: Shop, closing: Heartbeat) -> None:
    shop.now = ago(hours=2)
    shop.track(page("a"), session="anna")
    shop.later(minutes=10)
    shop.track(page("b"), session="anna")

    assert beat(closing) == 1

    session = Session.objects.get()
    event = Event.objects.get(type="session-closed")
    assert session.status == Session.Status.ENDED
    assert (event.session_id, event.profile_id) == (session.id, session.profile_id)
    assert event.time == session.last_active_at + timedelta(minutes=30)
    own = {name: event.properties[name] for name in ("entry_page", "exit_page", "event_count", "visit_count")}
    assert own == {
        "entry_page": "https://shop.example/a",
        "exit_page": "https://shop.example/b",
        "event_count": 2,
        "visit_count": 1,
    }
    assert event.properties["duration_secs"] == session.duration_secs == 601  # without the silence
    assert event.properties["started_at"] == session.started_at.isoformat()
    assert event.properties["ended_at"] == session.last_seen_at.isoformat()


def test_that_it_is_closed_opens_nothing(closing: Heartbeat, send: Send) -> None:
    send("page-view")
    let_pass(hours=2)
    before = Session.objects.values().get()

    assert [beat(closing) for _ in range(3)] == [1, 0, 0]

    after = Session.objects.values().get()
    assert after == {**before, "status": Session.Status.ENDED}
    assert Event.objects.filter(type="visit-started").count() == 1


def test_what_happened_before_and_arrives_late_belongs_to_it_and_takes_nothing_back(
    closing: Heartbeat, send: Send
) -> None:
    start = ago(minutes=20)
    send("page-view", at=start)
    send("page-view", at=start + timedelta(minutes=10))
    let_pass(hours=2)
    assert beat(closing) == 1

    send("order-completed", at=start + timedelta(minutes=5))

    session = Session.objects.get()
    assert session.status == Session.Status.ENDED
    assert (session.event_count, session.visit_count, session.duration_secs) == (3, 1, 600)
    late = Event.objects.get(type="order-completed")
    assert (late.session_id, late.profile_id) == (session.id, session.profile_id)
    let_pass(hours=2)
    assert beat(closing) == 0
    assert len(said("session-closed")) == 1


def test_who_goes_on_begins_a_new_visit_and_is_closed_again(closing: Heartbeat, send: Send) -> None:
    send("page-view", at=ago(minutes=20))
    let_pass(hours=2)
    assert beat(closing) == 1

    send("page-view")

    session = Session.objects.get()
    assert session.status == Session.Status.ACTIVE
    assert session.visit_count == 2  # though the pause was shorter than that between visits
    assert beat(closing) == 0
    let_pass(hours=2)
    assert beat(closing) == 1
    assert len(said("session-closed")) == 2


def test_each_open_session_of_a_person_is_closed(shop: Shop, closing: Heartbeat) -> None:
    shop.now = ago(hours=3)
    shop.track("page-view", session="laptop")
    owner = Profile.objects.get().id
    for session in ("phone", "watch"):
        shop.track("page-view", session=session, profile={"id": str(owner)})
    shop.track({"type": "visit-ended"}, session="tablet")

    assert beat(closing) == 3
    assert set(said("session-closed")) == {owner}
    assert set(Session.objects.values_list("status", flat=True)) == {Session.Status.ENDED}


def test_an_inactive_session_stays_open(shop: Shop) -> None:
    shop.now = ago(hours=1)
    shop.track("page-view", session="anna")
    row = HeartbeatFactory(strategy="inactive-session", wait_period=timedelta(minutes=15), rearm="silence")

    assert [beat(row), beat(row)] == [1, 0]

    session = Session.objects.get()
    assert session.status == Session.Status.ACTIVE
    event = Event.objects.get(type="session-inactive")
    assert (event.session_id, event.time) == (session.id, session.last_active_at + timedelta(minutes=15))
    assert types_of(session.profile) == ["page-view", "session-inactive"]


def test_who_works_on_a_session_keeps_it_open(shop: Shop, closing: Heartbeat) -> None:
    """Whatever was stored of it since we looked counts."""
    shop.now = ago(hours=3)
    shop.track("page-view", session="anna")
    stale = Session.objects.get()
    shop.now = ago(minutes=5)
    shop.track("page-view", session="anna")
    seen = Silent(stale.id, stale.last_active_at, stale.original_profile_id, stale.id)

    assert silent_sessions.close([seen]) == set()
    assert Session.objects.get().status == Session.Status.ACTIVE


@pytest.mark.django_db(transaction=True)
def test_who_goes_on_with_the_session_of_a_device_keeps_it_open(shop: Shop, closing: Heartbeat) -> None:
    """One that names no session: the collector holds the lock of the device alone when it reads its session."""
    shop.now = ago(hours=3)
    shop.call("page", anonymousId="phone")
    device = Identifier.objects.get(session_id=Session.objects.get().id)

    def close() -> None:
        running.run(closing, by="test", now=timezone.now())
        connection.close()

    other = threading.Thread(target=close)
    with transaction.atomic():
        locks.by_key([device.id])
        other.start()
        other.join(timeout=1)
        Session.objects.update(last_active_at=ago(minutes=5), status=Session.Status.ACTIVE)
    other.join()

    assert Session.objects.get().status == Session.Status.ACTIVE
    process()
    assert not said("session-closed")
