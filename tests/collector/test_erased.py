"""What is sent of people after they were erased."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from apps.collector import accept
from apps.core import audit
from apps.events.models import Event, RefusedEvent, Source
from apps.profiles import burial
from apps.profiles.identifiers import identifier_id
from apps.profiles.jobs import start_erasure
from apps.profiles.models import Alias, ErasedId, Identifier, PrivacyRequest, Profile
from apps.sessions.models import Session
from tests.factories import SourceFactory, track_body
from tests.shop import Shop, types_of

pytestmark = pytest.mark.django_db
EMAIL = "anna@example.com"


@pytest.fixture
def shop() -> Shop:
    """A shop of whose one customer everything was erased a minute ago."""
    shop = Shop()
    shop.call("identify", anonymousId="laptop", userId="C-17", traits={"email": EMAIL, "phone": "+4915112345678"})
    shop.track("page-view", session="phone")
    profile_id = Profile.objects.get(primary_id="C-17").id
    for erased in (profile_id, Session.objects.get(client_id="phone").profile_id):
        assert erased
        erase(erased)
    shop.now = timezone.now() + timedelta(minutes=1)
    return shop


def erase(profile_id: UUID) -> None:
    start_erasure(profile_id, kind=PrivacyRequest.Kind.ERASE, reference="x", actor=audit.SYSTEM, at=timezone.now())


def refused_fields() -> list[str]:
    return list(RefusedEvent.objects.filter(code="erased").order_by("id").values_list("field", flat=True))


def test_a_customer_number_is_refused_and_nothing_of_the_event_is_kept(shop: Shop) -> None:
    shop.call("track", userId="C-17", event="page-view", properties={"secret": "s3"})

    assert not Event.objects.exists()
    assert not Profile.objects.exists()
    [refused] = RefusedEvent.objects.values()
    assert (refused["code"], refused["field"]) == ("erased", "userId")
    assert (refused["payload"], refused["keys"]) == ("", [])


@pytest.mark.parametrize(
    ("event", "field"),
    [
        ({"type": "sign-in", "properties": {"email": {"main": " Anna@Example.com "}}}, "email.main"),
        ({"type": "sign-in", "properties": {"phone": {"main": "+49 151 12345678"}}}, "phone.main"),
        ({"type": "sign-in", "properties": {"pk": "C-17"}}, "pk"),
        ({"type": "anything", "properties": {"friends": [{"mail": EMAIL}]}}, "friends.0.mail"),
    ],
)
def test_whatever_names_an_erased_person_is_refused_by_its_field(shop: Shop, event: Any, field: str) -> None:
    shop.track("page-view", event, session="tablet")

    assert refused_fields() == [f"events.1.properties.{field}"]
    profile = Profile.objects.get()
    assert profile.is_anonymous
    assert types_of(profile) == ["page-view"]


def test_a_device_begins_anew_and_stays_one_device(shop: Shop) -> None:
    shop.track("page-view", session="phone")
    shop.track("page-view", session="phone")
    shop.call("track", anonymousId="laptop", event="page-view")
    shop.call("track", anonymousId="laptop", event="page-view")

    assert refused_fields() == []
    assert Profile.objects.count() == 2
    assert set(Session.objects.values_list("event_count", flat=True)) == {2}


def test_the_old_ids_of_a_device_are_stored_nowhere(shop: Shop) -> None:
    old = {identifier_id("anonymous", "laptop")}

    shop.track("page-view", session="phone")
    shop.call("track", anonymousId="laptop", event="page-view")

    assert old.isdisjoint(Identifier.objects.values_list("id", flat=True))
    assert set(Session.objects.values_list("client_id", flat=True)) == {""}
    successors = set(ErasedId.objects.filter(kind__in=("session", "profile")).values_list("successor", flat=True))
    assert Session.objects.filter(id__in=successors).exists()


def test_an_old_profile_id_leads_to_somebody_new_for_ever(shop: Shop) -> None:
    shop.track("page-view", session="tablet")
    old = Profile.objects.get().id
    shop.settle()
    erase(old)
    shop.later(minutes=1)

    shop.track("page-view", session="one", profile={"id": str(old)})
    shop.track("page-view", session="two", profile={"id": str(old)})

    profile = Profile.objects.get()
    assert profile.id != old
    assert not Alias.objects.filter(id=old).exists()
    assert Session.objects.filter(profile=profile).count() == 2


def test_a_trusted_sender_means_the_person_by_their_id(shop: Shop) -> None:
    shop.track("page-view", session="tablet")
    old = Profile.objects.get().id
    erase(old)
    shop.later(minutes=1)
    Source.objects.update(trusts_ids=True)

    shop.track("page-view", session="one", profile={"id": str(old)})

    assert refused_fields() == ["profile.id"]
    assert not Profile.objects.exists()


def test_what_happened_before_the_erasure_is_refused_whenever_it_arrives(shop: Shop) -> None:
    before = {"create": (timezone.now() - timedelta(days=2)).isoformat()}

    shop.track({"type": "page-view", "time": before}, {"type": "search"}, session="phone")

    assert refused_fields() == ["events.0.time"]
    assert Event.objects.filter(type="search").exists()
    assert not Event.objects.filter(type="page-view").exists()


def test_a_message_that_was_seen_before_gets_a_quiet_answer(shop: Shop) -> None:
    shop.call("track", anonymousId="tablet", event="x", messageId="m1")
    erase(Profile.objects.get().id)
    shop.later(minutes=1)

    shop.call("track", anonymousId="tablet", event="x", messageId="m1")

    assert refused_fields() == []
    assert not Event.objects.exists()


def test_who_comes_back_is_taken_once_their_tombstones_are_lifted(shop: Shop) -> None:
    names = [identifier_id("user", "C-17"), identifier_id("email", EMAIL)]

    n_lifted = burial.lift(list(burial.find(burial.hashed(names)).values()), actor=audit.SYSTEM, at=shop.now)
    shop.call("identify", userId="C-17", traits={"email": EMAIL})

    assert n_lifted == 2
    assert Profile.objects.get().email == EMAIL
    assert refused_fields() == []


def test_other_people_are_not_concerned(shop: Shop) -> None:
    source = SourceFactory()
    shop.source = source

    shop.call("identify", userId="C-18", anonymousId="another", traits={"email": "ben@example.com"})

    assert refused_fields() == []
    assert Profile.objects.get().primary_id == "C-18"


def post(client: APIClient, shop: Shop, address: str, body: dict[str, Any]) -> Any:
    """Send a request as a client does, and let the platform process what it keeps for later."""
    if address == "/track":
        body = track_body(shop.source, **{"session": "tablet", **body})
    answer = client.post(address, {"writeKey": shop.source.write_key, **body}, format="json")
    accept.ingest(10, at=timezone.now())
    return answer


def all_that_is_kept() -> str:
    kept = [
        *Event.objects.values(),
        *Session.objects.values(),
        *Profile.objects.values(),
        *RefusedEvent.objects.values(),
    ]
    return str(kept).lower()


MENTIONS = [
    "Anna <anna@example.com>",
    "mailto:anna@example.com",
    "ben@example.org,anna@example.com;",
    "Write to 'anna@example.com'.",
    "https://shop.example/?email=Anna@Example.com&b=1",
    "https://shop.example/?email=anna%40example.com#top",
    "https://shop.example/?next=%2Flogin%3Femail%3D%2561nna%2540example%252Ecom",
    "/unsubscribe/anna@example.com/now",
    "q=Anna+anna@example.com",
    '{"to": "\\nanna\\u0040example.com"}',
    "an\u200bna@exam\u00adple.com",
    "\u8054\u7cfbanna@example.com\u8c22\u8c22\u3002",
]


@pytest.mark.parametrize("text", MENTIONS)
def test_an_erased_address_is_found_in_whatever_text_it_stands(client: APIClient, shop: Shop, text: str) -> None:
    answer = post(client, shop, "/track", {"events": [{"type": "note", "properties": {"a": [{"b": text}]}}]})

    assert (answer.status_code, answer.json()["code"]) == (422, "refused")
    assert refused_fields() == ["events.0.properties.a.0.b"]
    assert not Event.objects.exists()


ONE = {"type": "note"}
PLACES = [
    ("/track", {"events": [{**ONE, "context": {"email": EMAIL}}]}, "events.0.context.email"),
    ("/track", {"events": [{**ONE, "context": {"page": {"url": f"/?e={EMAIL}"}}}]}, "events.0.context.page.url"),
    ("/track", {"events": [{**ONE, "context": {"traits": {"userId": "C-17"}}}]}, "events.0.context.traits.userId"),
    ("/track", {"events": [{**ONE, "properties": {"deep": {EMAIL: 1}}}]}, "events.0.properties.deep"),
    ("/track", {"events": [{**ONE, "tags": ["vip", EMAIL]}]}, "events.0.tags.1"),
    ("/track", {"events": [{**ONE, "id": EMAIL}]}, "events.0.id"),
    ("/track", {"events": [{"type": EMAIL}]}, "events.0.type"),
    ("/track", {"events": [ONE], "session": EMAIL}, "session.id"),
    ("/track", {"events": [ONE], "context": {"user": EMAIL}}, "context.user"),
    ("/track", {"events": [ONE], "properties": {"user": EMAIL}}, "properties.user"),
    ("/v1/track", {"userId": EMAIL, "event": "note"}, "userId"),
    ("/v1/track", {"anonymousId": EMAIL, "event": "note"}, "anonymousId"),
    ("/v1/track", {"anonymousId": "a", "event": "note", "messageId": f"{EMAIL}-1"}, "messageId"),
    ("/v1/track", {"anonymousId": "a", "event": "note", "context": {"locale": EMAIL}}, "context.locale"),
    ("/v1/track", {"anonymousId": "a", "event": "note", "context": {"traits": {"id": "C-17"}}}, "context.traits.id"),
    (
        "/v1/track",
        {"anonymousId": "a", "event": "note", "context": {"traits": {"phone": "0049 151 12345678"}}},
        "context.traits.phone",
    ),
    ("/v1/group", {"anonymousId": "a", "groupId": EMAIL}, "groupId"),
    ("/v1/identify", {"anonymousId": "a", "traits": {"user_id": "C-17"}}, "traits.user_id"),
    ("/v1/page", {"anonymousId": "a", "name": f"Mail to {EMAIL}"}, "properties.name"),
]


@pytest.mark.parametrize(("address", "body", "field"), PLACES)
def test_nothing_is_kept_wherever_a_message_names_an_erased_person(
    client: APIClient, shop: Shop, address: str, body: dict[str, Any], field: str
) -> None:
    post(client, shop, address, body)

    assert refused_fields() == [field]
    assert not Event.objects.exists()
    assert not Profile.objects.exists()
    assert EMAIL not in all_that_is_kept()


def test_who_only_resembles_an_erased_person_is_taken(client: APIClient, shop: Shop) -> None:
    texts = [
        "joanna@example.com",
        "o'anna@example.com",
        "anna+b@example.com",
        "anna@example.com.au",
        "100% anna @ work",
    ]
    addresses = [f"/?email={text}" for text in texts]

    answer = post(client, shop, "/track", {"events": [{**ONE, "properties": {"a": texts, "b": addresses}}]})

    assert answer.status_code == 200
    assert refused_fields() == []
    assert Event.objects.filter(type="note").exists()


def test_a_customer_whose_number_was_an_address_does_not_come_back_by_it(client: APIClient, shop: Shop) -> None:
    shop.call("identify", userId="ben@example.org")
    erase(Profile.objects.get().id)

    post(client, shop, "/track", {"events": [{**ONE, "properties": {"to": "Ben@example.org"}}]})

    assert refused_fields() == ["events.0.properties.to"]
