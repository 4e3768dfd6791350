"""Where clients write on which page something happened."""

from typing import Any

import pytest

from apps.sessions.page import page_of

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
    assert page_of(*contexts) == page
