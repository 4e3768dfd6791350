"""Addresses in mails that go by way of a tracked link."""

import html
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from rest_framework.test import APIClient

from apps.flows.engine.moves import Failure
from apps.flows.templates import compile_text
from tests.factories import CHROME, RedirectFactory

LINK = UUID("0197c0de-0000-7000-8000-000000000001")
SOURCE = (
    '<a href="{{ event@properties.url | tracked("0197c0de-0000-7000-8000-000000000001", session@id) }}">Your cart</a>'
)


def filled(url: Any, session: str | None = None, source: str = SOURCE) -> str:
    scope = {"event": {"properties": {"url": url}}, "session": {"id": session}}
    return html.unescape(compile_text(source, channel="html")(scope)).split('"')[1]


@pytest.mark.django_db
def test_a_link_in_a_mail_goes_where_it_says(alone: None, settings: Any) -> None:
    settings.PUBLIC_URL = "https://cdp.example/"
    RedirectFactory(id=LINK, takes_targets=True)

    address = urlsplit(filled("https://shop.example/cart?a=1&b=2", "session-1"))
    answer = APIClient().get(f"{address.path}?{address.query}", HTTP_USER_AGENT=CHROME)

    assert (address.netloc, address.path) == ("cdp.example", f"/redirect/{LINK}/session-1")
    assert answer["Location"] == "https://shop.example/cart?a=1&b=2"


def test_nothing_stays_nothing(settings: Any) -> None:
    settings.PUBLIC_URL = "https://cdp.example"

    assert filled(None) == ""


@pytest.mark.parametrize(
    ("url", "public", "source"),
    [
        ("javascript:alert(1)", "https://cdp.example", SOURCE),
        ("https://shop.example", "", SOURCE),
        ("https://shop.example", "https://cdp.example", SOURCE.replace("0197c0de", "none")),
    ],
)
def test_what_cannot_be_signed_fails(settings: Any, url: str, public: str, source: str) -> None:
    settings.PUBLIC_URL = public

    with pytest.raises(Failure):
        filled(url, source=source)
