"""What holds for every batch, however requests are grouped into it."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import example, given, settings
from hypothesis import strategies as st

from apps.collector.envelope import Envelope
from apps.collector.payload import Way
from apps.collector.pipeline import process
from apps.collector.wire import Message
from apps.events.models import Event, RefusedEvent
from apps.events.store import partitions
from apps.profiles.models import Profile
from apps.sessions.models import Session
from tests.factories import ConsentTypeFactory, policy

START = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
NOW = START + timedelta(days=1)
GRANT, WITHDRAW = ({"consents": {"marketing": {"revoke": revoke}}} for revoke in (None, "2020-01-01T00:00:00Z"))


def at(minute: int) -> str:
    return (START + timedelta(minutes=minute)).isoformat()


EVENTS = st.sampled_from(
    [
        ("page-view", {}),
        ("page-view", {}),
        ("visit-ended", {}),
        ("increase-interest", {"interest": "jazz"}),
        ("consent-update", GRANT),
        ("consent-update", WITHDRAW),
    ]
)
MINUTES = st.integers(0, 12).map(lambda tens: tens * 10)
OPTIONS = st.dictionaries(st.sampled_from(["saveEvents", "saveSession", "saveProfile"]), st.just(False), max_size=1)


@st.composite
def tracks(draw: st.DrawFn, options: st.SearchStrategy[dict[str, bool]]) -> tuple[str, dict[str, Any]]:
    moments = sorted(draw(st.lists(MINUTES, min_size=1, max_size=2)))
    pages = draw(st.sampled_from([{}, {"page": {"url": "https://shop.example/a"}}, {"page": {"url": "/b"}}]))
    events = [
        {"type": type_, "properties": properties, "time": at(minute), "context": pages}
        for minute in moments
        for type_, properties in [draw(EVENTS)]
    ]
    session = draw(st.sampled_from(["phone", "laptop", None]))
    return "track", {"session": {"id": session}, "events": events, "options": draw(options)}


@st.composite
def messages(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    type_, properties = draw(EVENTS)
    message = {"event": type_, "properties": properties, "timestamp": at(draw(MINUTES)), "anonymousId": "device"}
    if draw(st.booleans()):
        message["userId"] = draw(st.sampled_from(["anna", "ben"]))
    return "sdk", message


# (whether the source requires consent, (dialect, body))
REQUESTS = st.lists(st.tuples(st.just(False), tracks(OPTIONS) | messages()), min_size=2, max_size=5) | st.lists(
    st.tuples(st.booleans(), tracks(st.just({}))), min_size=2, max_size=5
)


SOURCES = [policy(name="plain"), policy(name="strict", required_consents=["marketing"])]


@pytest.fixture(autouse=True)
def months(db: None) -> None:
    """Make the partitions before anything is taken back: they are remembered in memory; and what may be agreed to."""
    partitions.ensure([START.date().replace(day=1)])
    ConsentTypeFactory()


class Undo(Exception):
    pass


def outcome(groups: list[list[Message]]) -> dict[str, Any]:
    """Process the groups one after the other, say what is in the database, and take it all back."""
    try:
        with transaction.atomic():
            for group in groups:
                process([payload for message in group for payload in message.parse().payloads], now=NOW, way=Way.NOW)
            found = state()
            raise Undo
    except Undo:
        return found


def state() -> dict[str, Any]:
    """Say what is in the database, without the ids that are made anew each time."""
    profiles = Profile.objects.values(
        *("id", "primary_id", "visit_count", "event_count", "interests", "consents"),
        *("visit_started_at", "previous_visit_at", "first_seen_at", "last_seen_at"),
    )
    people = {row.pop("id"): str(row) for row in profiles}
    sessions = Session.objects.values(
        *("client_id", "status", "visit_count", "event_count", "page_count", "entry_page", "exit_page"),
        *("started_at", "last_seen_at", "profile_id"),
    )
    events = Event.objects.values("time", "type", "journey", "profile_id", "session_id")
    return {
        "people": sorted(people.values()),
        "sessions": sorted(str({**row, "profile_id": people.get(row["profile_id"])}) for row in sessions),
        "events": sorted(
            str({**row, "profile_id": people.get(row["profile_id"]), "session_id": row["session_id"] is not None})
            for row in events
        ),
        "refused": set(RefusedEvent.objects.values_list("code", "field", "payload")),
    }


def track(*minutes: int, session: str = "phone", type_: str = "page-view", **properties: Any) -> tuple[str, Any]:
    events = [{"type": type_, "time": at(minute), "properties": properties} for minute in minutes]
    return "track", {"session": {"id": session}, "events": events}


def message(minute: int) -> tuple[str, Any]:
    return "sdk", {"event": "page-view", "timestamp": at(minute), "anonymousId": "device"}


pytestmark = pytest.mark.django_db


@settings(max_examples=12)
@given(requests=REQUESTS)
@example(requests=[(False, track(0)), (False, track(120)), (False, track(130))]).via("one new visit, not two")
@example(requests=[(False, message(0)), (False, message(20)), (False, message(40))]).via("one session of a device")
@example(requests=[(False, track(0, type_="visit-ended")), (False, track(10))]).via("an end in the same batch")
@example(requests=[(True, track(0, type_="consent-update", **GRANT)), (True, track(10))]).via(
    "a consent counts at once"
)
@example(
    requests=[
        (True, track(0, type_="consent-update", **GRANT)),
        (True, track(10, type_="consent-update", **WITHDRAW)),
        (True, track(20)),
    ]
).via("a withdrawal takes effect at once")
@example(requests=[(True, track(0)), (False, track(10))]).via("what was refused opened nothing")
def test_a_batch_does_what_its_requests_do_one_after_the_other(
    requests: list[tuple[bool, tuple[str, Any]]],
) -> None:
    batch = [
        Message(dialect, json.dumps(body).encode(), Envelope(SOURCES[strict], NOW, call="track"))
        for strict, (dialect, body) in requests
    ]

    assert outcome([batch]) == outcome([[message] for message in batch])
