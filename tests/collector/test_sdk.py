"""What the SDKs of Segment and RudderStack may rely on."""

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from apps.collector import accept
from apps.events import platform_events
from apps.events.models import Event, InboxItem, RefusedEvent, Source
from apps.profiles.models import Profile
from apps.sessions.models import Session
from tests.factories import CHROME, SourceFactory

MINUTE = timedelta(minutes=1)


@pytest.fixture
def source(db: None) -> Source:
    return SourceFactory()


@pytest.fixture
def send(client: APIClient, source: Source) -> Any:
    """Send a message to a call's address, and let the inbox be processed."""

    def send(call: str, body: Any, **extra: Any) -> Any:
        body = {"writeKey": source.write_key, **body} if isinstance(body, dict) else body
        answer = client.post(f"/v1/{call}", json.dumps(body), content_type="application/json", **extra)
        accept.ingest(100, at=datetime.now(UTC))
        return answer

    return send


def happened() -> list[str]:
    return list(Event.objects.exclude(type__in=platform_events.leads()).order_by("id").values_list("type", flat=True))


def test_each_call_becomes_an_event_on_one_profile(send: Any) -> None:
    who = {"userId": "anna"}
    calls = {
        "identify": {"traits": {"email": "anna@shop.example"}},
        "track": {"event": "Order Completed", "properties": {"id": "o1"}},
        "page": {"name": "Home", "properties": {"url": "https://shop.example/"}},
        "screen": {"name": "Basket"},
        "group": {"groupId": "g1", "traits": {"plan": "pro"}},
        "alias": {"previousId": "a-1"},
    }

    answers = [send(call, {**who, **message}) for call, message in calls.items()]

    assert {answer.status_code for answer in answers} == {200}
    assert {answer.json()["success"] for answer in answers} == {True}
    assert happened() == ["identify", "order-completed", "page-view", "screen-view", "group", "alias"]
    profile = Profile.objects.get()
    assert (profile.primary_id, profile.email, profile.traits["email"]) == (
        "anna",
        "anna@shop.example",
        "anna@shop.example",
    )
    assert Event.objects.get(type="group").properties == {"plan": "pro", "group_id": "g1"}
    assert Event.objects.get(type="page-view").properties == {"name": "Home", "url": "https://shop.example/"}


@pytest.mark.parametrize(
    ("short", "type_"),
    [("t", "x"), ("i", "identify"), ("p", "page-view"), ("s", "screen-view"), ("g", "group"), ("a", "alias")],
)
def test_short_addresses_are_the_same(send: Any, short: str, type_: str) -> None:
    assert send(short, {"userId": "anna", "event": "x"}).status_code == 200
    assert happened() == [type_]


@pytest.mark.parametrize("address", ["/v1/batch", "/v1/b", "/v1/import", "/beacon/v1/batch?writeKey={key}"])
def test_batches_are_taken_at_each_address(client: APIClient, source: Source, address: str) -> None:
    batch = [{"type": type_, "userId": "anna", "event": "x"} for type_ in ("track", "Track", "identify")]
    body = {"batch": batch} if "{key}" in address else {"batch": batch, "writeKey": source.write_key}

    answer = client.post(
        address.format(key=source.write_key), json.dumps(body), content_type="text/plain;charset=UTF-8"
    )
    accept.ingest(10, at=datetime.now(UTC))

    assert answer.status_code == 200
    assert happened() == ["x", "x", "identify"]


def basic(name: str) -> str:
    return "Basic " + b64encode(name.encode()).decode()


def test_the_write_key_may_be_the_user_of_basic_authentication(client: APIClient, source: Source) -> None:
    body = {"userId": "anna", "event": "x"}

    for header in (basic(f"{source.write_key}:"), basic(source.write_key), basic(f"{source.write_key}:secret")):
        assert client.post("/v1/track", body, format="json", HTTP_AUTHORIZATION=header).status_code == 200


@pytest.mark.parametrize("header", ["", "Basic", "Basic ???", "Basic é", "Basic /w==", "Bearer x", basic("nobody:")])
def test_without_a_known_write_key_nothing_is_taken(client: APIClient, header: str) -> None:
    answer = client.post("/v1/track", {"userId": "a", "event": "x"}, format="json", HTTP_AUTHORIZATION=header)

    assert (answer.status_code, answer.json()["field"]) == (401, "writeKey")
    assert not InboxItem.objects.exists()


@pytest.mark.parametrize(
    ("ahead", "happened_ago", "expected_ago"),
    [
        (-600 * MINUTE, 5 * MINUTE, 5 * MINUTE),  # a clock that is ten hours slow
        (600 * MINUTE, 5 * MINUTE, 5 * MINUTE),  # and one that is fast
        (20_000_000 * MINUTE, 5 * MINUTE, 5 * MINUTE),  # and one that is beside itself
        (MINUTE / 2, 5 * MINUTE, 4.5 * MINUTE),  # half a minute is the network's: the time stays as it was sent
    ],
)
def test_the_time_is_corrected_by_the_clock_that_sent_it(
    send: Any, ahead: timedelta, happened_ago: timedelta, expected_ago: timedelta
) -> None:
    clock = timezone.now() + ahead
    times = {"timestamp": (clock - happened_ago).isoformat(), "sentAt": clock.isoformat()}

    send("track", {"userId": "anna", "event": "x", **times})

    event = Event.objects.get(type="x")
    assert abs(event.received_at - event.time - expected_ago) < timedelta(seconds=20)


def in_millis(at: datetime) -> int:
    return int(at.timestamp() * 1_000)


@pytest.mark.parametrize("write", [datetime.isoformat, in_millis, lambda at: str(in_millis(at))])
@pytest.mark.parametrize(
    ("by_request", "by_message", "ahead"),
    [
        (None, 0, 600 * MINUTE),  # only its messages say when the batch was sent
        (None, 0, -600 * MINUTE),
        (0, None, 600 * MINUTE),
        (0, 90 * MINUTE, 600 * MINUTE),  # a message that was sent before, and now again
        (0, 90 * MINUTE, timedelta()),
    ],
)
def test_when_a_batch_was_sent_is_said_by_it_or_else_by_each_message(
    send: Any, write: Any, by_request: Any, by_message: Any, ahead: timedelta
) -> None:
    clock = timezone.now() + ahead
    said = [{} if ago is None else {"sentAt": write(clock - (ago or timedelta()))} for ago in (by_request, by_message)]
    message = {"type": "track", "userId": "anna", "event": "x", "timestamp": write(clock - 100 * MINUTE), **said[1]}

    send("batch", {"batch": [message], **said[0]})

    event = Event.objects.get(type="x")
    assert abs(event.received_at - event.time - 100 * MINUTE) < timedelta(seconds=20)


def test_a_time_of_sending_in_whole_seconds_corrects_what_happened_in_that_second(send: Any) -> None:
    clock = (timezone.now() - timedelta(days=400)).replace(microsecond=0)
    message = {"type": "track", "userId": "anna", "event": "x"}
    times = [(clock + timedelta(milliseconds=ms)).isoformat() for ms in (0, 700)]

    send("batch", {"batch": [{**message, "timestamp": time} for time in times], "sentAt": clock.isoformat()})

    assert [event.received_at - event.time < timedelta(seconds=20) for event in Event.objects.filter(type="x")] == [
        True
    ] * 2


@pytest.mark.parametrize(
    "sent_at",
    ["0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "2099-01-01", "9999-12-31T23:59:59Z", "soon", 17, None, {}],
)
def test_a_time_of_another_clock_than_the_senders_stays_as_it_is(send: Any, sent_at: Any) -> None:
    send("track", {"userId": "anna", "event": "x", "timestamp": "2024-02-29T12:00:00Z", "sentAt": sent_at})

    assert Event.objects.get(type="x").time == datetime(2024, 2, 29, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("timestamp", "sent_at"),
    [("0001-01-01T00:00:00Z", "9999-12-31T00:00:00Z"), ("9999-12-31T00:00:00Z", "0001-01-01T00:00:00Z")],
)
def test_times_at_the_ends_of_the_calendar_are_those_of_the_arrival(send: Any, timestamp: str, sent_at: str) -> None:
    first = {"type": "track", "userId": "anna", "event": "x", "timestamp": timestamp}
    second = {"type": "track", "userId": "anna", "event": "y"}

    answer = send("batch", {"batch": [first, second], "sentAt": sent_at})

    assert [warning["field"] for warning in answer.json()["warnings"]] == ["batch.0.timestamp"]
    assert happened() == ["x", "y"]
    event = Event.objects.get(type="x")
    assert event.time == event.received_at


@pytest.mark.parametrize(
    ("message", "field"),
    [
        (None, "batch.1"),
        ([], "batch.1"),
        ({"type": "track", "event": "x"}, "batch.1.userId"),
        ({"type": "track", "event": "x", "userId": "null", "anonymousId": " undefined "}, "batch.1.userId"),
        ({"type": "track", "event": " ", "userId": "a"}, "batch.1.event"),
        ({"type": "track", "userId": "a"}, "batch.1.event"),
        ({"type": "trick", "userId": "a"}, "batch.1.type"),
        ({"type": None, "userId": "a"}, "batch.1.type"),
        ({"type": "identify", "userId": {}}, "batch.1.userId"),
        ({"type": "identify", "userId": "x" * 513}, "batch.1.userId"),
        ({"type": "identify", "userId": "a", "traits": ["x"]}, "batch.1.traits"),
        ({"type": "page", "userId": "a", "properties": "p"}, "batch.1.properties"),
        ({"type": "page", "userId": "a", "context": 5}, "batch.1.context"),
        ({"type": "page", "userId": "a", "messageId": []}, "batch.1.messageId"),
        ({"type": "page", "userId": "a", "properties": {"x": "\x00"}}, "batch.1.properties.x"),
        ({"type": "page", "userId": "\ud800"}, "batch.1.userId"),
        ({"type": "page", "userId": "a", "properties": {"x": 10**30}}, None),
        ({"type": "page", "userId": "a", "properties": {"x": "x" * 130_000}}, "batch.1"),
    ],
)
def test_a_bad_message_is_refused_alone(send: Any, message: Any, field: str | None) -> None:
    good = {"type": "page", "userId": "anna"}

    answer = send("batch", {"batch": [good, message, good]})

    assert answer.status_code == 200
    assert [error["field"] for error in answer.json().get("errors", [])] == ([field] if field else [])
    assert len(happened()) == 3 - bool(field)


def test_what_a_bad_message_said_is_not_kept(send: Any) -> None:
    card = {"credit_card": {"number": "4111111111111111"}}

    send("batch", {"batch": [{"type": "page", "userId": "a"}, {"type": "track", "event": "x", "properties": card}]})

    assert "x" in RefusedEvent.objects.get().payload
    assert "4111" not in RefusedEvent.objects.get().payload


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ([], 401, "writeKey"),
        ({"batch": None}, 422, "batch"),
        ({"batch": {}}, 422, "batch"),
        ({"batch": [{}] * 2501}, 422, "batch"),
        ({"batch": [], "context": ["x"]}, 422, "context"),
        ({"batch": [], "context": {"a": "\x00"}}, 422, "context.a"),
        ({"batch": [{"type": "x"}, 5]}, 422, "batch.0.userId"),
    ],
)
def test_a_batch_of_which_nothing_can_be_taken_names_its_mistake(send: Any, body: Any, status: int, field: str) -> None:
    answer = send("batch", body)

    assert (answer.status_code, answer.json()["field"]) == (status, field)
    assert not Event.objects.exists()


def test_an_empty_batch_is_fine(send: Any) -> None:
    assert send("batch", {"batch": []}).json() == {"success": True}


def test_a_message_that_comes_again_changes_nothing(send: Any) -> None:
    message = {"type": "track", "event": "x", "userId": "anna", "messageId": "m1"}

    send("batch", {"batch": [message, message]})
    send("track", message)

    assert happened() == ["x"]
    assert Profile.objects.get().event_count == 2


def test_a_message_id_is_its_sources_own(client: APIClient, source: Source) -> None:
    for each in (source, SourceFactory()):
        body = {"event": "x", "userId": "anna", "messageId": "m1", "writeKey": each.write_key}
        client.post("/v1/track", body, format="json")
    accept.ingest(10, at=datetime.now(UTC))

    assert happened() == ["x", "x"]


def test_a_device_has_a_session_that_ends_by_itself_and_a_server_has_none(send: Any) -> None:
    start = timezone.now() - timedelta(hours=3)
    for minutes in (0, 20, 40, 120):
        at = (start + minutes * MINUTE).isoformat()
        send("page", {"anonymousId": "d1", "timestamp": at, "context": {"userAgent": CHROME, "locale": "de-AT"}})
    send("track", {"userId": "anna", "event": "x"})

    assert list(Session.objects.order_by("started_at").values_list("event_count", flat=True)) == [3, 1]
    assert set(Session.objects.values_list("app__name", "language")) == {("Chrome", "de-AT")}
    assert Event.objects.get(type="x").session_id is None


def test_rudderstacks_session_id_is_taken_for_its_device(send: Any) -> None:
    for device in ("d1", "d2"):
        for _ in range(2):
            send("page", {"anonymousId": device, "context": {"sessionId": 1_763_900_000_000}})

    assert list(Session.objects.values_list("event_count", flat=True)) == [2, 2]


def test_a_campaign_is_known_by_the_sdks_names(send: Any) -> None:
    context = {"campaign": {"name": "spring", "source": "newsletter"}, "page": {"referrer": "https://search.example/"}}

    send("page", {"anonymousId": "d1", "context": context})

    session = Session.objects.get()
    assert session.utm == {"campaign": "spring", "source": "newsletter"}
    assert session.referrer == "https://search.example/"


def test_traits_may_stand_in_the_context(send: Any) -> None:
    send("identify", {"userId": "anna", "context": {"traits": {"plan": "pro"}}})

    assert Profile.objects.get().traits == {"plan": "pro"}


def test_history_is_silent(send: Any) -> None:
    send("batch", {"batch": [{"type": "page", "userId": "a"}], "historical": True})
    send("page", {"userId": "a", "context": {"historical": True}})
    send("page", {"userId": "a"})

    assert list(Event.objects.filter(type="page-view").order_by("id").values_list("is_silent", flat=True)) == [
        True,
        True,
        False,
    ]


def test_browser_sdks_are_told_that_their_source_is_on(client: APIClient, source: Source) -> None:
    rudder = client.get(f"/sourceConfig/?writeKey={source.write_key}").json()
    segment = client.get(f"/v1/projects/{source.write_key}/settings", HTTP_HOST="localhost:8000").json()

    assert (rudder["source"]["enabled"], rudder["source"]["writeKey"]) == (True, source.write_key)
    assert segment["integrations"]["Segment.io"]["apiHost"] == "localhost:8000/v1"
    assert segment["metrics"] == {"sampleRate": 0}
    assert client.get("/sourceConfig?writeKey=nobody").status_code == 401
    assert client.get("/v1/projects/nobody/settings").status_code == 401
