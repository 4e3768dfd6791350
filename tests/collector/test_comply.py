"""Consents decide what is kept, event by event."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from apps.collector import accept
from apps.collector.envelope import Envelope
from apps.collector.wire import Message
from apps.events import sources
from apps.events.models import ComplianceRule, Event, RefusedEvent, Source
from apps.profiles.models import ConsentDecision, Identifier, Profile
from apps.sessions.models import Session
from tests.factories import CHROME, ComplianceRuleFactory, ConsentTypeFactory, SourceFactory, track_body

EMAIL = "anna@example.com"
SECRET = "https://shop.example/secret?utm_source=secret"
WHERE = {
    "page": {"url": "https://shop.example/secret"},
    "location": {"city": "Berlin"},
    "device": {"name": "secret"},
    "own": "secret",
}
PAGE_VIEW = {"type": "page-view", "properties": {"email": EMAIL, "n": 1}}


def consent(**said: Any) -> dict[str, Any]:
    return {"type": "consent-update", "properties": {"consents": said}}


def send(client: APIClient, source: Source, *events: dict[str, Any], **parts: Any) -> Any:
    return client.post("/track", track_body(source, events=list(events), **parts), format="json")


def send_as_one_batch(source: Source, *bodies: dict[str, Any]) -> None:
    policy = sources.find(str(source.id))
    assert policy is not None
    for body in bodies:
        envelope = Envelope(policy, datetime.now(UTC), user_agent=CHROME)
        accept.keep([Message("track", json.dumps(body).encode(), envelope)])
    accept.ingest(100, at=datetime.now(UTC))


def kept(type_: str = "page-view") -> list[dict[str, Any]]:
    return list(Event.objects.filter(type=type_).order_by("id").values_list("properties", flat=True))


@pytest.fixture
def source(db: None) -> Source:
    """A source that keeps nothing without consent to marketing."""
    ConsentTypeFactory()
    return SourceFactory(required_consents=["marketing"])


def test_nothing_of_people_who_have_not_agreed_is_kept(client: APIClient, source: Source) -> None:
    answer = send(client, source, PAGE_VIEW)

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (200, "consent_required")
    assert not Event.objects.exists()
    assert not Profile.objects.exists()
    assert not Session.objects.exists()
    assert EMAIL not in str(RefusedEvent.objects.values().get())


@pytest.mark.parametrize("said", [{}, None, "yes", {"marketing": "false"}, {"marketing": {}}, {EMAIL: True}])
def test_who_decides_nothing_is_nobody(client: APIClient, source: Source, said: Any) -> None:
    event = {"type": "consent-update", "properties": {"consents": said, "email": EMAIL}, "context": WHERE}

    answer = send(client, source, event, context=WHERE)

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (200, "consent_required")
    assert answer.json()["errors"][0]["field"] == "events.0.properties.consents"
    assert not any(table.objects.exists() for table in (Event, Profile, Session, Identifier))
    assert EMAIL not in str(RefusedEvent.objects.values().get())


@pytest.mark.parametrize("said", [{"marketing": False}, {"marketing": {"revoke": "2020-01-01"}}, {"letters": True}])
def test_of_a_decision_without_what_the_source_requires_only_the_decision_is_kept(
    client: APIClient, source: Source, said: dict[str, Any]
) -> None:
    ConsentTypeFactory(id="letters")
    event = {
        "type": "consent-update",
        "properties": {"consents": {**said, EMAIL: True}, "email": EMAIL, "firstname": "Anna"},
        "context": WHERE,
        "tags": [EMAIL],
    }

    answer = send(client, source, event, context=WHERE, properties={"own": EMAIL})

    assert answer.json()["errors"] == []
    assert [warning["field"] for warning in answer.json()["warnings"]] == [
        "events.0.properties.consents.anna@example\\.com"
    ]
    assert ConsentDecision.objects.get().consent_type_id in said
    assert [set(properties) for properties in kept("consent-update")] == [{"consents"}]
    everything = "".join(str(list(table.objects.values())) for table in (Event, Profile, Session, Identifier))
    assert not [word for word in (EMAIL, "Anna", "Berlin", "secret") if word in everything]
    assert (Session.objects.get().device, Session.objects.get().geo, Session.objects.get().context) == ({}, {}, {})

    send(client, source, consent(marketing=True), PAGE_VIEW, context=WHERE)
    session = Session.objects.get()
    assert (session.geo["city"], session.device["name"]) == ("Berlin", "secret")
    assert session.context["own"] == "secret"


def test_all_required_consents_have_to_hold(client: APIClient) -> None:
    ConsentTypeFactory(id="marketing")
    ConsentTypeFactory(id="profiling")
    source = SourceFactory(required_consents=["marketing", "profiling"])

    some = send(client, source, consent(marketing=True), PAGE_VIEW)
    both = send(client, source, consent(profiling=True), PAGE_VIEW)

    assert [error["field"] for error in some.json()["errors"]] == ["events.1"]
    assert (both.status_code, len(kept())) == (200, 1)


def test_a_withdrawal_counts_from_the_next_event_on(client: APIClient, source: Source) -> None:
    send(client, source, consent(marketing=True), PAGE_VIEW)

    answer = send(client, source, PAGE_VIEW, consent(marketing=False), PAGE_VIEW)

    assert [error["field"] for error in answer.json()["errors"]] == ["events.2"]
    assert len(kept()) == 2


def test_a_withdrawal_counts_for_what_comes_after_it_in_the_same_batch(source: Source) -> None:
    send_as_one_batch(source, track_body(source, events=[consent(marketing=True)]))

    send_as_one_batch(
        source,
        track_body(source, events=[PAGE_VIEW]),
        track_body(source, events=[consent(marketing=False)]),
        track_body(source, events=[PAGE_VIEW]),
    )

    assert len(kept()) == 1
    assert RefusedEvent.objects.get().code == "consent_required"


def test_a_late_grant_does_not_undo_a_withdrawal(client: APIClient, source: Source) -> None:
    earlier = {"create": (timezone.now() - timedelta(hours=1)).isoformat()}
    send(client, source, consent(marketing=False))

    answer = send(client, source, {**consent(marketing=True), "time": earlier}, PAGE_VIEW)

    assert [error["code"] for error in answer.json()["errors"]] == ["consent_required"]
    assert [row.is_granted for row in ConsentDecision.objects.order_by("id")] == [False, True]


def test_an_expired_consent_does_not_count(client: APIClient) -> None:
    ConsentTypeFactory(valid_days=1)
    source = SourceFactory(required_consents=["marketing"])
    long_ago = {"create": (timezone.now() - timedelta(days=2)).isoformat()}

    answer = send(client, source, {**consent(marketing=True), "time": long_ago}, PAGE_VIEW)

    assert [error["code"] for error in answer.json()["errors"]] == ["consent_required"]


def test_what_a_refused_payload_said_of_its_client_is_forgotten_too(source: Source) -> None:
    """Also when a later payload of the same batch brings the consent, and the session is kept because of it."""
    secret = {"page": {"url": "https://shop.example/?email=" + EMAIL}, "secret": EMAIL}

    send_as_one_batch(
        source,
        track_body(source, events=[PAGE_VIEW], context=secret, properties={"secret": EMAIL}),
        track_body(source, events=[consent(marketing=True)]),
    )

    session = Session.objects.get()
    assert EMAIL not in str(Session.objects.values().get())
    assert (session.event_count, session.visit_count) == (1, 1)
    assert session.app["name"] == "Chrome"
    types = set(Event.objects.values_list("type", flat=True))
    assert types == {"profile-created", "session-opened", "visit-started", "consent-update"}


def test_the_ledger_says_who_decided_what_where_and_in_view_of_which_words(client: APIClient) -> None:
    kind = ConsentTypeFactory(valid_days=30)
    kind.text = "Another wording."
    kind.save()
    source = SourceFactory()

    client.post(
        "/track",
        track_body(source, events=[consent(marketing=True)]),
        format="json",
        REMOTE_ADDR="198.51.100.7",
        HTTP_USER_AGENT=CHROME,
    )

    row, event, profile = ConsentDecision.objects.get(), Event.objects.get(type="consent-update"), Profile.objects.get()
    assert (row.profile_id, row.consent_type_id, row.is_granted) == (profile.id, "marketing", True)
    assert (row.event_id, row.session_id, row.source_id) == (event.id, event.session_id, source.id)
    assert (row.ip, row.user_agent, row.text_version) == ("198.51.100.7", CHROME, 2)
    assert (row.decided_at, row.valid_until) == (event.time, event.time + timedelta(days=30))
    assert profile.consents == {"marketing": {"revoke": row.valid_until.isoformat()}}
    assert profile.provenance["consents.marketing"] == [event.time.isoformat(), str(event.id), str(source.id)]
    assert event.properties == {"consents": profile.consents}


def test_a_repeated_decision_is_recorded_once(client: APIClient) -> None:
    ConsentTypeFactory()
    event = {**consent(marketing=True), "id": "m1"}
    source = SourceFactory()

    for _ in range(2):
        send(client, source, event)

    assert ConsentDecision.objects.count() == 1


def test_unknown_consents_are_noted_on_the_event_and_decide_nothing(client: APIClient) -> None:
    ConsentTypeFactory()

    send(client, SourceFactory(), consent(marketing=True, sharing=True))

    assert set(Profile.objects.get().consents) == {"marketing"}
    [problem] = Event.objects.get(type="consent-update").problems
    assert problem["field"] == "consents.sharing"


def test_a_consent_that_cannot_be_withdrawn_stays(client: APIClient) -> None:
    ConsentTypeFactory(is_revokable=False)
    source = SourceFactory()
    send(client, source, consent(marketing=True))

    send(client, source, consent(marketing=False))

    assert Profile.objects.get().consents == {"marketing": {"revoke": None}}
    latest = Event.objects.filter(type="consent-update").latest("id")
    assert latest.problems == [{"field": "consents.marketing", "message": "This consent cannot be withdrawn."}]
    assert ConsentDecision.objects.count() == 1


def test_a_field_without_its_consent_is_dropped_before_anything_is_stored(client: APIClient) -> None:
    ConsentTypeFactory()
    ComplianceRuleFactory(field="event@properties.email")
    sign_up = {"type": "sign-up", "properties": {"email": {"main": EMAIL}, "firstname": "Anna"}}
    source = SourceFactory()

    send(client, source, sign_up)

    assert kept("sign-up") == [{"firstname": "Anna"}]
    [profile] = Profile.objects.values()
    assert (profile["email"], profile["name"]) == (None, "Anna")
    assert EMAIL not in str([profile, *Event.objects.values(), *Session.objects.values()])


def test_a_field_with_its_consent_is_kept_until_the_consent_is_withdrawn(client: APIClient) -> None:
    ConsentTypeFactory()
    ComplianceRuleFactory(field="event@properties.email", event_type="page-view")
    source = SourceFactory()

    send(client, source, PAGE_VIEW, consent(marketing=True), PAGE_VIEW)
    send(client, source, consent(marketing=False), PAGE_VIEW)

    assert kept() == [{"n": 1}, {"n": 1, "email": EMAIL}, {"n": 1}]


def test_a_field_can_be_hashed_so_that_it_can_still_be_counted(client: APIClient) -> None:
    ConsentTypeFactory()
    ComplianceRuleFactory(field="event@properties.email", action=ComplianceRule.Action.HASH)

    send(client, SourceFactory(), PAGE_VIEW, PAGE_VIEW)

    first, second = kept()
    assert first == second != PAGE_VIEW["properties"]
    assert len(first["email"]) == 32


def test_a_rule_about_the_context_reaches_the_payload_and_its_session(client: APIClient) -> None:
    ConsentTypeFactory()
    ComplianceRuleFactory(field="event@context.location")
    place = {"location": {"country": "DE", "city": "Berlin"}, "time": {"tz": "Europe/Berlin"}}

    send(client, SourceFactory(), {**PAGE_VIEW, "context": place}, context=place)

    assert "Berlin" not in str(Session.objects.values_list("context__location", "geo").get())
    assert "location" not in Event.objects.get(type="page-view").context
    assert "devices" not in Profile.objects.get().data


PAGES: list[dict[str, Any]] = [
    {"properties": {"url": SECRET, "path": "/secret", "search": "?secret", "referrer": SECRET}},
    {"properties": {"path": "/secret"}},
    {"context": {"page": {"url": SECRET, "path": "/secret", "search": "?secret", "hash": "#secret"}}},
]


@pytest.mark.parametrize("rule", ["context.page", "context.page.url", "context.page.path", "properties.url"])
@pytest.mark.parametrize("said", PAGES)
def test_a_rule_about_the_page_holds_wherever_the_page_is_said(
    client: APIClient, rule: str, said: dict[str, Any]
) -> None:
    ConsentTypeFactory()
    ComplianceRuleFactory(field=f"event@{rule}")
    ComplianceRuleFactory(field="event@context.page.referrer")
    source = SourceFactory()

    send(client, source, {"type": "page-view", **said}, context=said.get("context", {}))
    message = {"writeKey": source.write_key, "userId": "C-1", **said}
    assert client.post("/v1/page", message, format="json").status_code == 200
    accept.ingest(100, at=datetime.now(UTC))

    assert Event.objects.filter(type="page-view").count() == 2
    assert not [table for table in (Event, Session) if "secret" in str(list(table.objects.values()))]


def test_an_address_that_is_none_of_a_page_is_no_matter_of_rules_about_pages(client: APIClient) -> None:
    ConsentTypeFactory()
    ComplianceRuleFactory(field="event@context.page.url")

    send(client, SourceFactory(), {"type": "file-seen", "properties": {"url": SECRET, "path": "/secret"}})

    assert kept("file-seen") == [{"url": SECRET, "path": "/secret"}]


def test_what_an_sdk_says_of_a_person_is_dropped_from_their_traits_too(client: APIClient) -> None:
    ConsentTypeFactory()
    ComplianceRuleFactory(field="event@properties.email")
    source = SourceFactory()
    message = {"writeKey": source.write_key, "userId": "C-1", "traits": {"email": EMAIL, "plan": "pro"}}

    client.post("/v1/identify", message, format="json")
    accept.ingest(10, at=datetime.now(UTC))

    profile = Profile.objects.get()
    assert profile.traits == {"plan": "pro"}
    assert EMAIL not in str(Profile.objects.values().get())


def test_a_broken_rule_stops_nothing(client: APIClient) -> None:
    ComplianceRuleFactory(field="nowhere")

    assert send(client, SourceFactory(), PAGE_VIEW).status_code == 200


def test_a_field_that_is_dropped_identifies_nobody(client: APIClient) -> None:
    """Neither a new person is remembered by it, nor are two made one."""
    ConsentTypeFactory()
    source = SourceFactory()
    sign_in = {"type": "sign-in", "properties": {"email": {"main": EMAIL}}}
    known = send(client, source, sign_in, session="laptop").json()["profile"]["id"]
    ComplianceRuleFactory(field="event@properties.email")

    stranger = send(client, source, sign_in, session="phone").json()["profile"]["id"]
    agreed = send(client, source, consent(marketing=True), sign_in, session="tablet").json()["profile"]["id"]

    assert stranger != known
    assert agreed == known
    assert Identifier.objects.count() == 1


def test_people_whose_events_are_refused_are_not_merged_by_them(client: APIClient) -> None:
    ConsentTypeFactory()
    open_source, strict = SourceFactory(), SourceFactory(required_consents=["marketing"])
    sign_in = {"type": "sign-in", "properties": {"email": {"main": EMAIL}}}
    send(client, open_source, sign_in, session="laptop")
    send(client, open_source, {"type": "page-view"}, session="phone")

    send(client, strict, sign_in, session="phone")

    assert Profile.objects.count() == 2


@pytest.mark.parametrize("is_believed", [True, False])
def test_a_decision_counts_also_when_profiles_are_merged_within_the_batch(source: Source, is_believed: bool) -> None:
    """What somebody withdraws on a phone holds on a laptop where a source that trusts ids says that both are theirs."""
    Source.objects.update(trusts_ids=is_believed)
    sign_in = {"type": "sign-in", "properties": {"email": {"main": EMAIL}}}
    send_as_one_batch(source, track_body(source, session="laptop", events=[consent(marketing=True), sign_in]))

    send_as_one_batch(
        source,
        track_body(source, session="phone", events=[consent(marketing=True), sign_in, consent(marketing=False)]),
        track_body(source, session="laptop", events=[PAGE_VIEW]),
    )

    assert Profile.objects.count() == 1
    assert len(kept()) == (0 if is_believed else 1)


def test_a_repetition_of_what_was_refused_is_refused_too_and_no_duplicate(client: APIClient, source: Source) -> None:
    view = {**PAGE_VIEW, "id": "m-1"}

    answer = send(client, source, view, view)

    assert [error["field"] for error in answer.json()["errors"]] == ["events.0", "events.1"]
    send_as_one_batch(source, track_body(source, events=[view]), track_body(source, events=[view]))
    assert RefusedEvent.objects.filter(code="consent_required").count() == 4
    assert not kept()


def test_a_repetition_is_kept_once_when_the_consent_has_come_in_between(source: Source) -> None:
    view = {**PAGE_VIEW, "id": "m-1"}
    bodies = [track_body(source, events=[event]) for event in (view, consent(marketing=True), view, view)]

    send_as_one_batch(source, *bodies)

    assert len(kept()) == 1
    assert RefusedEvent.objects.get().code == "consent_required"
