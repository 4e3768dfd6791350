"""Where clients write on which page something happened."""

from typing import Any

import pytest

from apps.sessions.visited_page import cleaned, page_of

SHOP = "https://shop.example/"


@pytest.mark.parametrize(
    ("contexts", "page"),
    [
        ([{"page": {"url": SHOP, "referer": {"host": "search.example"}}}], {"url": SHOP, "referrer": "search.example"}),
        ([{"page": {"url": SHOP, "referrer": "https://x.example/"}}], {"url": SHOP, "referrer": "https://x.example/"}),
        ([{"page": {"url": SHOP}}, {"page": {"url": "other"}}], {"url": SHOP}),
        ([{}, {"page": {"url": SHOP}}], {"url": SHOP}),
        ([{"page": {}}, {"page": {"url": SHOP}}], {"url": SHOP}),
        ([{"page": None}, {"page": "text"}], {}),
        ([{"page": {"url": 7, "referer": "text", "referrer": ["x"]}}], {}),
        ([{"page": {"url": "", "referer": {"host": None}}}], {}),
        ([], {}),
    ],
)
def test_the_events_own_page_comes_before_that_of_the_request(
    contexts: list[dict[str, Any]], page: dict[str, str]
) -> None:
    assert page_of("page-view", {}, *contexts) == page


@pytest.mark.parametrize(
    ("event_type", "properties", "context", "page"),
    [
        (
            "page-view",
            {"url": SHOP, "referrer": "https://x.example/"},
            {},
            {"url": SHOP, "referrer": "https://x.example/"},
        ),
        ("page-view", {"url": SHOP}, {"page": {"url": "other", "title": "T"}}, {"url": "other"}),
        ("page-view", {"url": SHOP}, {"page": {"title": "T"}}, {"url": SHOP}),
        ("page-view", {"path": "/shoes"}, {}, {"url": "/shoes"}),
        ("screen-view", {"url": "app://home"}, {}, {"url": "app://home"}),
        ("product-clicked", {"url": SHOP}, {}, {}),  # the product's
        ("page-view", {"url": {"page": SHOP}, "referrer": 7}, {}, {}),
    ],
)
def test_a_view_may_say_its_page_in_its_properties(
    event_type: str, properties: dict[str, Any], context: dict[str, Any], page: dict[str, str]
) -> None:
    assert page_of(event_type, properties, context) == page


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("https://user:secret@shop.example/a?b=c@d", "https://shop.example/a?b=c@d"),
        ("HTTPS://user@shop.example", "HTTPS://shop.example"),
        ("https://a:b@c@shop.example/", "https://shop.example/"),
        ("//user:secret@shop.example/", "//shop.example/"),
        ("https://shop.example/@anna?mail=a@b.example#@", "https://shop.example/@anna?mail=a@b.example#@"),
        ("https://shop.example?to=a@b.example", "https://shop.example?to=a@b.example"),
        (" https://user:secret@shop.example/", "https://shop.example/"),
        ("https:/user:secret@shop.example/", "https:/shop.example/"),
        ("/@anna", "/@anna"),
        ("mailto:anna@shop.example", "mailto:anna@shop.example"),
    ],
)
def test_passwords_in_addresses_are_not_kept(address: str, kept: str) -> None:
    page = {"url": address, "title": "T"}

    assert page_of("x", {}, {"page": page}) == {"url": kept}
    assert cleaned(page) == {"url": kept, "title": "T"}
