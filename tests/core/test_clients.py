"""Where requests come from, however proxies write it."""

from typing import Any

import pytest
from django.test import RequestFactory

from apps.core.clients import bare_ip, client_ip


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("203.0.113.7", "203.0.113.7"),
        (" 203.0.113.7:51234", "203.0.113.7"),
        ("2001:DB8::1", "2001:db8::1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ('"[2001:db8::1]"', "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("unknown", ""),
        ("_hidden", ""),
        ("203.0.113.7:51234:1", ""),
        ("203.0.113", ""),
        ("\x00", ""),
        ("9" * 1_000, ""),
    ],
)
def test_an_address_is_read_bare_and_what_is_none_is_none(text: str, address: str) -> None:
    assert bare_ip(text) == address


@pytest.mark.parametrize(
    ("n_proxies", "forwarded", "expected"),
    [
        (0, "203.0.113.7", "192.0.2.1"),
        (1, "203.0.113.7:51234", "203.0.113.7"),
        (1, "198.51.100.1, [2001:db8::1]:443", "2001:db8::1"),
        (2, "203.0.113.7:1, 198.51.100.1:2", "203.0.113.7"),
        (1, "unknown", "192.0.2.1"),
        (2, "203.0.113.7", "192.0.2.1"),
    ],
)
def test_it_is_what_the_outermost_trusted_proxy_saw_or_the_peer(
    settings: Any, n_proxies: int, forwarded: str, expected: str
) -> None:
    settings.TRUSTED_PROXIES = n_proxies

    request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.1", HTTP_X_FORWARDED_FOR=forwarded)

    assert client_ip(request) == expected
