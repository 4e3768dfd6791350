"""What other systems' webhooks may rely on."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from apps.collector import accept
from apps.events.models import Event, Source
from apps.profiles.models import Profile
from apps.sessions.models import Session
from tests.factories import GOOGLEBOT, SourceFactory


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


def test_json_that_calls_itself_a_form_is_json(client: APIClient, source: Source) -> None:
    client.post(address(source), ' {"a": 1}', content_type="application/x-www-form-urlencoded")

    assert Event.objects.get().properties == {"a": 1}


@pytest.mark.parametrize(
    ("body", "content_type", "code"),
    [
        (b"a=1", "application/x-www-form-urlencoded; charset=shift_jis", (415, "unsupported_charset")),
        (b"a=%e9", "application/x-www-form-urlencoded; charset=utf-8", (415, "unsupported_charset")),
        (b"a=%81%e9", "application/x-www-form-urlencoded", (415, "unsupported_charset")),
        (b"", "multipart/form-data; boundary=x; charset=utf-16", (415, "unsupported_charset")),
        (
            b'--x\r\nContent-Disposition: form-data; name="Stra\xdfe"\r\n\r\n1\r\n--x--\r\n',
            "multipart/form-data; boundary=x",
            (415, "unsupported_charset"),
        ),
        (b"a=1", "multipart/form-data", (400, "invalid_form")),
        (b"&".join(b"a%d=1" % n for n in range(1001)), "application/x-www-form-urlencoded", (422, "too_many")),
    ],
)
def test_a_form_that_cannot_be_read_is_refused_in_json(
    client: APIClient, source: Source, body: bytes, content_type: str, code: tuple[int, str]
) -> None:
    answer = client.post(address(source), body, content_type=content_type)

    assert (answer.status_code, answer.json()["code"]) == code


def test_a_form_with_files_is_held_to_the_limit_of_bodies(client: APIClient, source: Source, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000
    file = SimpleUploadedFile("invoice.pdf", b"x" * 2_000)

    answer = client.post(address(source), {"a": "1", "file": file}, format="multipart")

    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize("charset", ["iso-8859-1", "utf-16", "no-such"])
def test_the_charset_of_a_body_says_nothing_about_the_address(client: APIClient, source: Source, charset: str) -> None:
    answer = client.generic("GET", address(source) + "?a=%C3%A9", content_type=f"text/plain; charset={charset}")

    assert answer.status_code == 200
    assert Event.objects.get().properties == {"a": "é"}


def test_too_many_parameters_are_refused_in_json(client: APIClient, source: Source) -> None:
    answer = client.get(address(source) + "?" + "&".join(f"a{n}=1" for n in range(1001)))

    assert (answer.status_code, answer.json()["code"]) == (422, "too_many")


def test_asking_whether_the_address_works_stores_nothing(client: APIClient, source: Source) -> None:
    assert client.head(address(source)).status_code == 200
    assert client.options(address(source)).status_code == 200
    assert client.head(f"/collect/invoice-paid/{uuid4()}").status_code == 401
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    ("event_type", "session", "field"),
    [
        ("a%00b", "", "event_type"),
        ("%20", "", "event_type"),
        ("x" * 513, "", "event_type"),
        ("x" * 129, "", "event_type"),
        ("invoice-paid", "/a%00b", "session_id"),
        ("invoice-paid", "/" + "x" * 513, "session_id"),
    ],
)
def test_an_odd_address_is_refused_with_the_part_that_is_wrong(
    client: APIClient, source: Source, event_type: str, session: str, field: str
) -> None:
    answer = client.post(f"/collect/{event_type}/{source.id}{session}", {}, format="json")

    assert (answer.status_code, answer.json()["field"]) == (422, field)


def test_odd_headers_stop_nothing(client: APIClient, source: Source) -> None:
    odd = {"HTTP_USER_AGENT": "nul\x00 \xe9", "HTTP_ACCEPT_LANGUAGE": "\x00;q=x" * 500, "REMOTE_ADDR": "\x00"}
    Source.objects.update(is_asynchronous=True)

    answer = client.post(address(source), {}, format="json", **odd)

    assert answer.status_code == 200
    assert accept.ingest(10, at=datetime.now(UTC)) == 1
    assert Event.objects.exists()


@pytest.mark.parametrize("agent", ["Java/11.0.2", "WooCommerce/8.0 Hookshot (WordPress/6.4)", GOOGLEBOT])
def test_senders_of_webhooks_are_robots_by_trade(client: APIClient, source: Source, agent: str) -> None:
    assert client.post(address(source), {}, format="json", HTTP_USER_AGENT=agent).status_code == 200


def test_an_event_that_is_too_large_is_refused(client: APIClient, source: Source, settings: Any) -> None:
    answer = client.post(address(source), {"text": "x" * settings.MAX_EVENT_BYTES}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (422, "too_large")


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

    assert (answer.status_code, answer.json()["field"]) == (422, "a")


@pytest.mark.parametrize("kind", [Source.Kind.API, Source.Kind.REDIRECT])
def test_sources_of_another_kind_take_no_webhooks(client: APIClient, kind: Any) -> None:
    answer = client.post(address(SourceFactory(kind=kind)), {}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (403, "wrong_kind")


def test_an_unknown_source_is_refused(client: APIClient) -> None:
    answer = client.post(f"/collect/invoice-paid/{uuid4()}", {}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (401, "unknown_source")
