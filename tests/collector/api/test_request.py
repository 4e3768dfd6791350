"""Who sends, as far as they can be believed."""

from typing import Any

import pytest
from django.test import RequestFactory

from apps.collector.api.request import client_ip, envelope_of, query_of
from tests.factories import policy

PEER = "203.0.113.9"


@pytest.mark.parametrize(
    ("proxies", "forwarded", "ip"),
    [
        (0, "198.51.100.1", PEER),  # anybody can write that
        (1, "", PEER),
        (1, "198.51.100.1", "198.51.100.1"),
        (1, "forged, 198.51.100.1", "198.51.100.1"),
        (2, "forged, 198.51.100.1, 10.0.0.1", "198.51.100.1"),
        (2, "198.51.100.1", PEER),
        (1, " , ,", PEER),
    ],
)
def test_the_address_is_what_the_outermost_trusted_proxy_saw(
    settings: Any, proxies: int, forwarded: str, ip: str
) -> None:
    settings.TRUSTED_PROXIES = proxies

    assert client_ip(RequestFactory().get("/", REMOTE_ADDR=PEER, HTTP_X_FORWARDED_FOR=forwarded)) == ip


def test_headers_are_cut_and_credentials_stay_behind() -> None:
    headers = {"HTTP_USER_AGENT": "a\x00" * 5_000, "HTTP_ACCEPT_LANGUAGE": "de," * 1_000}
    secrets = {"HTTP_AUTHORIZATION": "Basic secret", "HTTP_COOKIE": "session=secret"}

    envelope = envelope_of(RequestFactory().get("/", **headers, **secrets), policy())

    assert (len(envelope.user_agent), len(envelope.accept_language)) == (500, 500)
    assert "secret" not in str(envelope.as_dict())


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("a=1&a=2", {"a": ["1", "2"]}),
        ("a=%C3%A9", {"a": ["é"]}),
        ("a=%ff", {"a": ["\ufffd"]}),
        ("a", {"a": [""]}),
        ("", {}),
    ],
)
def test_the_query_is_utf_8(query: str, found: dict[str, list[str]]) -> None:
    request = RequestFactory().generic("GET", "/", QUERY_STRING=query, CONTENT_TYPE="text/plain; charset=iso-8859-1")

    assert dict(query_of(request).lists()) == found
