"""What becomes of events that are not what their type says: flagged, set aside, or refused; and of reshaped ones."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.collector import accept
from apps.events.event_types.validation import Policy
from apps.events.models import Event, EventType, InboxItem, MessageKey, QuarantinedEvent, RefusedEvent, Source
from apps.events.store import quarantine
from apps.profiles.models import Profile
from apps.sessions.models import Session
from tests.factories import NOON, EventTypeFactory, SourceFactory, track_body

SCHEMA = {
    "type": "object",
    "required": ["id"],
    "properties": {"id": {"type": "string"}, "total": {"type": "number", "minimum": 0}},
}
GOOD, BAD = {"id": "1", "total": 5}, {"id": "1", "total": "five"}


def order_type(policy: Policy = Policy.FLAG, **parts: Any) -> EventType:
    parts.setdefault("schema", SCHEMA)
    return EventTypeFactory(type="order-placed", policy=policy, **parts)


def change(type_: str, **parts: Any) -> None:
    row = EventType.objects.get(type=type_)
    for name, value in parts.items():
        setattr(row, name, value)
    row.save()


def send(client: APIClient, source: Source, *all_properties: dict[str, Any], **parts: Any) -> Any:
    events = [
        {"type": "order-placed", "id": f"m-{index}", "properties": properties}
        for index, properties in enumerate(all_properties)
    ]
    return client.post("/track", track_body(source, events=events, **parts), format="json")


def orders() -> Any:
    return Event.objects.filter(type="order-placed").order_by("id")


def ingest() -> None:
    while accept.ingest(100, at=NOON):
        pass


def test_an_event_that_fits_its_schema_is_stored_as_always(client: APIClient) -> None:
    order_type(Policy.DROP)

    answer = send(client, SourceFactory(), GOOD).json()

    assert answer["warnings"] == []
    assert orders().get().is_valid


@pytest.mark.parametrize(
    ("properties", "field", "message"),
    [
        (BAD, "properties.total", 'The value is not of type "number"'),
        ({"id": "1", "total": -1}, "properties.total", "The value is less than the minimum of 0"),
        ({"total": 1}, "properties.id", "It is required."),
    ],
)
def test_a_flagged_event_is_stored_with_its_problems(
    client: APIClient, properties: dict[str, Any], field: str, message: str
) -> None:
    order_type(Policy.FLAG)

    answer = send(client, SourceFactory(), properties).json()

    event = orders().get()
    assert not event.is_valid
    assert event.problems == [{"field": field, "message": message}]
    assert answer["warnings"] == [
        {"code": "invalid", "message": message, "field": f"events.0.{field}", "index": 0},
    ]


def test_a_flagged_event_changes_no_profile_and_keeps_its_traits(client: APIClient) -> None:
    order_type(
        Policy.FLAG,
        overrides={"traits": {"data.total": "total"}, "profile": {"traits.total": {"equals": "properties.total"}}},
    )

    send(client, SourceFactory(), BAD)

    assert orders().get().traits == {"data": {"total": "five"}}
    assert Profile.objects.get().traits == {}


def test_a_dropped_event_is_refused_and_its_neighbours_go_on(client: APIClient) -> None:
    order_type(Policy.DROP)

    answer = send(client, SourceFactory(), GOOD, BAD).json()

    assert [event.properties for event in orders()] == [GOOD]
    assert answer["errors"][0]["code"] == "invalid"
    assert answer["errors"][0]["field"] == "events.1.properties.total"
    refused = RefusedEvent.objects.get()
    assert (refused.code, refused.field) == ("invalid", "events.1.properties.total")


def test_a_quarantined_event_is_accepted_and_makes_nothing(client: APIClient) -> None:
    order_type(Policy.QUARANTINE)

    response = send(client, SourceFactory(), BAD)

    assert response.status_code == 200
    assert [warning["code"] for warning in response.json()["warnings"]] == ["quarantined"]
    kept = QuarantinedEvent.objects.get()
    assert (kept.type, kept.properties) == ("order-placed", BAD)
    assert kept.problems == [{"field": "properties.total", "message": 'The value is not of type "number"'}]
    assert not Event.objects.exists()
    assert not Profile.objects.exists()
    assert not Session.objects.exists()


def test_the_neighbours_of_a_quarantined_event_go_on(client: APIClient) -> None:
    order_type(Policy.QUARANTINE)

    send(client, SourceFactory(), BAD, GOOD)

    assert [event.properties for event in orders()] == [GOOD]
    assert QuarantinedEvent.objects.count() == 1


def test_a_repetition_is_quarantined_once(client: APIClient) -> None:
    order_type(Policy.QUARANTINE)
    source = SourceFactory()

    for _ in range(3):
        send(client, source, BAD)

    assert QuarantinedEvent.objects.count() == 1


def test_a_fixed_event_is_replayed_once_with_its_key_and_its_times(client: APIClient) -> None:
    order_type(Policy.QUARANTINE)
    send(client, SourceFactory(), BAD)
    kept = QuarantinedEvent.objects.get()
    QuarantinedEvent.objects.update(properties=GOOD)

    replayed = [quarantine.replay([kept.pk]), quarantine.replay([kept.pk])]
    ingest()

    assert replayed == [1, 0]
    event = orders().get()
    assert event.properties == GOOD
    assert (event.time, event.received_at, event.message_id) == (kept.time, kept.received_at, "m-0")
    assert MessageKey.objects.filter(key=kept.pk).exists()
    assert Session.objects.get().reference == "session-of-anna"
    assert not InboxItem.objects.exists()


def test_the_client_that_sends_the_bad_one_again_after_the_replay_changes_nothing(client: APIClient) -> None:
    order_type(Policy.QUARANTINE)
    source = SourceFactory()
    send(client, source, BAD)
    QuarantinedEvent.objects.update(properties=GOOD)
    quarantine.replay(QuarantinedEvent.objects.values_list("pk", flat=True))
    ingest()

    send(client, source, BAD)

    assert not QuarantinedEvent.objects.exists()
    assert orders().count() == 1


def test_what_is_replayed_unmended_comes_back(client: APIClient) -> None:
    order_type(Policy.QUARANTINE)
    send(client, SourceFactory(), BAD)
    before = QuarantinedEvent.objects.get()

    quarantine.replay([before.pk])
    ingest()

    after = QuarantinedEvent.objects.get()
    assert (after.pk, after.received_at, after.time) == (before.pk, before.received_at, before.time)
    assert not orders().exists()


def test_an_event_without_a_message_id_is_replayed_once_too(client: APIClient) -> None:
    order_type(Policy.QUARANTINE)
    events = [{"type": "order-placed", "properties": BAD}]
    client.post("/track", track_body(SourceFactory(), events=events, session=None), format="json")
    QuarantinedEvent.objects.update(properties=GOOD)

    quarantine.replay(QuarantinedEvent.objects.values_list("pk", flat=True))
    ingest()

    assert orders().count() == 1


def test_what_an_sdk_said_of_a_user_is_replayed_with_the_fixed_values(client: APIClient) -> None:
    change("identify", schema={"properties": {"email": {"type": "string"}}}, policy=Policy.QUARANTINE)
    source = SourceFactory()
    message = {"type": "identify", "userId": "17", "messageId": "a", "traits": {"email": 5, "plan": "pro"}}
    client.post("/v1/identify", {**message, "writeKey": source.write_key}, format="json")
    ingest()
    QuarantinedEvent.objects.update(properties={"email": "anna@example.com", "plan": "pro"})

    quarantine.replay(QuarantinedEvent.objects.values_list("pk", flat=True))
    ingest()

    profile = Profile.objects.get()
    assert profile.primary_id == "17"
    assert profile.traits == {"email": "anna@example.com", "plan": "pro"}


@pytest.mark.parametrize("policy", [{"is_ephemeral": True}, {"required_consents": ["marketing"]}])
def test_what_may_not_be_kept_is_refused_instead(client: APIClient, policy: dict[str, Any]) -> None:
    order_type(Policy.QUARANTINE)

    response = send(client, SourceFactory(**policy), BAD)

    assert response.status_code == 422
    assert not QuarantinedEvent.objects.exists()


def test_card_numbers_are_blotted_out_in_quarantine_and_among_the_refused(client: APIClient) -> None:
    redact = {"card": "last4"}
    row = order_type(Policy.QUARANTINE, overrides={"redact": redact})
    source = SourceFactory()
    bad = {**BAD, "card": "4111111111111111"}

    send(client, source, bad)
    row.policy = Policy.DROP
    row.save()
    send(client, source, GOOD, bad)

    assert QuarantinedEvent.objects.get().properties["card"] == "1111"
    assert "4111111111111111" not in RefusedEvent.objects.get().payload


def test_events_are_reshaped_by_their_template(client: APIClient) -> None:
    order_type(
        schema=None,
        reshape={
            "properties": {
                "order": {"id": "event@properties.id", "coupon?": "event@properties.coupon"},
                "session": "session@id",
                "shop": "payload@properties.shop",
                "lang": "session@context.lang",
            },
        },
        overrides={"traits": {"data.order": "order.id"}},
    )

    send(client, SourceFactory(), GOOD, context={"lang": "de"}, properties={"shop": "main"})

    event = orders().get()
    assert event.properties == {
        "order": {"id": "1"},
        "session": "session-of-anna",
        "shop": "main",
        "lang": "de",
    }
    assert event.traits == {"data": {"order": "1"}}


def test_an_event_whose_template_gives_no_object_stays_as_it_was_sent(client: APIClient) -> None:
    order_type(schema=None, reshape={"properties": "event@properties.id"})

    send(client, SourceFactory(), GOOD)

    event = orders().get()
    assert (event.properties, event.is_valid) == (GOOD, True)
    assert event.problems[0]["field"] == "reshape.properties"


def test_a_flagged_event_is_not_reshaped(client: APIClient) -> None:
    order_type(Policy.FLAG, reshape={"properties": {"amount": "event@properties.total"}})

    send(client, SourceFactory(), BAD, GOOD)

    assert [event.properties for event in orders()] == [BAD, {"amount": 5}]


def test_a_card_number_that_a_template_moves_is_blotted_out(client: APIClient) -> None:
    order_type(
        schema=None,
        overrides={"redact": {"card": "drop"}},
        reshape={"properties": {"moved": "event@properties.card", "id": "event@properties.id"}},
    )

    send(client, SourceFactory(), {**GOOD, "card": "4111111111111111"})

    assert orders().get().properties == {"moved": None, "id": "1"}


def test_a_broken_override_leaves_the_built_in_definition_in_force(client: APIClient) -> None:
    change("profile-update", overrides={"profile": {"no.such.field": "equals"}})
    properties = {"pii": {"firstname": "Anna"}, "identifier": {"credit_card": "4111111111111111"}}

    events = [{"type": "profile-update", "properties": properties}]
    client.post("/track", track_body(SourceFactory(), events=events), format="json")

    assert Profile.objects.get().data["pii"]["firstname"] == "Anna"
    assert "4111111111111111" not in str(Event.objects.get(type="profile-update").properties)


def test_a_condition_must_hold_beside_the_schema(client: APIClient) -> None:
    order_type(Policy.FLAG, condition="event@properties.total > 1 AND session@context.shop = payload@properties.shop")

    sent = {"context": {"shop": "main"}, "properties": {"shop": "main"}}
    send(client, SourceFactory(), GOOD, {"id": "2", "total": 0}, **sent)

    assert [(event.is_valid, event.problems) for event in orders()] == [
        (True, None),
        (False, [{"field": "condition", "message": "The condition of the type is not met."}]),
    ]


def test_a_rule_with_a_condition_is_skipped_when_it_does_not_hold(client: APIClient) -> None:
    rules = [
        {"equals": "properties.id", "when": "event@properties.total >= 5"},
        {"equals": "properties.total", "when": "profile@traits.best IS NULL"},
    ]
    order_type(schema=None, overrides={"profile": {"traits.best": rules}})

    send(client, SourceFactory(), {"id": "a", "total": 1}, {"id": "b", "total": 3}, {"id": "c", "total": 9})

    assert Profile.objects.get().traits == {"best": "c"}
