"""A page tracks and asks: a flow answers with data and a widget; what takes longer goes on in a worker."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.live import wait_for
from tests.outside import Outside, outside
from tests.stories.doors import LiveDoors, chain, on_event

pytestmark = [pytest.mark.xdist_group("house"), pytest.mark.timeout(300)]
BLOCKS = [
    {"kind": "heading", "text": "Still looking for {{ event@properties.category }}?"},
    {"kind": "button", "text": "To the sale", "href": "/sale"},
]
DRAFT: dict[str, Any] = chain(
    {
        "count": ("increment", {"field": "stats.looks"}),
        "say": ("inline-response", {"response": {"looks": "profile@stats.looks", "of": "event@properties.category"}}),
        "show": ("inline-widget", {"place": "banner", "blocks": BLOCKS}),
        "behind": "run-in-background",
        "tell": (
            "http-call",
            {"connection": "CRM", "path": "/looks", "body": "json", "json": {"looks": "profile@stats.looks"}},
        ),
    },
    triggers=on_event("page-view", condition='event@properties.category = "shoes"'),
    answers_inline=True,
    inline_ms=1_000,
)
SHOES = {"type": "page-view", "properties": {"category": "shoes"}}


@pytest.fixture
def crm() -> Iterator[Outside]:
    with outside() as running:
        yield running


def test_a_page_gets_its_answer_and_the_rest_goes_on_behind(house: LiveDoors, crm: Outside) -> None:
    house.connect("CRM", "http", base_url=crm.address)
    house.publish("shoes", DRAFT)
    wait_for(lambda: house.track(SHOES, session="probe", options={"answer": True})["response"] != {}, "the flow")
    house.sign_in("bo")

    first = house.track(SHOES, session="bo", options={"answer": True})
    second = house.track("page-view", SHOES, session="bo", options={"answer": True})
    other = house.track("page-view", session="bo", options={"answer": True})
    silent = house.track(SHOES, session="bo")

    assert first["response"] == {"looks": 1, "of": "shoes"}
    assert second["response"] == {"looks": 2, "of": "shoes"}
    [widget] = second["ux"]
    assert (widget["type"], widget["place"]) == ("widget", "banner")
    assert widget["blocks"][0] == {"kind": "heading", "text": "Still looking for shoes?"}
    assert (other["response"], other["ux"]) == ({}, [])
    assert (silent["response"], silent["ux"]) == ({}, [])  # who does not ask is not kept waiting
    wait_for(lambda: set(house.states("shoes")) == {"finished"}, "all runs", timeout_secs=60)
    bodies = [taken.body for taken in crm.taken]
    assert bodies.count(b'{"looks":3}') >= 1
    assert len(bodies) == len(house.runs("shoes"))
    assert len({taken.headers["idempotency-key"] for taken in crm.taken}) == len(bodies)
