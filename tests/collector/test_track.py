"""What clients of `/track` may rely on."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from apps.events.models import Event, InboxItem, RefusedEvent, Source
from apps.profiles.models import Alias, Profile
from apps.sessions.models import Session
from tests.factories import (
    CHROME,
    GOOGLEBOT,
    AliasFactory,
    ConsentTypeFactory,
    ProfileFactory,
    SessionFactory,
    SourceFactory,
    track_body,
)


def send(client: APIClient, body: Any, **extra: Any) -> Any:
    return client.post("/track", body, format="json", **extra)


def types() -> list[str]:
    return list(Event.objects.order_by("time", "id").values_list("type", flat=True))


def test_a_first_event_makes_profile_session_and_visit(client: APIClient) -> None:
    source = SourceFactory()

    answer = send(client, track_body(source, "Page View")).json()

    assert types() == ["profile-created", "session-opened", "visit-started", "page-view"]
    profile = Profile.objects.get()
    assert answer["profile"]["id"] == str(profile.id)
    assert answer["session"]["id"] == "session-of-anna"
    assert (profile.visit_count, profile.event_count) == (1, 4)
    assert Session.objects.get().profile_id == profile.id
    assert {answer[key] is not None for key in ("task", "ux", "response", "events", "errors", "warnings")} == {True}


def test_the_second_event_of_a_session_opens_nothing(client: APIClient) -> None:
    source = SourceFactory()
    first = send(client, track_body(source, "page-view")).json()

    second = send(client, track_body(source, "page-view")).json()

    assert second["profile"] == first["profile"]
    assert types().count("visit-started") == 1
    assert Session.objects.get().event_count == 2


def test_a_long_pause_begins_a_visit_in_the_same_session(client: APIClient) -> None:
    source = SourceFactory()
    earlier = {"create": (timezone.now() - timedelta(hours=2)).isoformat()}
    send(client, track_body(source, events=[{"type": "page-view", "time": earlier}]))

    send(client, track_body(source, "page-view"))

    assert (Session.objects.get().visit_count, Profile.objects.get().visit_count) == (2, 2)
    assert (types().count("visit-started"), types().count("session-opened")) == (2, 1)


def test_an_ended_visit_begins_anew_with_the_next_event(client: APIClient) -> None:
    source = SourceFactory()
    send(client, track_body(source, "page-view"))

    send(client, track_body(source, "visit-ended"))
    assert Session.objects.get().status == Session.Status.ENDED
    send(client, track_body(source, "page-view"))

    assert types().count("visit-started") == 2
    assert Session.objects.get().status == Session.Status.ACTIVE


def test_the_profile_of_the_session_wins_over_the_payload(client: APIClient) -> None:
    session, stranger = SessionFactory(), ProfileFactory()

    body = track_body(SourceFactory(), "page-view", session=str(session.id), profile={"id": str(stranger.id)})

    assert send(client, body).json()["profile"]["id"] == str(session.profile_id)


def test_a_known_profile_id_is_adopted_by_a_new_session(client: APIClient) -> None:
    profile = ProfileFactory()

    send(client, track_body(SourceFactory(), "page-view", profile={"id": str(profile.id)}))

    assert Session.objects.get().profile_id == profile.id


def test_an_unknown_profile_id_is_replaced_and_leads_to_the_new_profile_for_ever(client: APIClient) -> None:
    source, invented = SourceFactory(), str(uuid4())

    first = send(client, track_body(source, "page-view", profile={"id": invented})).json()
    later = send(client, track_body(source, "page-view", session="another", profile={"id": invented})).json()

    assert first["profile"]["id"] != invented
    assert later["profile"] == first["profile"]
    assert str(Alias.objects.get().id) == invented


def test_a_profile_id_that_is_no_uuid_glues_nobody_together(client: APIClient) -> None:
    source = SourceFactory()

    answers = [
        send(client, track_body(source, "page-view", session=name, profile={"id": "undefined"})).json()
        for name in ("anna", "ben")
    ]

    assert answers[0]["profile"] != answers[1]["profile"]


def test_a_trusted_source_sets_profile_ids(client: APIClient) -> None:
    source, given = SourceFactory(trusts_ids=True), str(uuid4())

    answer = send(client, track_body(source, "page-view", profile={"id": given})).json()

    assert answer["profile"]["id"] == given


def test_an_alias_resolves_to_the_living_profile(client: APIClient) -> None:
    alias = AliasFactory()

    answer = send(client, track_body(SourceFactory(), "page-view", profile={"id": str(alias.id)})).json()

    assert answer["profile"]["id"] == str(alias.profile_id)


def test_a_repeated_request_gets_the_same_answer_and_changes_nothing(client: APIClient) -> None:
    source = SourceFactory()
    body = track_body(source, events=[{"type": "page-view", "id": "m1"}])
    first = send(client, body).json()
    before = (types(), Profile.objects.values().get(), Session.objects.values().get())

    second = send(client, body).json()

    assert (second["profile"], second["session"]) == (first["profile"], first["session"])
    assert (types(), Profile.objects.values().get(), Session.objects.values().get()) == before


def test_overlapping_buffers_of_the_browser_tracker_count_once(client: APIClient) -> None:
    source = SourceFactory()
    events = [{"type": "page-view", "time": {"create": 1_763_900_000_000 + i}} for i in range(3)]

    for upto in (1, 2, 3):
        send(client, track_body(source, events=events[:upto]))

    assert types().count("page-view") == 3


def test_a_bad_event_is_refused_alone_and_named(client: APIClient) -> None:
    source = SourceFactory()
    events = [{"type": "page-view"}, {"type": ""}, {"type": "search", "properties": ["x"]}, {"type": "sign-in"}]

    answer = send(client, track_body(source, events=events))

    assert answer.status_code == 200
    assert [error["field"] for error in answer.json()["errors"]] == ["events.1.type", "events.2.properties"]
    assert {"page-view", "sign-in"} <= set(types())
    assert RefusedEvent.objects.count() == 2


@pytest.mark.parametrize(
    ("event", "code"),
    [
        ({"type": "a", "properties": {"x": "nul\x00"}}, "invalid_text"),
        ({"type": "a", "properties": {"x": {"y": ["\ud800"]}}}, "invalid_text"),
        ({"type": "a", "properties": {"k\x00": 1}}, "invalid_text"),
        ({"type": "a", "properties": {"x": float("inf")}}, "number_out_of_range"),
        ({"type": "x" * 129}, "too_long"),
        ({"type": "a", "id": ["m"]}, "invalid_type"),
        ({"type": 7}, "required"),
        ("no object", "invalid_type"),
        (None, "invalid_type"),
    ],
)
def test_an_event_that_cannot_be_stored_loses_no_neighbour(client: APIClient, event: Any, code: str) -> None:
    import json

    body = track_body(SourceFactory(), events=[{"type": "before"}, event, {"type": "after"}])

    answer = client.post("/track", json.dumps(body), content_type="application/json")

    assert answer.status_code == 200, answer.content
    assert [error["code"] for error in answer.json()["errors"]] == [code]
    assert answer.json()["errors"][0]["index"] == 1
    assert {"before", "after"} <= set(types())


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        (b"", 400, ""),
        (b"{", 400, ""),
        (b"\xff\xfe", 400, ""),
        (b"[" * 5000, 400, ""),
        (b"[]", 422, ""),
        (b'"text"', 422, ""),
        (b"null", 422, ""),
        (b"{}", 422, "source.id"),
        (b'{"source": 5}', 422, "source"),
        (b'{"source": {"id": {}}}', 422, "source.id"),
        (b'{"source": {"id": "nobody"}}', 401, "source.id"),
    ],
)
def test_a_body_that_cannot_be_read_gets_an_error_that_names_the_field(
    client: APIClient, body: bytes, status: int, field: str
) -> None:
    answer = client.post("/track", body, content_type="application/json")

    assert (answer.status_code, answer.json()["field"]) == (status, field)
    assert answer.json()["code"]
    assert answer.json()["message"]


@pytest.mark.parametrize(
    ("part", "field"),
    [
        ({"events": {}}, "events"),
        ({"session": "s"}, "session"),
        ({"session": {"id": []}}, "session.id"),
        ({"profile": {"id": True}}, "profile.id"),
        ({"context": ["x"]}, "context"),
        ({"properties": "p"}, "properties"),
        ({"context": {"deep": {"x": "\x00"}}}, "context.deep.x"),
    ],
)
def test_a_wrong_part_of_the_payload_is_named(client: APIClient, part: dict[str, Any], field: str) -> None:
    body = {**track_body(SourceFactory(), "page-view"), **part}

    answer = send(client, body)

    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert not Event.objects.exists()


def test_junk_that_real_clients_send_is_tolerated(client: APIClient) -> None:
    junk = {"metadata": "text", "device": {"id": "d"}, "options": "anything", "debug": 1, "request": None}
    body = track_body(SourceFactory(), "page-view", **junk)

    answer = client.post("/track", __import__("json").dumps(body), content_type="text/plain;charset=UTF-8")

    assert answer.status_code == 200
    assert [warning["field"] for warning in answer.json()["warnings"]] == ["options"]


def test_an_empty_list_of_events_is_answered_with_null(client: APIClient) -> None:
    answer = send(client, track_body(SourceFactory()))

    assert (answer.status_code, answer.json()) == (200, None)


def test_a_disabled_source_a_wrong_kind_and_a_foreign_origin_are_refused(client: APIClient) -> None:
    disabled = SourceFactory(is_enabled=False)
    webhook = SourceFactory(kind=Source.Kind.WEBHOOK)
    picky = SourceFactory(allowed_origins=["https://shop.example", "*.shop.example"])

    codes = [
        send(client, track_body(disabled, "a")).json()["code"],
        send(client, track_body(webhook, "a")).json()["code"],
        send(client, track_body(picky, "a"), HTTP_ORIGIN="https://evil.example").json()["code"],
    ]

    assert codes == ["disabled_source", "wrong_kind", "origin_not_allowed"]
    assert send(client, track_body(picky, "a"), HTTP_ORIGIN="https://www.shop.example").status_code == 200
    assert not Event.objects.filter(source_id__in=[disabled.id, webhook.id]).exists()


def test_bots_are_refused_unless_the_source_flags_them(client: APIClient) -> None:
    strict, lenient = SourceFactory(), SourceFactory(bots=Source.Bots.FLAG)

    refused = send(client, track_body(strict, "page-view"), HTTP_USER_AGENT=GOOGLEBOT)
    flagged = send(client, track_body(lenient, "page-view"), HTTP_USER_AGENT=GOOGLEBOT)

    assert (refused.status_code, refused.json()["code"]) == (403, "bot")
    assert flagged.status_code == 200
    assert Session.objects.get().is_bot


def test_options_decide_what_is_kept(client: APIClient) -> None:
    source = SourceFactory()

    answer = send(client, track_body(source, "page-view", options={"saveProfile": False})).json()
    assert (answer["profile"]["id"], Profile.objects.count()) == (None, 0)
    assert Session.objects.get().profile_id is None

    answer = send(client, track_body(source, "a", session="s2", options={"saveSession": False})).json()
    assert answer["session"]["id"] is None
    assert Event.objects.get(type="a").session_id is None

    send(client, track_body(source, "b", session="s3", options={"saveEvents": False}))
    assert not Event.objects.filter(type="b").exists()


@pytest.mark.parametrize(
    ("on", "off"),
    [("true", "false"), ("True", "False"), (" yes ", " no "), ("on", "off"), ("1", "0"), (1, 0), (1.0, 0.0)],
)
def test_options_are_read_as_what_they_say(client: APIClient, on: Any, off: Any) -> None:
    source = SourceFactory()
    options = {"saveProfile": off, "saveSession": off, "saveEvents": on, "historical": on, "debugger": on}

    answer = send(client, track_body(source, "a", options=options)).json()
    send(client, track_body(source, "b", session="s2", options={**options, "saveEvents": off}))
    later = send(client, track_body(source, "c", session="s3", options={"async": on, "saveProfile": ""})).json()

    assert (answer["profile"]["id"], answer["session"]["id"], answer["warnings"]) == (None, None, [])
    assert answer["events"]
    assert later["events"] == []
    assert InboxItem.objects.exists()
    assert (Profile.objects.exists(), Session.objects.exists()) == (False, False)
    assert list(Event.objects.values_list("type", "is_silent")) == [("a", True)]


@pytest.mark.parametrize("odd", ["maybe", 2, -1, [], {"a": 1}])
@pytest.mark.parametrize("name", ["saveEvents", "saveSession", "saveProfile", "historical", "async", "debugger"])
def test_an_option_that_says_neither_is_refused_by_its_name(client: APIClient, name: str, odd: Any) -> None:
    answer = send(client, track_body(SourceFactory(), "a", options={name: odd}))

    assert (answer.status_code, answer.json()["field"]) == (422, f"options.{name}")
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    ("tags", "kept", "fields"),
    [
        ("vip", ["vip"], []),
        ({"0": "a", "2": "b"}, ["a", "b"], []),
        (["a", 1], ["a", "1"], []),
        (None, [], []),
        ("", [], []),
        (["a", {"b": 1}, True], ["a"], ["events.0.tags"]),
        ({"vip": True}, [], ["events.0.tags"]),
    ],
)
def test_tags_are_kept_or_named(client: APIClient, tags: Any, kept: list[str], fields: list[str]) -> None:
    answer = send(client, track_body(SourceFactory(), events=[{"type": "a", "tags": tags}])).json()

    assert [warning["field"] for warning in answer["warnings"]] == fields
    assert set(Event.objects.get(type="a").tags) >= set(kept)


def test_an_ephemeral_source_updates_profiles_and_keeps_no_event(client: APIClient) -> None:
    source = SourceFactory(is_ephemeral=True)
    event = {"type": "sign-up", "properties": {"firstname": "Anna"}}

    send(client, track_body(source, events=[event]))

    assert not Event.objects.exists()
    assert not Session.objects.exists()
    assert Profile.objects.get().data["pii"]["firstname"] == "Anna"


def test_profileless_events_belong_to_nobody(client: APIClient) -> None:
    body = track_body(SourceFactory(), "page-view")

    answer = client.post("/track?profile_less=true", body, format="json").json()

    assert answer["profile"]["id"] is None
    assert not Profile.objects.exists()
    assert set(Event.objects.values_list("profile_id", flat=True)) == {None}


def test_consent_is_required_where_the_source_says_so(client: APIClient) -> None:
    ConsentTypeFactory()
    source = SourceFactory(required_consents=["marketing"])
    consent = {"type": "consent-update", "properties": {"consents": {"marketing": {"revoke": None}}}}

    before = send(client, track_body(source, "page-view"))
    with_consent = send(client, track_body(source, events=[consent, {"type": "page-view"}]))
    after = send(client, track_body(source, "page-view"))

    assert (before.status_code, before.json()["errors"][0]["code"]) == (200, "consent_required")
    assert "profile" not in before.json()  # which a tracker would keep
    assert (with_consent.status_code, after.status_code) == (200, 200)
    assert types().count("page-view") == 2


def test_asynchronous_requests_are_kept_in_the_inbox(client: APIClient) -> None:
    source, policy = SourceFactory(), SourceFactory(is_asynchronous=True)

    answers = [
        send(client, track_body(source, "a", options={"async": True})),
        send(client, track_body(policy, "a")),
        client.put("/track", track_body(source, "a"), format="json"),
    ]

    assert {answer.status_code for answer in answers} == {200}
    assert answers[0].json()["session"]["id"] == "session-of-anna"
    assert InboxItem.objects.count() == 3
    assert not Event.objects.exists()


def test_context_describes_the_session(client: APIClient) -> None:
    context = {
        "time": {"tz": "Europe/Oslo"},
        "browser": {"local": {"browser": {"userAgent": CHROME, "language": "nb-NO"}}},
        "screen": {"local": {"width": 1920, "height": 1080}},
        "location": {"country": {"code": "no", "name": "Norway"}, "city": "Oslo"},
        "utm": {"source": "newsletter", "campaign": "spring"},
    }
    page = {"page": {"url": "https://shop.example/a", "referer": {"host": "search.example"}}}

    send(client, track_body(SourceFactory(), context=context, events=[{"type": "page-view", "context": page}]))

    session = Session.objects.get()
    assert (session.os["name"], session.app["name"], session.device["resolution"]) == ("Windows", "Chrome", "1920x1080")
    assert (session.country, session.language, session.referrer) == ("NO", "nb-NO", "search.example")
    assert session.utm == {"source": "newsletter", "campaign": "spring"}
    assert (session.entry_page, session.page_count) == ("https://shop.example/a", 1)
    assert Profile.objects.get().country == "NO"


@pytest.mark.parametrize(
    "context", [{"time": None}, {"browser": 5}, {"screen": []}, {"location": "here"}, {"utm": None}]
)
def test_odd_context_stops_nothing(client: APIClient, context: dict[str, Any]) -> None:
    events = [{"type": "page-view", "context": {"page": None}}]

    assert send(client, track_body(SourceFactory(), context=context, events=events)).status_code == 200


def test_properties_become_traits_and_tell_about_the_profile(client: APIClient) -> None:
    event = {"type": "sign-in", "properties": {"email": {"main": "Anna@Shop.example"}, "pk": "C-17"}}

    send(client, track_body(SourceFactory(), events=[event]))

    profile = Profile.objects.get()
    assert (profile.email, profile.primary_id, profile.is_anonymous) == ("anna@shop.example", "C-17", False)
    stored = Event.objects.get(type="sign-in")
    assert stored.traits["data"]["contact"]["email"]["main"] == "Anna@Shop.example"
    assert (stored.journey, stored.tags) == ("consideration", ["event:behavioral"])
    assert profile.provenance["data.contact.email.main"][1] == str(stored.id)


def test_card_numbers_are_never_stored(client: APIClient) -> None:
    card = {"number": "4111111111111111", "cvv": "737", "holder": "Anna"}
    event = {"type": "payment-info-entered", "properties": {"order_id": "1", "credit_card": card}}

    send(client, track_body(SourceFactory(), events=[event]))

    stored = str(Event.objects.values("properties", "traits", "context").get(type="payment-info-entered"))
    assert "411111111111" not in stored
    assert "737" not in stored


def test_too_many_events_and_too_large_bodies_are_refused(client: APIClient, settings: Any) -> None:
    settings.MAX_EVENTS_PER_REQUEST = 2
    many = send(client, track_body(SourceFactory(), "a", "b", "c"))
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    large = send(client, track_body(SourceFactory(), "a"))

    assert (many.status_code, many.json()["code"]) == (422, "too_many")
    assert (large.status_code, large.json()["code"]) == (413, "too_large")


def test_debugging_shows_the_ids_of_the_events(client: APIClient) -> None:
    answer = send(client, track_body(SourceFactory(), "a", options={"debugger": True})).json()

    assert set(answer["events"]) == {str(id_) for id_ in Event.objects.values_list("id", flat=True)}


def test_a_preflight_and_a_beacon_with_credentials_pass(client: APIClient) -> None:
    origin = "https://shop.example"
    asked = {"HTTP_ACCESS_CONTROL_REQUEST_METHOD": "POST", "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": "x-timestamp,sentat"}
    preflight = client.options("/track", HTTP_ORIGIN=origin, **asked)
    beacon = send(client, track_body(SourceFactory(), "a"), HTTP_ORIGIN=origin)

    for answer in (preflight, beacon):
        assert answer["Access-Control-Allow-Origin"] == origin
        assert answer["Access-Control-Allow-Credentials"] == "true"
    assert preflight["Access-Control-Allow-Headers"] == "x-timestamp,sentat"


def test_the_admin_is_closed_to_foreign_pages(client: APIClient) -> None:
    answer = client.get("/admin/login/", HTTP_ORIGIN="https://evil.example")

    assert "Access-Control-Allow-Origin" not in answer
