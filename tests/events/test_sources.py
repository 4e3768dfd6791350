"""Whom a source lets in."""

import pytest
from django.core.exceptions import ValidationError

from apps.events import sources
from tests.factories import SourceFactory, policy

SHOP = ["https://shop.example", "*.shop.example", "capacitor://localhost"]


@pytest.mark.parametrize(
    ("origin", "is_allowed"),
    [
        ("https://shop.example", True),
        ("https://SHOP.example", True),
        ("https://www.shop.example", True),
        ("https://a.b.shop.example:8443", True),
        ("http://shop.example", True),  # the wildcard names hosts, whatever the scheme
        ("capacitor://localhost", True),
        ("", True),  # no page sends without an origin; servers do
        ("https://evil.example", False),
        ("https://evilshop.example", False),
        ("https://shop.example.evil.example", False),
        ("https://shop.example@evil.example", False),
        ("capacitor://other", False),
        ("null", False),
    ],
)
def test_pages_may_send_when_their_origin_is_listed(origin: str, is_allowed: bool) -> None:
    assert policy(allowed_origins=SHOP).allows_origin(origin) == is_allowed


@pytest.mark.parametrize(
    ("listed", "origin", "is_allowed"),
    [
        ([], "https://anything.example", True),
        (["https://Shop.example/"], "https://shop.example", True),
        (["https://shop.example"], "https://shop.example:8443", False),
        (["https://shop.example"], "http://shop.example", False),
        (["null"], "null", True),
    ],
)
def test_an_origin_is_scheme_host_and_port(listed: list[str], origin: str, is_allowed: bool) -> None:
    assert policy(allowed_origins=listed).allows_origin(origin) == is_allowed


@pytest.mark.django_db
def test_a_source_is_found_by_its_id_and_its_write_key_whether_it_is_on_or_off() -> None:
    source = SourceFactory(is_enabled=False)

    assert sources.find(str(source.id)) == sources.find(source.write_key) == policy(source)
    assert sources.find("nobody") is None


@pytest.mark.parametrize("origin", [*SHOP, "http://localhost:8000/", "chrome-extension://abc", "null"])
def test_origins_that_browsers_send_may_be_listed(origin: str) -> None:
    SourceFactory.build(allowed_origins=[origin], profile_id_path="customer.id").clean()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"allowed_origins": ["shop.example"]}, "allowed_origins"),
        ({"allowed_origins": ["https://shop.example/page"]}, "allowed_origins"),
        ({"allowed_origins": ["https://*.shop.example"]}, "allowed_origins"),
        ({"profile_id_path": "customer..id"}, "profile_id_path"),
        ({"session_id_path": "."}, "session_id_path"),
    ],
)
def test_what_no_request_could_match_is_refused(values: dict[str, object], field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        SourceFactory.build(**values).clean()

    assert list(refused.value.message_dict) == [field]


@pytest.mark.parametrize(
    ("ip", "is_allowed"),
    [
        ("203.0.113.7", True),
        ("203.0.113.8", False),
        ("198.51.100.200", True),
        ("2001:db8::1", True),
        ("2001:db9::1", False),
        ("", False),
    ],
)
def test_addresses_may_send_when_they_lie_in_a_network_that_is_listed(ip: str, is_allowed: bool) -> None:
    listed = ["203.0.113.7", "198.51.100.0/24", "2001:db8::/32"]

    assert policy(allowed_networks=listed).allows_address(ip) == is_allowed
    assert policy().allows_address(ip)


@pytest.mark.parametrize("network", ["shop.example", "198.51.100.7/24", "300.1.1.1", "10.0.0.0/33"])
def test_what_is_no_network_lets_nobody_in_and_is_refused(network: str) -> None:
    with pytest.raises(ValidationError, match="is no address or network"):
        SourceFactory.build(allowed_networks=[network]).clean()
