"""The collector's addresses: under any name of the host, as people write them, and those that there are not."""

import json
from base64 import b64encode, urlsafe_b64encode
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from apps.collector import accept
from apps.events.models import Event, RefusalCount, RefusedEvent, Source
from apps.events.store import noticed
from tests.factories import CHROME, SourceFactory, track_body

pytestmark = pytest.mark.django_db
HOSTS = ("collect.shop.test", "collect.shop.test:8120", "[2001:db8::1]:80")


@pytest.fixture
def source() -> Source:
    return SourceFactory()


@pytest.mark.parametrize("host", HOSTS)
def test_the_collector_answers_to_any_name(client: APIClient, source: Source, host: str) -> None:
    settings = client.get(f"/v1/projects/{source.write_key}/settings", HTTP_HOST=host, HTTP_ORIGIN="https://shop.test")
    track = client.post("/track", track_body(source, "page-view"), format="json", HTTP_HOST=host)
    config = client.get(f"/sourceConfig?writeKey={source.write_key}", HTTP_HOST=host)

    assert (settings.status_code, track.status_code, config.status_code) == (200, 200, 200)
    assert settings.json()["integrations"]["Segment.io"]["apiHost"] == f"{host}/v1"
    assert settings["Access-Control-Allow-Origin"] == "https://shop.test"


@pytest.mark.parametrize("host", ["a b", "evil.example/x", "<script>", "a\\b"])
def test_what_is_no_name_is_refused_in_json(client: APIClient, source: Source, host: str) -> None:
    answer = client.get(f"/v1/projects/{source.write_key}/settings", HTTP_HOST=host, HTTP_ORIGIN="https://shop.test")

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_host")
    assert answer["Access-Control-Allow-Origin"] == "https://shop.test"


@pytest.mark.parametrize("address", ["/v1/zzz", "/tracker", "/collect/", "/redirect/7", "/track/x", "/api/zzz"])
def test_an_address_that_there_is_not_is_answered_as_all_errors(in_one_transaction: None, address: str) -> None:
    answer = Client().post(address, "{}", content_type="application/json")

    if address == "/tracker":
        address = "/track"  # it begins like one of ours
    assert answer.status_code == 404
    assert (answer.json()["code"], answer.json()["errors"][0]["code"]) == ("not_found", "not_found")


def test_a_slash_at_the_end_changes_nothing(client: APIClient, source: Source) -> None:
    event = {"userId": "u", "event": "x", "writeKey": source.write_key}

    assert client.post("/v1/track/", event, format="json").status_code == 200
    assert client.post("/track/", track_body(source, "page-view"), format="json").status_code == 200
    assert client.get(f"/sourceConfig/?writeKey={source.write_key}").status_code == 200


@pytest.mark.parametrize("events", [None, []])
def test_nothing_is_fine(client: APIClient, source: Source, events: Any) -> None:
    answer = client.post("/track", {"source": {"id": str(source.id)}, "events": events}, format="json")

    assert (answer.status_code, answer.json()) == (200, None)


@pytest.mark.parametrize("encode", [b64encode, urlsafe_b64encode])
def test_a_mail_tells_that_it_was_opened_by_a_picture(client: APIClient, source: Source, encode: Any) -> None:
    message = {"writeKey": source.write_key, "userId": "ü?>", "event": "Mail Opened", "messageId": "m1"}
    data = encode(json.dumps(message).encode()).decode().rstrip("=")

    for _ in range(2):
        answer = client.get("/v1/pixel/track", {"data": data}, HTTP_USER_AGENT=CHROME)
        accept.ingest(10, at=datetime.now(UTC))

    assert (answer.status_code, answer["Content-Type"], answer.content[:6]) == (200, "image/gif", b"GIF89a")
    assert Event.objects.filter(type="mail-opened").count() == 1


@pytest.mark.parametrize(
    ("data", "code"),
    [("", "invalid_json"), ("%%", "invalid_base64"), (b64encode(b"{}").decode(), "required")],
)
def test_a_picture_with_a_broken_message_comes_all_the_same_and_is_counted(
    client: APIClient, data: str, code: str
) -> None:
    answer = client.get("/v1/pixel/track", {"data": data})
    noticed.flush()

    assert (answer.status_code, answer.content[:6]) == (200, b"GIF89a")
    assert RefusalCount.objects.get().code == code


def test_a_picture_of_nobody_is_kept(client: APIClient, source: Source) -> None:
    data = b64encode(json.dumps({"writeKey": source.write_key, "event": "x"}).encode()).decode()

    answer = client.get("/v1/pixel/track", {"data": data})
    accept.ingest(10, at=datetime.now(UTC))

    assert (answer.status_code, answer.content[:6]) == (200, b"GIF89a")
    assert RefusedEvent.objects.get().field == "userId"
