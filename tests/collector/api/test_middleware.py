"""The collector's addresses, and what browsers need to send there."""

import pytest
from rest_framework.test import APIClient

from apps.collector.api.middleware import PATHS
from apps.collector.api.urls import urlpatterns
from tests.factories import SourceFactory, track_body

SHOP = "https://shop.example"


def test_all_addresses_of_the_collector_are_served_by_it() -> None:
    """One that is not would have its events checked for a session and a CSRF token."""
    patterns = [str(each.pattern).removeprefix("^") for each in urlpatterns]
    assert [pattern for pattern in patterns if not f"/{pattern}".startswith(PATHS)] == []


@pytest.mark.parametrize(
    "path", ["/track", "/collect/a/b", "/redirect/x", "/v1/batch", "/beacon/v1/batch", "/healthcheck"]
)
def test_a_preflight_allows_what_it_asks_for(client: APIClient, path: str) -> None:
    asks = {"HTTP_ACCESS_CONTROL_REQUEST_METHOD": "POST", "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": "x-timestamp,x-new"}

    answer = client.options(path, HTTP_ORIGIN=SHOP, **asks)

    assert answer.status_code == 204
    assert answer["Access-Control-Allow-Origin"] == SHOP
    assert answer["Access-Control-Allow-Credentials"] == "true"
    assert answer["Access-Control-Allow-Headers"] == "x-timestamp,x-new"
    assert "POST" in answer["Access-Control-Allow-Methods"]
    assert int(answer["Access-Control-Max-Age"]) > 3600


@pytest.mark.parametrize("origin", [SHOP, "null", "capacitor://localhost"])
def test_errors_can_be_read_by_the_page_too(client: APIClient, origin: str) -> None:
    for path in ("/track", "/v1/nowhere"):
        answer = client.post(path, "{", content_type="text/plain", HTTP_ORIGIN=origin)
        assert answer["Access-Control-Allow-Origin"] == origin


def test_an_answer_without_an_origin_is_not_kept_for_pages(client: APIClient) -> None:
    answer = client.get("/healthcheck")

    assert answer["Vary"] == "Origin"
    assert "Access-Control-Allow-Origin" not in answer
    assert answer["Content-Length"] == str(len(answer.content))


def test_an_address_that_is_none_is_not_found(client: APIClient) -> None:
    assert client.post("/track/x", {}).status_code == 404
    assert client.get("/v1/").status_code == 404


@pytest.mark.parametrize(
    ("method", "path"), [("get", "/track"), ("delete", "/track"), ("get", "/v1/batch"), ("put", "/v1/p")]
)
def test_a_method_that_is_none_is_refused_in_json(client: APIClient, method: str, path: str) -> None:
    answer = getattr(client, method)(path)

    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")


@pytest.mark.parametrize("accept", ["text/html", "image/*", "application/xml", ""])
def test_answers_are_json_whatever_is_accepted(client: APIClient, accept: str) -> None:
    answer = client.post("/track", track_body(SourceFactory(), "a"), format="json", HTTP_ACCEPT=accept)

    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
