"""Many requests of one person at once: each counts, and they stay one person."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.db import connection, connections
from django.test import Client

from apps.collector.accept import process
from apps.collector.envelope import Envelope
from apps.collector.payload import Way
from apps.collector.wire import Message
from apps.events import sources
from apps.events.models import Event, Source
from apps.profiles.models import Profile
from apps.sessions.models import Session
from tests.factories import SourceFactory, track_body

THREADS = 50
pytestmark = pytest.mark.django_db(transaction=True)


def post(body: dict[str, object]) -> str:
    try:
        answer = Client().post("/track", json.dumps(body), content_type="application/json")
        assert answer.status_code == 200, answer.content
        return str(answer.json()["profile"]["id"])
    finally:
        connections.close_all()


def test_fifty_threads_that_track_one_profile_count_each_event() -> None:
    source = SourceFactory()
    event = {"type": "increase-interest", "properties": {"interest": "jazz"}}
    body = track_body(source, events=[event])

    with ThreadPoolExecutor(THREADS) as pool:
        found = set(pool.map(post, [body] * 200))

    assert len(found) == 1
    profile = Profile.objects.get()
    assert profile.interests == {"jazz": 200.0}
    assert Event.objects.filter(type="increase-interest", profile_id=profile.id).count() == 200
    assert profile.event_count == Event.objects.count() == 203
    assert Session.objects.get().event_count == 200


def _process_alone(source: Source, session: str, go_ahead: object) -> None:
    policy = sources.find(str(source.id))
    assert policy is not None
    body = json.dumps(track_body(source, "page-view", session=session)).encode()
    try:
        payloads = Message("track", body, Envelope(policy, datetime.now(UTC))).read().parsed.payloads
        process(payloads, now=datetime.now(UTC), way=Way.NOW)
    finally:
        connections.close_all()


def test_first_requests_of_one_session_in_separate_transactions_make_one_profile() -> None:
    """The grouping of one process hides the race; separate processes would not, so it is left out here."""
    source = SourceFactory()
    sessions = [str(uuid4()) for _ in range(20)]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda session: _process_alone(source, session, None), sorted(sessions * 4)))

    assert Session.objects.count() == Profile.objects.count() == 20
    assert set(Session.objects.values_list("event_count", flat=True)) == {4}


def test_two_sessions_of_one_profile_lose_no_update() -> None:
    source = SourceFactory()
    first = post(track_body(source, "page-view", session="phone"))
    post(track_body(source, "page-view", session="laptop", profile={"id": first}))
    event = {"type": "increase-interest", "properties": {"interest": "jazz"}}

    def track(session: str) -> None:
        policy = sources.find(str(source.id))
        assert policy is not None
        body = json.dumps(track_body(source, session=session, events=[event])).encode()
        try:
            payloads = Message("track", body, Envelope(policy, datetime.now(UTC))).read().parsed.payloads
            process(payloads, now=datetime.now(UTC), way=Way.NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(track, ["phone", "laptop"] * 40))

    assert Profile.objects.get().interests == {"jazz": 80.0}
