import gzip
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.urls import resolve
from rest_framework.test import APIClient

from apps.api import urls
from apps.api.scopes import Scope
from apps.core.keys import scopes
from apps.core.models import AuditEntry
from apps.events.models import Event
from apps.events.store import partitions
from apps.profiles import ledger
from apps.profiles.identifiers import identifier_id
from apps.profiles.models import Identifier, Profile
from apps.segments.models import Cause, Membership, Segment
from tests.factories import NOON, AliasFactory, IdentifierFactory, ProfileFactory, SourceFactory
from tests.programs import program

pytestmark = pytest.mark.django_db
ALL = tuple(Scope)


Asked = tuple[str, str, dict[str, Any], Scope]


def requests_of_flows() -> list[Asked]:
    flow, run, delivery = "/api/flows/nothing", f"/api/runs/{uuid4()}", f"/api/deliveries/{uuid4()}"
    return [
        ("get", "/api/flows", {}, Scope.FLOWS_READ),
        ("post", "/api/flows", {}, Scope.FLOWS_WRITE),
        ("post", "/api/flows/check", {}, Scope.FLOWS_READ),
        ("post", "/api/flows/import", {}, Scope.FLOWS_WRITE),
        ("get", flow, {}, Scope.FLOWS_READ),
        *((verb, flow, {}, Scope.FLOWS_WRITE) for verb in ("patch", "delete")),
        *(("get", f"{flow}/{part}", {}, Scope.FLOWS_READ) for part in ("versions", "export", "figures", "revision")),
        ("post", f"{flow}/discard-draft", {}, Scope.FLOWS_WRITE),
        ("get", f"{flow}/publishing", {}, Scope.FLOWS_PUBLISH),
        *(("post", f"{flow}/{verb}", {}, Scope.FLOWS_PUBLISH) for verb in ("publish", "roll-back")),
        *(("post", f"{flow}/{verb}", {}, Scope.FLOWS_PUBLISH) for verb in ("on", "off", "pause", "resume")),
        ("get", f"{flow}/live", {}, Scope.FLOWS_READ),
        ("get", f"{flow}/runs", {}, Scope.RUNS_READ),
        ("get", f"{flow}/runs/{uuid4()}", {}, Scope.RUNS_READ),
        *(("post", f"{flow}/runs/{verb}", {}, Scope.RUNS_WRITE) for verb in ("run-now", "skip", "cancel")),
        ("post", f"{flow}/start", {}, Scope.FLOWS_START),
        ("post", f"{flow}/pass-now", {}, Scope.FLOWS_PUBLISH),
        *(("post", f"{flow}/{verb}", {}, Scope.FLOWS_WRITE) for verb in ("try", "test")),
        ("get", f"{flow}/cases", {}, Scope.FLOWS_READ),
        ("post", f"{flow}/cases", {}, Scope.FLOWS_WRITE),
        *((verb, f"{flow}/cases/{uuid4()}", {}, Scope.FLOWS_WRITE) for verb in ("patch", "delete")),
        *(("get", f"/api/{each}", {}, Scope.FLOWS_READ) for each in ("node-kinds", "names")),
        ("get", f"{flow}/simulations", {}, Scope.FLOWS_READ),
        ("post", f"{flow}/simulations", {"days": 7}, Scope.FLOWS_WRITE),
        ("get", f"{flow}/simulations/{uuid4()}", {}, Scope.FLOWS_READ),
        ("delete", f"{flow}/simulations/{uuid4()}", {}, Scope.FLOWS_WRITE),
        ("get", "/api/ready-flows", {}, Scope.FLOWS_READ),
        ("post", "/api/ready-flows/nothing/draft", {}, Scope.FLOWS_WRITE),
        ("get", "/api/runs", {}, Scope.RUNS_READ),
        ("get", run, {}, Scope.RUNS_READ),
        *(("post", f"{run}/{verb}", {}, Scope.RUNS_WRITE) for verb in ("run-now", "skip", "cancel")),
        ("get", "/api/deliveries", {}, Scope.DELIVERIES_READ),
        ("get", delivery, {}, Scope.DELIVERIES_READ),
        *(("post", f"{delivery}/{verb}", {}, Scope.DELIVERIES_WRITE) for verb in ("retry", "cancel")),
    ]


def requests_of(profile: Profile) -> list[Asked]:
    one = f"/api/profiles/{profile.id}"
    system = f"/api/connections/{uuid4()}"
    backfill, verbs = {"kind": "traits", "type": "unheard-of"}, ("pause", "resume", "cancel", "undo")
    return [
        ("get", "/api/profiles", {}, Scope.PROFILES_READ),
        ("get", "/api/profiles/lookup?kind=email&value=a@b.example", {}, Scope.PROFILES_READ),
        ("get", one, {}, Scope.PROFILES_READ),
        ("patch", one, {"set": {"traits.plan": "pro"}}, Scope.PROFILES_WRITE),
        ("post", f"{one}/merge", {"other_id": str(uuid4())}, Scope.PROFILES_MERGE),
        ("get", f"{one}/events", {}, Scope.PROFILES_READ),
        ("get", f"{one}/segments", {}, Scope.PROFILES_READ),
        ("get", f"{one}/consents", {}, Scope.CONSENTS_READ),
        ("get", f"{one}/consents/decisions", {}, Scope.CONSENTS_READ),
        (
            "post",
            f"{one}/consents",
            {"source_id": str(SourceFactory().id), "consents": {"a": True}},
            Scope.CONSENTS_WRITE,
        ),
        ("post", f"{one}/export", {"reference": "ticket 7"}, Scope.PRIVACY_EXPORT),
        ("get", f"/api/privacy-requests/{uuid4()}", {}, Scope.PRIVACY_ERASE),
        ("post", "/api/backfills", backfill, Scope.BACKFILLS_WRITE),
        ("post", "/api/backfills/preview", backfill, Scope.BACKFILLS_READ),
        ("get", f"/api/backfills/{uuid4()}", {}, Scope.BACKFILLS_READ),
        *(("post", f"/api/backfills/{uuid4()}/{verb}", {}, Scope.BACKFILLS_WRITE) for verb in verbs),
        ("get", "/api/connections", {}, Scope.CONNECTIONS),
        ("post", "/api/connections", {}, Scope.CONNECTIONS),
        ("get", "/api/connections/kinds", {}, Scope.CONNECTIONS),
        ("get", "/api/bridges", {}, Scope.BRIDGES_READ),
        ("get", f"/api/bridges/{uuid4()}", {}, Scope.BRIDGES_READ),
        *(("post", f"/api/bridges/{uuid4()}/{verb}", {}, Scope.BRIDGES_WRITE) for verb in ("pause", "resume")),
        *((verb, system, {}, Scope.CONNECTIONS) for verb in ("get", "put", "delete")),
        *(("post", f"{system}/{verb}", {}, Scope.CONNECTIONS) for verb in ("test", "release")),
        *requests_of_flows(),
        ("post", f"{one}/anonymise", {"reference": "ticket 7"}, Scope.PRIVACY_ERASE),
        ("post", f"/api/profiles/{ProfileFactory().id}/erase", {"reference": "ticket 8"}, Scope.PRIVACY_ERASE),
    ]


def test_without_a_key_or_its_scope_nothing_is_answered(alone: None) -> None:
    for verb, url, body, scope in requests_of(ProfileFactory()):
        others = [each for each in ALL if each is not scope]
        assert getattr(APIClient(), verb)(url, body, format="json").status_code == 401
        assert getattr(program(*others), verb)(url, body, format="json").status_code == 403
        assert getattr(program(scope), verb)(url, body, format="json").status_code in (200, 404, 422)


def test_each_view_of_the_api_is_asked_above() -> None:
    asked = {resolve(url.partition("?")[0]).url_name for _, url, _, _ in requests_of(ProfileFactory())}

    assert asked == {pattern.name for pattern in urls.urlpatterns}
    assert {scope for *_, scope in requests_of(ProfileFactory())} == set(Scope) <= set(scopes)


def test_an_id_of_nobody_is_told_from_no_other_by_any_request() -> None:
    everything = program(*Scope)
    for verb, url, body, _ in requests_of(ProfileFactory()):
        if "/profiles/" in url and "lookup" not in url:
            nobody = "/".join((*url.split("/")[:3], str(uuid4()), *url.split("/")[4:]))
            answer = getattr(everything, verb)(nobody, body, format="json")
            assert (answer.status_code, answer.json()["message"]) == (404, "There is no such profile."), url


def test_a_wrong_key_is_told_so() -> None:
    answer = APIClient().get("/api/profiles", headers={"Authorization": "Bearer cdp_x_y"})

    assert answer.status_code == 401
    assert answer.json()["code"] == "authentication_failed"
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="api"'


def test_a_profile_is_found_by_any_id_that_it_ever_had() -> None:
    alias = AliasFactory()

    answer = program(Scope.PROFILES_READ).get(f"/api/profiles/{alias.id}")

    assert answer.json()["id"] == str(alias.profile_id)


@pytest.mark.parametrize(
    ("kind", "kept", "asked"),
    [
        ("email", "anna@example.com", " Anna@Example.COM "),
        ("phone", "+436641234567", "+43 664 123-4567"),
        ("user", "C-17", "C-17"),
    ],
)
def test_a_profile_is_found_by_an_identifier_in_any_notation(kind: str, kept: str, asked: str) -> None:
    profile = ProfileFactory()
    IdentifierFactory(id=identifier_id(kind, kept), kind=Identifier.Kind(kind), profile=profile)

    answer = program(Scope.PROFILES_READ).get("/api/profiles/lookup", {"kind": kind, "value": asked})

    assert answer.json()["id"] == str(profile.id)


def test_a_wrong_question_names_its_field() -> None:
    reader = program(Scope.PROFILES_READ)

    answer = reader.get("/api/profiles/lookup", {"kind": "shoe", "value": ""})

    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["kind", "value"]
    assert reader.get("/api/profiles", {"seen_after": "soon"}).json()["field"] == "seen_after"
    assert reader.get(f"/api/profiles/{uuid4()}").status_code == 404


@pytest.mark.parametrize(
    "question",
    ["is_anonymous=maybe", "is_anonymous=2", "nope=1", "types=x", "page_size=-1", "page_size=0", "page_size=ten"],
)
def test_what_narrows_nothing_is_refused_by_its_name(question: str) -> None:
    reader, profile = program(Scope.PROFILES_READ), ProfileFactory()

    for address in ("/api/profiles", f"/api/profiles/{profile.id}/events"):
        answer = reader.get(f"{address}?{question}")
        assert (answer.status_code, answer.json()["field"]) == (422, question.partition("=")[0])


@pytest.mark.parametrize(("said", "n_found"), [("true", 1), ("True", 1), ("1", 1), ("no", 0), ("false", 0), ("", 1)])
def test_whether_somebody_is_anonymous_is_asked_in_any_spelling(said: str, n_found: int) -> None:
    ProfileFactory(is_anonymous=True)

    answer = program(Scope.PROFILES_READ).get(f"/api/profiles?is_anonymous={said}&page_size=7")

    assert len(answer.json()["results"]) == n_found


def test_the_list_is_paged_by_cursor_and_filtered() -> None:
    rows = [ProfileFactory(country="AT", last_seen_at=NOON + timedelta(days=day)) for day in range(5)]
    ProfileFactory(country="DE")
    reader = program(Scope.PROFILES_READ)

    first = reader.get("/api/profiles", {"country": "AT", "page_size": 3}).json()
    second = reader.get(first["next"]).json()

    listed = [row["id"] for row in first["results"] + second["results"]]
    assert listed == [str(row.id) for row in sorted(rows, key=lambda row: row.id, reverse=True)]
    late = reader.get("/api/profiles", {"seen_after": (NOON + timedelta(days=3)).isoformat()}).json()
    assert len(late["results"]) == 2


def test_the_list_is_searched_by_address_and_by_any_id() -> None:
    profile = ProfileFactory(email="anna@example.com")
    ProfileFactory(email="ben@example.com")
    reader = program(Scope.PROFILES_READ)

    for query in ({"email": "Anna@example.com"}, {"q": str(profile.id)}):
        assert [row["id"] for row in reader.get("/api/profiles", query).json()["results"]] == [str(profile.id)]


def test_fields_are_set_by_a_key_and_a_wrong_one_is_named() -> None:
    profile = ProfileFactory()
    writer = program(Scope.PROFILES_WRITE)

    answer = writer.patch(f"/api/profiles/{profile.id}", {"set": {"traits.plan": "pro"}}, format="json").json()
    refused = writer.patch(f"/api/profiles/{profile.id}", {"set": {"data.shoe": 1, "traits.x": 1}}, format="json")

    assert answer["traits"] == {"plan": "pro"}
    assert answer["provenance"]["traits.plan"][1].startswith("key:")
    assert refused.status_code == 422
    assert refused.json()["field"] == "set.data.shoe"
    assert Profile.objects.get().traits == {"plan": "pro"}


def test_nothing_is_set_while_others_merge_this_person(monkeypatch: pytest.MonkeyPatch) -> None:
    profile = ProfileFactory()
    monkeypatch.setattr(ledger, "has_moved", lambda *_, **__: True)

    answer = program(Scope.PROFILES_WRITE).patch(
        f"/api/profiles/{profile.id}", {"set": {"traits.plan": "pro"}}, format="json"
    )

    assert (answer.status_code, answer.json()["code"]) == (409, "not_yet")
    assert Profile.objects.get().traits == {}


def test_two_profiles_are_merged_and_both_ids_go_on_to_lead_there() -> None:
    one, other = ProfileFactory(traits={"a": 1}), ProfileFactory(traits={"b": 2})
    caller = program(Scope.PROFILES_MERGE, Scope.PROFILES_READ)

    merged = caller.post(f"/api/profiles/{other.id}/merge", {"other_id": str(one.id)}, format="json").json()
    again = caller.post(f"/api/profiles/{other.id}/merge", {"other_id": str(one.id)}, format="json")

    assert merged["traits"] == {"a": 1, "b": 2}
    assert {caller.get(f"/api/profiles/{row.id}").json()["id"] for row in (one, other)} == {merged["id"]}
    assert again.json()["field"] == "other_id"
    assert AuditEntry.objects.get(action="merged").actor.startswith("key:")


def test_events_are_listed_the_latest_first_and_by_type() -> None:
    profile = ProfileFactory()
    partitions.ensure({partitions.month_of(NOON)})
    for minute, type_ in enumerate(("page-view", "sign-in", "page-view")):
        at = NOON + timedelta(minutes=minute)
        Event.objects.create(
            time=at, received_at=at, processed_at=at, type=type_, source_id=uuid4(), profile_id=profile.id
        )
    reader = program(Scope.PROFILES_READ)

    listed = reader.get(f"/api/profiles/{profile.id}/events").json()["results"]
    views = reader.get(f"/api/profiles/{profile.id}/events", {"type": "page-view"}).json()["results"]

    assert [event["type"] for event in listed] == ["page-view", "sign-in", "page-view"]
    assert [event["time"] for event in listed] == sorted((event["time"] for event in listed), reverse=True)
    assert len(views) == 2


def test_segments_are_listed_with_the_time_since_when() -> None:
    profile = ProfileFactory()
    for day, (key, left_at) in enumerate({"vip": None, "new": None, "gone": NOON}.items()):
        segment = Segment.objects.create(key=key, name=key.upper(), kind=Segment.Kind.LIST)
        at = NOON + timedelta(days=day)
        for member in (profile, ProfileFactory()):
            Membership.objects.create(
                segment=segment, profile_id=member.id, entered_at=at, entered_because=Cause.LIST, left_at=left_at
            )

    listed = program(Scope.PROFILES_READ).get(f"/api/profiles/{profile.id}/segments").json()["results"]

    assert listed == [
        {"key": "new", "name": "NEW", "since": "2026-11-24T12:00:00Z"},
        {"key": "vip", "name": "VIP", "since": "2026-11-23T12:00:00Z"},
    ]


@pytest.mark.parametrize(
    ("value", "code", "field"),
    [
        ('"a\\u0000b"', 422, "set.traits.x"),
        ('"a\\ud800b"', 400, ""),
        ("1e999", 400, ""),
        ("NaN", 400, ""),
        ("[" * 900 + "]" * 900, 422, "set.traits.x"),
        ("[" * 90_000 + "]" * 90_000, 400, ""),
        ('{"a\\u0000": 1}', 422, "set.traits.x"),
    ],
)
def test_what_cannot_be_stored_is_refused(value: str, code: int, field: str) -> None:
    body = f'{{"set": {{"traits.x": {value}}}}}'

    answer = program(Scope.PROFILES_WRITE).patch(
        f"/api/profiles/{ProfileFactory().id}", body, content_type="application/json"
    )

    assert (answer.status_code, answer.json()["field"]) == (code, field)


@pytest.mark.parametrize(
    "query",
    [
        "since=6038-11-08T12:52:33%2B21:22",
        "until=0001-01-01T00:00:00%2B14:00",
        "q=%00",
        "type=%00",
        "since=soon",
        "cursor=cD1ub3doZXJl",
        "cursor=%00",
        "email=%00",
    ],
)
def test_a_broken_question_is_refused(query: str) -> None:
    reader, profile = program(Scope.PROFILES_READ), ProfileFactory()

    for address in ("/api/profiles", f"/api/profiles/{profile.id}/events"):
        assert reader.get(f"{address}?{query}").status_code in (200, 404, 422)


def test_what_programs_write_is_read_as_the_collector_reads_it() -> None:
    profile = ProfileFactory()
    body = b'\xef\xbb\xbf{"set": {"traits.card": 917959530668910000001, "traits.other": 9223372036854775808}}'

    answer = program(Scope.PROFILES_WRITE).patch(
        f"/api/profiles/{profile.id}",
        gzip.compress(body),
        content_type="application/json",
        HTTP_CONTENT_ENCODING="gzip",
    )

    assert answer.status_code == 200
    assert answer.json()["traits"] == {"card": "917959530668910000001", "other": "9223372036854775808"}


@pytest.mark.parametrize(
    ("body", "encoding", "status", "code"),
    [
        (b"{}", "br", 415, "unsupported_encoding"),
        (b"{}", "gzip", 400, "invalid_gzip"),
        (b"[" * 100_000, "", 400, "parse_error"),
        (b'{"set": {"traits.a": "\\ud800"}}', "", 400, "parse_error"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused_with_the_reason(
    body: bytes, encoding: str, status: int, code: str
) -> None:
    answer = program(Scope.PROFILES_WRITE).patch(
        f"/api/profiles/{ProfileFactory().id}", body, content_type="application/json", HTTP_CONTENT_ENCODING=encoding
    )

    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize(
    ("kind", "value"), [("user", "null"), ("anonymous", "0"), ("user", "{{user_id}}"), ("user", " ")]
)
def test_what_names_nobody_finds_nobody(kind: str, value: str) -> None:
    IdentifierFactory(id=identifier_id(kind, value), kind=kind)  # as somebody left it here before that was known

    answer = program(Scope.PROFILES_READ).get("/api/profiles/lookup", {"kind": kind, "value": value})

    assert answer.status_code in (404, 422)
