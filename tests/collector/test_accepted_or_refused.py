"""Accepted or refused, never both: whichever way something comes, it is stored, or its sender is told by name."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from rest_framework.test import APIClient

from apps.collector import accept
from apps.events import platform_events
from apps.events.models import Event, EventType, InboxItem, RefusedEvent, Source
from tests.factories import GOOGLEBOT, ConsentTypeFactory, EventTypeFactory, SourceFactory

pytestmark = pytest.mark.django_db
WAYS = ("track", "track, put", "track, by option", "track, by policy", "v1/batch", "v1/track")
LONG = "x" * 129


def send(client: APIClient, way: str, source: Source, *events: dict[str, Any], **headers: Any) -> Any:
    """Send events, as `/track` knows them, one way or another, and let the inbox be emptied."""
    if way == "v1/batch":
        body: dict[str, Any] = {"batch": [message(event) for event in events]}
    elif way == "v1/track":
        [body] = [message(event) for event in events]
    else:
        body = {"source": {"id": str(source.id)}, "session": {"id": "s1"}, "events": list(events)}
    if way == "track, by option":
        body["options"] = {"async": True}
    if way == "track, by policy":
        Source.objects.filter(pk=source.pk).update(is_asynchronous=True)
    if way.startswith("v1"):
        body["writeKey"] = source.write_key
    method = client.put if way == "track, put" else client.post
    answer = method(f"/{way.partition(',')[0]}", body, format="json", **headers)
    accept.ingest(100, at=datetime.now(UTC))
    return answer


def message(event: dict[str, Any]) -> dict[str, Any]:
    """Write an event as SDKs do."""
    names = {"type": "event", "time": "timestamp", "id": "messageId"}
    return {"type": "track", "userId": "u1", **{names.get(name, name): value for name, value in event.items()}}


def field(way: str, index: int, name: str) -> str:
    """Name a field of an event as its sender does."""
    if way.startswith("track"):
        return f"events.{index}.{name}"
    word = {"type": "event", "time": "timestamp"}.get(name, name)
    return f"batch.{index}.{word}" if way == "v1/batch" else word


def stored() -> list[str]:
    return sorted(Event.objects.exclude(type__in=platform_events.leads()).values_list("type", flat=True))


@pytest.mark.parametrize("way", [way for way in WAYS if way != "v1/track"])
def test_what_is_refused_is_named_in_the_answer_and_kept_while_the_rest_is_stored(client: APIClient, way: str) -> None:
    EventTypeFactory(type="order", schema={"required": ["total"]}, policy=EventType.Policy.DROP)

    answer = send(client, way, SourceFactory(), {"type": "a"}, {"type": LONG, "id": "m1"}, {"type": "order"})

    assert answer.status_code == 200
    told = [(error["code"], error["field"], error["index"]) for error in answer.json()["errors"]]
    assert told == [("too_long", field(way, 1, "type"), 1), ("invalid", field(way, 2, "properties.total"), 2)]
    assert stored() == ["a"]
    assert not InboxItem.objects.exists()
    rows = list(RefusedEvent.objects.order_by("id"))
    assert [(row.code, row.field) for row in rows] == [(code, name) for code, name, _ in told]
    assert LONG in rows[0].payload
    assert "m1" in rows[0].payload


@pytest.mark.parametrize("way", WAYS)
def test_a_request_of_which_nothing_is_taken_fails_with_the_field(client: APIClient, way: str) -> None:
    answer = send(client, way, SourceFactory(), {"type": LONG})

    assert answer.status_code == 422
    assert (answer.json()["success"], answer.json()["field"]) == (False, field(way, 0, "type"))
    assert stored() == []
    assert RefusedEvent.objects.get().field == field(way, 0, "type")


@pytest.mark.parametrize("time", ["yesterday", "Invalid Date", "0001-01-01", 0, "2099-01-01T00:00:00Z", {"a": 1}])
@pytest.mark.parametrize("way", WAYS)
def test_an_event_with_a_time_that_cannot_be_is_stored_and_its_sender_is_warned(
    client: APIClient, way: str, time: Any
) -> None:
    answer = send(client, way, SourceFactory(), {"type": "a", "time": time})

    assert answer.status_code == 200
    warnings = [] if isinstance(time, dict) and way.startswith("track") else [field(way, 0, "time")]
    assert [warning["field"] for warning in answer.json().get("warnings", [])] == warnings
    event = Event.objects.get(type="a")
    assert event.time == event.received_at
    assert bool(event.problems) == bool(warnings)


def test_what_an_import_says_of_the_past_is_refused_where_it_cannot_be(client: APIClient) -> None:
    source = SourceFactory()
    batch = [message({"type": "a", "time": "soon"}), message({"type": "b", "time": "2020-01-01"})]

    answer = client.post("/v1/batch", {"batch": batch, "historical": True, "writeKey": source.write_key}, format="json")

    assert [(error["code"], error["field"]) for error in answer.json()["errors"]] == [
        ("invalid_time", "batch.0.timestamp")
    ]


@pytest.mark.parametrize("historical", [True, "true", 1, "maybe"])
@pytest.mark.parametrize("place", ["body", "context", "message", "its context"])
def test_an_import_is_one_however_it_says_so(client: APIClient, place: str, historical: Any) -> None:
    source, said = SourceFactory(), {"historical": historical}
    own = {"message": said, "its context": {"context": said}}.get(place, {})
    around = {"body": said, "context": {"context": said}}.get(place, {})
    batch = [{**message({"type": "a", "time": "2020-01-01"}), **own}]

    answer = client.post("/v1/batch", {"batch": batch, "writeKey": source.write_key, **around}, format="json")
    accept.ingest(10, at=datetime.now(UTC))

    if historical == "maybe":
        names = {"message": "batch.0.historical", "its context": "batch.0.context.historical", "body": "historical"}
        assert (answer.status_code, answer.json()["field"]) == (422, names.get(place, "context.historical"))
    else:
        assert [event.is_silent for event in Event.objects.filter(type="a")] == [True]


@pytest.mark.parametrize("way", WAYS)
def test_bots_are_told_that_nothing_was_taken(client: APIClient, way: str) -> None:
    event = {"type": "a", "context": {"userAgent": GOOGLEBOT}}

    answer = send(client, way, SourceFactory(), event, HTTP_USER_AGENT=GOOGLEBOT)

    assert (answer.status_code, answer.json()["code"]) == (403, "bot")
    assert stored() == []
    assert RefusedEvent.objects.get().code == "bot"


def test_among_the_messages_of_a_server_those_of_a_bot_are_named(client: APIClient) -> None:
    bot = {"type": "b", "context": {"userAgent": GOOGLEBOT}}

    answer = send(client, "v1/batch", SourceFactory(), {"type": "a"}, bot)

    assert answer.status_code == 200
    assert [(error["code"], error["index"]) for error in answer.json()["errors"]] == [("bot", 1)]
    assert stored() == ["a"]


def test_what_was_refused_stays_refused_whatever_has_changed_until_it_is_processed(client: APIClient) -> None:
    row = EventTypeFactory(type="order", schema={"required": ["total"]}, policy=EventType.Policy.DROP)
    source = SourceFactory()
    body = {"writeKey": source.write_key, "batch": [message({"type": "order"}), message({"type": "a"})]}

    answer = client.post("/v1/batch", body, format="json")
    row.delete()

    accept.ingest(10, at=datetime.now(UTC))

    assert len(answer.json()["errors"]) == 1
    assert stored() == ["a"]
    assert RefusedEvent.objects.get().code == "invalid"


@pytest.mark.parametrize(
    ("address", "body", "wrong"),
    [
        ("/track", {"events": {}}, "events"),
        ("/track", {"context": "x"}, "context"),
        ("/v1/batch", {"batch": {}}, "batch"),
        ("/collect/order/{hook}", "no object", ""),
    ],
)
def test_a_body_that_is_wrong_as_a_whole_is_kept_as_it_came(
    client: APIClient, address: str, body: Any, wrong: str
) -> None:
    source, hook = SourceFactory(), SourceFactory(kind=Source.Kind.WEBHOOK)
    if isinstance(body, dict):
        body = {**body, "source": {"id": str(source.id)}, "writeKey": source.write_key}

    answer = client.post(address.format(hook=hook.id), body, format="json")
    accept.ingest(10, at=datetime.now(UTC))

    assert (answer.status_code, answer.json()["field"]) == (422, wrong)
    row = RefusedEvent.objects.get()
    assert row.field == wrong
    assert json.loads(row.payload) == body


def test_a_repetition_is_told_and_one_that_says_something_else_is_kept(client: APIClient) -> None:
    source = SourceFactory()
    order = {"type": "order", "id": "order-1001", "properties": {"total": 99}}
    send(client, "track", source, {**order, "properties": {"total": 0}})

    same = send(client, "track", source, {**order, "properties": {"total": 0}}).json()["warnings"]
    other = send(client, "track", source, {"type": "a"}, order).json()["warnings"]

    assert [(warning["code"], warning["field"]) for warning in same] == [("duplicate", "events.0.id")]
    assert [(warning["code"], warning["field"]) for warning in other] == [("duplicate", "events.1.id")]
    assert "before" in same[0]["message"]
    assert "Another" in other[0]["message"]
    row = RefusedEvent.objects.get()
    assert (row.code, json.loads(row.payload)["events"]) == ("duplicate", [order])
    assert [event.properties for event in Event.objects.filter(type="order")] == [{"total": 0}]


AT = "2026-11-23T10:00:00Z"
PAGES = [{"page": {"url": f"https://shop.example/{name}"}} for name in "ab"]


@pytest.mark.parametrize("way", ["track", "track, put"])
def test_what_is_sent_again_counts_once_whichever_way_it_comes(client: APIClient, way: str) -> None:
    source = SourceFactory()
    ahead = datetime.fromtimestamp(datetime.now(UTC).timestamp() + 30, UTC).isoformat()

    for each in (way, way, "track", "track, put"):
        for time in (ahead, AT):
            send(client, each, source, {"type": "a", "time": {"create": time}, "properties": {"total": 7}})

    assert Event.objects.filter(type="a").count() == 2


@pytest.mark.parametrize(
    ("path", "who", "another"),
    [
        ("/v1/track", {"anonymousId": "d"}, {"anonymousId": "e"}),
        ("/v1/track", {"userId": "u"}, {"userId": "v"}),
        ("/v1/track", {"userId": "u", "anonymousId": "d"}, {"userId": "v", "anonymousId": "d"}),
        ("/track", {"profile": {"id": str(UUID(int=7 << 76))}}, {"profile": {"id": str(UUID(int=8 << 76))}}),
        ("/track", {"device": {"id": "d"}, "session": {"id": "undefined"}}, {"device": {"id": "e"}}),
    ],
)
def test_without_a_session_what_is_sent_again_is_known_by_whose_it_is(
    client: APIClient, path: str, who: dict[str, Any], another: dict[str, Any]
) -> None:
    source = SourceFactory()
    event = {"type": "a", "time": AT}
    body = {"source": {"id": str(source.id)}, "events": [event]}
    if path != "/track":
        body = {**message(event), "writeKey": source.write_key, "userId": None}

    for said in (who, who, another, who):
        assert client.post(path, {**body, **said}, format="json").status_code == 200
        accept.ingest(10, at=datetime.now(UTC))

    accept.ingest(10, at=datetime.now(UTC))

    assert Event.objects.filter(type="a").count() == 2


def test_pages_at_one_time_are_several(client: APIClient) -> None:
    source = SourceFactory()
    event = {"type": "page-view", "time": {"create": AT}}

    send(client, "track", source, *({**event, "context": page} for page in PAGES))
    for page in PAGES:
        body = {"source": {"id": str(source.id)}, "session": {"id": "s2"}, "events": [event], "context": page}
        client.post("/track", body, format="json")
    send(client, "track", source, *({**event, "type": "tagged", "tags": [tag]} for tag in "ab"))

    assert stored() == ["page-view"] * 4 + ["tagged"] * 2


@pytest.mark.parametrize("way", WAYS)
def test_a_known_property_of_another_kind_is_told_and_stored_as_it_is(client: APIClient, way: str) -> None:
    properties = {"order_id": "o1", "revenue": "twelve", "tax": "1.5", "total": None, "discount": True, "own": "x"}

    answer = send(client, way, SourceFactory(), {"type": "Order Completed", "properties": properties})

    assert [warning["field"] for warning in answer.json()["warnings"]] == [
        field(way, 0, "properties.revenue"),
        field(way, 0, "properties.discount"),
    ]
    event = Event.objects.get(type="order-completed")
    assert event.properties == properties
    assert event.is_valid


@pytest.mark.parametrize("way", WAYS)
def test_what_is_no_decision_about_consents_is_told(client: APIClient, way: str) -> None:
    ConsentTypeFactory(id="letters")
    source = SourceFactory()
    names = {"letters": "false", "unheard": True}

    some = send(client, way, source, {"type": "Consent Update", "properties": {"consents": names}})
    none = send(client, way, source, {"type": "Consent Update", "properties": {}})

    told = [[warning["field"] for warning in answer.json()["warnings"]] for answer in (some, none)]
    fields = [field(way, 0, f"properties.consents.{name}") for name in names]
    assert told == [fields, [field(way, 0, "properties.consents")]]
    events = Event.objects.filter(type="consent-update").order_by("id")
    assert [len(event.problems or []) for event in events] == [2, 1]


def test_what_an_event_could_not_do_to_a_profile_is_told_with_the_property_that_says_it(client: APIClient) -> None:
    source = SourceFactory()

    answer = send(
        client,
        "track",
        source,
        {"type": "sign-up", "properties": {"birthday": "soon", "firstname": {"a": 1}}},
        {"type": "consent-update", "properties": {"consents": {"unknown": "false"}}},
    )

    assert answer.json()["errors"] == []
    told = {(warning["code"], warning["field"]) for warning in answer.json()["warnings"]}
    assert ("ignored", "events.1.properties.consents.unknown") in told
    assert len(told) > 1
    assert all(name.startswith(("events.0.properties.", "events.1.properties.")) for _, name in told)


def send_many(client: APIClient, way: str, source: Source, parts: dict[str, Any], events: list[dict[str, Any]]) -> Any:
    """Send events with parts that stand beside them, and let the inbox be emptied."""
    if way == "v1/batch":
        body = {"writeKey": source.write_key, "batch": [message(event) for event in events], **parts}
    else:
        body = {"source": {"id": str(source.id)}, "events": events, **parts}
    answer = client.post(f"/{way}", body, format="json")
    accept.ingest(100, at=datetime.now(UTC))
    return answer


BESIDE = [
    ("track", {}, "context"),
    ("track", {"session": {"id": "s1"}}, "context"),
    ("track", {"session": {"id": "s1"}}, "properties"),
    ("v1/batch", {}, "context"),
]


@pytest.mark.parametrize(("way", "parts", "name"), BESIDE)
def test_what_is_said_of_all_events_counts_for_each_of_them(
    client: APIClient, settings: Any, way: str, parts: dict[str, Any], name: str
) -> None:
    settings.MAX_BODY_BYTES, source = 2_000, SourceFactory()
    parts = {**parts, name: {"own": "x" * 400}}

    few = send_many(client, way, source, parts, [{"type": "few"}] * 4)
    many = send_many(client, way, source, parts, [{"type": "many"}] * 5)

    assert few.status_code == 200
    told = many.json()["errors"][0]
    assert (many.status_code, told["code"], told["field"]) == (422, "too_large", name)
    assert "many" not in stored()
    assert [(row.code, row.field) for row in RefusedEvent.objects.all()] == [("too_large", name)]


@pytest.mark.parametrize(("way", "parts", "name"), BESIDE)
def test_what_is_said_of_all_events_is_a_part_of_each(
    client: APIClient, monkeypatch: pytest.MonkeyPatch, way: str, parts: dict[str, Any], name: str
) -> None:
    monkeypatch.setattr("apps.collector.wire.body._MAX_EVENT_BYTES", 1_000)
    source = SourceFactory()
    parts, events = {**parts, name: {"own": "x" * 700}}, [{"type": "small"}, {"type": "y" * 300}]

    one = send_many(client, way, source, parts, events)
    none = send_many(client, way, source, {name: {"own": "x" * 1_000}}, [{"type": "other"}])

    [told] = one.json()["errors"]
    assert (told["code"], told["index"], stored()) == ("too_large", 1, ["small"])
    assert "with what is said of all" in told["message"]
    assert [(error["code"], error["field"]) for error in none.json()["errors"]] == [("too_large", name)]


@pytest.mark.parametrize("way", ["track", "v1/batch"])
def test_what_stands_beside_refused_events_is_kept_with_each_where_it_is_small(
    client: APIClient, settings: Any, way: str
) -> None:
    settings.MAX_BODY_BYTES, source = 2_000, SourceFactory()
    for size in (10, 600):
        send_many(client, way, source, {"own": "x" * size}, [{"type": LONG, "n": n} for n in range(5)])

    rows = RefusedEvent.objects.all()
    whole, cut = [row for row in rows if row.is_whole], [row for row in rows if not row.is_whole]
    assert [json.loads(row.payload)["own"] for row in whole] == ["x" * 10] * 5
    assert len(cut) == 5
    assert all(LONG in row.payload and "too large to be kept" in row.payload for row in cut)
    assert sum(len(row.payload) for row in cut) < 2_500
