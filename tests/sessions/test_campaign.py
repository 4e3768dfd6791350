"""Where campaigns are written down."""

from typing import Any

import pytest

from apps.sessions.campaign import campaign_of

SAID = {"source": "newsletter", "medium": "email", "campaign": "spring", "term": "shoes", "content": "top"}
PAGE = "https://shop.example/?" + "&".join(f"utm_{name}={value}" for name, value in SAID.items())


@pytest.mark.parametrize(
    ("context", "page", "campaign"),
    [
        ({"utm": SAID}, "", SAID),
        ({"campaign": {"name": "spring", "source": "newsletter"}}, "", {"source": "newsletter", "campaign": "spring"}),
        ({}, PAGE, SAID),
        ({"utm": {"source": "client"}}, PAGE, {"source": "client"}),
        ({"utm": {}}, PAGE, SAID),
        ({"utm": {"source": "", "id": "7"}}, PAGE, SAID),
        ({"utm": {"source": 7}}, "", {"source": "7"}),
        ({"utm": "spring"}, "", {}),
        ({"utm": None, "campaign": ["spring"]}, "", {}),
        ({}, "https://shop.example/?utm_source=a%20b&utm_medium=&utm_id=3", {"source": "a b"}),
        ({}, "https://[broken/?utm_source=a", {}),
        ({}, "", {}),
        ({}, "https://shop.example/#utm_source=news", {"source": "news"}),
        ({}, "https://shop.example/#/shoes?utm_source=news&x=1", {"source": "news"}),
        ({}, "https://shop.example/?UTM_SOURCE=news&Utm_Medium=mail", {"source": "news", "medium": "mail"}),
        ({}, "https://shop.example/?a=1&amp;utm_source=news&amp;utm_medium=m", {"source": "news", "medium": "m"}),
        ({}, "https://shop.example/?utm_source=query#utm_source=fragment", {"source": "query"}),
    ],
)
def test_a_campaign_is_what_the_client_says_or_else_the_page(
    context: dict[str, Any], page: str, campaign: dict[str, str]
) -> None:
    assert campaign_of(context, page) == campaign
