"""Where a click may lead besides its stored address, and until when."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import pytest
from rest_framework.test import APIClient

from apps.collector import accept
from apps.events import links
from apps.events.models import Event, Redirect
from tests.factories import CHROME, RedirectFactory, SessionFactory

CART = "https://shop.example/cart?id=7&x=ä#top"


@pytest.fixture(autouse=True)
def person(client: APIClient) -> None:
    client.credentials(HTTP_USER_AGENT=CHROME)


def click(client: APIClient, link: Redirect, query: str = "") -> str:
    answer = client.get(f"/redirect/{link.id}{query}")
    assert answer.status_code == 302
    return str(answer["Location"])


def clicks() -> list[Event]:
    accept.ingest(100, at=datetime.now(UTC))
    return list(Event.objects.filter(type="link-clicked").order_by("id"))


def path_of(address: str) -> str:
    parts = urlsplit(address)
    assert parts.netloc == "cdp.example"
    return f"{parts.path}?{parts.query}"


def test_a_target_that_we_have_signed_is_gone_to_and_recorded(client: APIClient) -> None:
    link, session = RedirectFactory(takes_targets=True), SessionFactory()
    address = links.signed_address("https://cdp.example/", link.id, CART, session_id=str(session.id))

    answer = client.get(path_of(address))

    assert (answer.status_code, answer["Location"]) == (302, CART.replace("ä", "%C3%A4"))
    [event] = clicks()
    assert event.properties == {"url": CART, "params": {}}
    assert event.profile_id == session.profile_id


def test_a_target_of_others_is_gone_to_by_nobody(client: APIClient) -> None:
    link = RedirectFactory(takes_targets=True)
    signature = parse_qs(urlsplit(links.signed_address("https://cdp.example", link.id, CART)).query)["sig"][0]
    other = RedirectFactory(takes_targets=True)
    of_other = path_of(links.signed_address("https://cdp.example", other.id, CART)).partition("?")[2]

    for query in (
        "to=https://evil.example",
        f"to=https://evil.example&sig={signature}",
        f"to=https://shop.example/cart&to=https://evil.example&sig={signature}",
        f"sig={signature}",
        "to=&sig=",
        "to=https://evil.example&sig=ü",
        of_other,
    ):
        answer = client.get(f"/redirect/{link.id}?{query}")
        assert (answer.status_code, "Location" in answer) == (400, False), query

    assert clicks() == []


def test_without_a_target_it_goes_to_its_own(client: APIClient) -> None:
    link = RedirectFactory(takes_targets=True)

    assert click(client, link, "?utm_source=mail") == link.url


def test_a_link_that_takes_no_targets_takes_signed_ones_neither(client: APIClient) -> None:
    link = RedirectFactory()

    assert click(client, link, path_of(links.signed_address("https://cdp.example", link.id, CART))[-200:]) == link.url


@pytest.mark.parametrize(
    "target", ["javascript:alert(1)", "//evil.example", "ftp://x", "https://x/\n", "http://[", "https://", ""]
)
def test_only_web_pages_are_signed(target: str) -> None:
    with pytest.raises(ValueError, match="http"):
        links.signed_address("https://cdp.example", uuid4(), target)


def test_signatures_outlive_other_keys_than_that_of_identities(settings: Any) -> None:
    id = UUID(int=7)
    before = links.signed_address("https://cdp.example", id, CART)

    settings.SECRET_KEY = "another"
    assert links.signed_address("https://cdp.example", id, CART) == before
    settings.IDENTITY_KEY = "another"
    assert links.signed_address("https://cdp.example", id, CART) != before


@pytest.mark.parametrize(
    ("url", "query", "location"),
    [
        ("https://shop.example/", "?utm_source=mail&a=1&a=2", "https://shop.example/?utm_source=mail&a=1&a=2"),
        (
            "https://shop.example/?utm_source=own&b=#top",
            "?utm_source=mail&b=2",
            "https://shop.example/?utm_source=own&b=#top",
        ),
        ("https://shop.example/?b=1#top", "?c=%26%20%C3%A4", "https://shop.example/?b=1&c=%26+%C3%A4#top"),
        ("https://shop.example/", "", "https://shop.example/"),
        ("https://shop.example/", "?a=" + "x" * 4_000, "https://shop.example/"),
    ],
)
def test_parameters_are_passed_on_where_somebody_says_so(
    client: APIClient, url: str, query: str, location: str
) -> None:
    assert click(client, RedirectFactory(url=url, passes_parameters=True), query) == location
    assert click(client, RedirectFactory(url=url), query) == url


def test_of_a_signed_target_only_the_others_are_passed_on(client: APIClient) -> None:
    link = RedirectFactory(takes_targets=True, passes_parameters=True)
    query = path_of(links.signed_address("https://cdp.example", link.id, "https://shop.example/?a=1")).partition("?")[2]

    assert click(client, link, f"?{query}&a=2&utm_medium=email") == "https://shop.example/?a=1&utm_medium=email"
    assert clicks()[0].properties["params"] == {"a": "2", "utm_medium": "email"}


def test_an_expired_link_goes_where_somebody_says_or_says_so(client: APIClient) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    moved = RedirectFactory(expires_at=yesterday, expired_url="https://shop.example/over")
    over = RedirectFactory(expires_at=yesterday)
    lasting = RedirectFactory(expires_at=yesterday + timedelta(days=2))

    assert click(client, moved) == "https://shop.example/over"
    answer = client.get(f"/redirect/{over.id}")
    assert (answer.status_code, answer.content) == (410, b"This link has expired.")
    assert click(client, lasting) == lasting.url
    told = [(event.properties.get("is_expired"), event.properties["url"]) for event in clicks()]
    assert told == [(True, "https://shop.example/over"), (True, ""), (None, lasting.url)]
