"""What the field sends: some four hundred payloads of SDKs, servers and webhooks. Each is stored as it is, or named."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from rest_framework.test import APIClient

from apps.collector import accept
from apps.conditions.type_names import event_type
from apps.events import platform_events
from apps.events.models import Event, InboxItem, Source
from apps.profiles.models import Profile
from tests import sdks, webhooks
from tests.factories import SourceFactory
from tests.webhooks import FORM, QUERY, Posted

SIZE = 40  # messages of a request


def chunks(items: list[Any]) -> list[list[Any]]:
    return [items[start : start + SIZE] for start in range(0, len(items), SIZE)]


def settle() -> None:
    """Let all that waits be processed; nothing may stay, or become a dead letter."""
    while accept.ingest(100, at=datetime.now(UTC)):
        pass
    assert not InboxItem.objects.exists()


def stored() -> dict[str | None, Event]:
    return {event.message_id: event for event in Event.objects.exclude(type__in=platform_events.leads())}


def said_by(message: dict[str, Any]) -> dict[str, Any]:
    """Return the properties that an event has of a message, by the specification of its call."""
    context = message.get("context", {})
    match message["type"]:
        case "identify":
            return {**context.get("traits", {}), **message.get("traits", {})}
        case "group":
            return {**message.get("traits", {}), "group_id": message["groupId"]}
        case "alias":
            return {"previousId": message["previousId"]}
        case "page" | "screen":
            named = {key: message[key] for key in ("name", "category") if key in message}
            return {**named, **message["properties"]}
    properties: dict[str, Any] = message["properties"]
    return properties


def without_nothing(traits: dict[str, Any]) -> dict[str, Any]:
    """Return the traits but for those that are null, which empties a trait."""
    return {name: value for name, value in traits.items() if value is not None}


def test_there_are_enough_of_them_to_be_called_a_field() -> None:
    posted = webhooks.BODIES
    assert len([*sdks.taken(), *sdks.refused()]) + sum(len(each.events) for each in posted) >= 300
    assert len({each.vendor for each in posted}) >= 30


@pytest.mark.parametrize("has_clean_source", [True, False])
def test_messages_of_sdks_are_stored_as_they_are_or_named_in_the_answer(
    client: APIClient, db: None, has_clean_source: bool
) -> None:
    good, bad = [*sdks.taken()], [*sdks.refused()]
    mixed = good if has_clean_source else [each for pair in zip(good, bad, strict=False) for each in pair]
    messages = [{"messageId": f"m-{place}", **message} for place, message in enumerate(mixed)]
    source, named = SourceFactory(), set()

    for batch in chunks(messages):
        body = json.dumps({"writeKey": source.write_key, "batch": batch})
        answer = client.post("/v1/batch", body, content_type="application/json")
        assert answer.status_code == 200
        for error in answer.json().get("errors", []):
            assert error["field"].startswith(f"batch.{error['index']}")
            named.add(batch[error["index"]]["messageId"])
    settle()

    events = stored()
    assert named == {each["messageId"] for each in messages if each["messageId"] not in events}
    assert named == {each["messageId"] for each, message in zip(messages, mixed, strict=True) if message in bad}
    for message in messages:
        if message["messageId"] not in named:
            event = events[message["messageId"]]
            assert event.properties == said_by(message), message
            assert event.type == (event_type(message["event"]) if message["type"] == "track" else event.type)
            assert not event.problems, message
            if message.get("timestamp"):
                assert event.time == datetime(2026, 1, 15, 10, tzinfo=UTC)


def test_traits_of_people_are_those_that_were_sent(client: APIClient, db: None) -> None:
    source = SourceFactory()
    messages = [each for each in sdks.taken() if each["type"] == "identify" and "anonymousId" not in each]

    body = json.dumps({"writeKey": source.write_key, "batch": messages})
    assert client.post("/v1/batch", body, content_type="application/json").json()["success"]
    settle()

    kept = dict(Profile.objects.values_list("primary_id", "traits"))
    expected = {each["userId"]: without_nothing(said_by(each)) for each in messages}
    assert {name: without_nothing(traits) for name, traits in kept.items()} == expected


def test_events_of_trackers_are_stored_as_they_are(client: APIClient, db: None) -> None:
    source = SourceFactory()
    sent = {f"e-{place}": event for place, event in enumerate(sdks.TRACKED.items())}
    sent |= {f"t-{place}": ("Odd", properties) for place, properties in enumerate(sdks.TRAITS)}
    sent |= {
        f"w-{place}": (posted.vendor, properties)
        for place, (posted, properties) in enumerate((p, e) for p in webhooks.BODIES for e in p.events)
    }
    events = [{"type": name, "id": key, "properties": properties} for key, (name, properties) in sent.items()]

    for number, packed in enumerate(chunks(events)):
        body = {"source": {"id": str(source.id)}, "session": {"id": f"session-{number}"}, "events": packed}
        answer = client.post("/track", json.dumps(body), content_type="application/json")
        assert (answer.status_code, answer.json()["errors"]) == (200, [])

    found = stored()
    assert {key: (event.type, event.properties) for key, event in found.items()} == {
        key: (event_type(name), properties) for key, (name, properties) in sent.items()
    }


def post(client: APIClient, source: Source, posted: Posted) -> Any:
    address = f"/collect/{posted.vendor}/{source.id}"
    if posted.form == QUERY:
        return client.get(f"{address}?{urlencode(posted.body, doseq=True)}")
    if posted.form == FORM:
        body = urlencode(posted.body, doseq=True)
        return client.post(address, body, content_type="application/x-www-form-urlencoded")
    return client.post(address, json.dumps(posted.body), content_type="application/json")


@pytest.mark.parametrize("is_asynchronous", [False, True])
def test_bodies_of_webhooks_are_stored_as_they_are(client: APIClient, db: None, is_asynchronous: bool) -> None:
    source = SourceFactory(kind=Source.Kind.WEBHOOK, is_asynchronous=is_asynchronous)

    for posted in webhooks.BODIES:
        before = Event.objects.count()
        answer = post(client, source, posted)
        assert answer.status_code == 200, posted
        settle()
        found = list(Event.objects.order_by("id")[before:])
        assert [event.properties for event in found] == posted.events, posted
        assert {event.type for event in found} == {event_type(posted.vendor)}


@pytest.mark.parametrize(
    "time",
    [
        *("-0001-11-30T00:00:00+0000", "01/15/2026", "soon", "2099-01-01T00:00:00Z", "1800-01-01", "2026-02-30", " "),
        *(0, -1, 9e18, 1e400, True, {}, [], {"create": 1}),
    ],
)
def test_a_time_that_cannot_be_loses_no_message(client: APIClient, db: None, time: Any) -> None:
    message = {"type": "track", "userId": "ada", "event": "When", "messageId": "m", "timestamp": time}
    body = json.dumps({"writeKey": SourceFactory().write_key, "batch": [message]})

    answer = client.post("/v1/batch", body, content_type="application/json")
    settle()

    named = answer.json()["errors"] if answer.status_code != 200 else answer.json().get("errors", [])
    assert ("m" in stored()) is not bool(named)
