"""What other systems' webhooks may rely on."""

from typing import Any
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from apps.events.models import Event, Source
from apps.profiles.models import Profile
from apps.sessions.models import Session
from tests.factories import SourceFactory


@pytest.fixture
def source(db: None) -> Source:
    return SourceFactory(kind=Source.Kind.WEBHOOK)


def address(source: Source, *more: str) -> str:
    return "/".join(("/collect", "invoice-paid", str(source.id), *more))


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8", "text/plain"])
def test_json_becomes_properties_whatever_its_content_type(
    client: APIClient, source: Source, content_type: str
) -> None:
    answer = client.post(address(source), '{"amount": 5, "tags": ["a"]}', content_type=content_type)

    assert answer.status_code == 200
    event = Event.objects.get()
    assert (event.type, event.properties) == ("invoice-paid", {"amount": 5, "tags": ["a"]})
    assert (event.profile_id, event.session_id) == (None, None)


def test_forms_become_properties(client: APIClient, source: Source) -> None:
    client.post(address(source), "a=1&b=2&b=3", content_type="application/x-www-form-urlencoded")
    client.post(address(source), {"a": "1", "b": ["2", "3"]}, format="multipart")

    assert [event.properties for event in Event.objects.all()] == [{"a": "1", "b": ["2", "3"]}] * 2


def test_the_query_becomes_properties(client: APIClient, source: Source) -> None:
    client.get(address(source) + "?a=1&b=2&b=3")

    assert Event.objects.get().properties == {"a": "1", "b": ["2", "3"]}


def test_a_session_in_the_address_finds_its_profile(client: APIClient, source: Source) -> None:
    first = client.post(address(source, "anna"), {}, format="json").json()
    second = client.get(address(source, "anna")).json()

    assert first["profile"] == second["profile"]
    assert (Profile.objects.count(), Session.objects.count()) == (1, 1)


def test_a_profile_is_made_of_the_id_at_the_configured_path(client: APIClient) -> None:
    source = SourceFactory(kind=Source.Kind.WEBHOOK, creates_profiles=True, profile_id_path="customer.id")

    answers = [
        client.post(address(source), {"customer": {"id": number}}, format="json").json()["profile"]["id"]
        for number in (17, "17", 18)
    ]

    assert answers[0] == answers[1] != answers[2]
    assert None not in answers


def test_a_call_without_an_id_belongs_to_nobody(client: APIClient) -> None:
    source = SourceFactory(kind=Source.Kind.WEBHOOK, creates_profiles=True, profile_id_path="customer.id")

    answer = client.post(address(source), {"customer": {}}, format="json").json()

    assert answer["profile"]["id"] is None


@pytest.mark.parametrize(
    ("body", "status"),
    [("{", 400), ("[1]", 422), ('"x"', 422), ('{"a": "\\u0000"}', 422), ('{"a": 1e999}', 422), ("<xml/>", 400)],
)
def test_what_is_no_storable_object_is_refused(client: APIClient, source: Source, body: str, status: int) -> None:
    answer = client.post(address(source), body, content_type="application/json")

    assert answer.status_code == status
    assert not Event.objects.exists()


def test_nul_in_a_form_is_refused(client: APIClient, source: Source) -> None:
    answer = client.get(address(source) + "?a=%00")

    assert (answer.status_code, answer.json()["field"]) == (422, "properties.a")


@pytest.mark.parametrize("kind", [Source.Kind.API, Source.Kind.REDIRECT])
def test_sources_of_another_kind_take_no_webhooks(client: APIClient, kind: Any) -> None:
    answer = client.post(address(SourceFactory(kind=kind)), {}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (403, "wrong_kind")


def test_an_unknown_source_is_refused(client: APIClient) -> None:
    answer = client.post(f"/collect/invoice-paid/{uuid4()}", {}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (401, "unknown_source")
