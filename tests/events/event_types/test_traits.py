"""What was sent becomes traits, and nothing else does."""

from typing import Any

import pytest

from apps.events.event_types.compiling import compile
from apps.events.event_types.default_types import load
from apps.events.event_types.traits import extract

RULES = {type_: compile(definition) for type_, definition in load().items()}


def test_extract_builds_a_tree_of_the_traits_as_they_are_named() -> None:
    properties = {"order_id": "A-1", "value": 12.5, "currency": "NOK", "custom": "left alone"}

    traits, journey, tags = extract(RULES["sale-completed"], properties, visit_count=3)

    assert traits == {
        "data": {"ec": {"order": {"id": "A-1", "status": "sold", "income": {"value": 12.5, "currency": "NOK"}}}}
    }
    assert journey == "purchase"
    assert tags == ("event:operational",)


@pytest.mark.parametrize("value", [0, False, "", None, [], {}])
def test_extract_takes_empty_values_for_values(value: object) -> None:
    traits, _, _ = extract(RULES["page-view"], {"id": value}, visit_count=1)

    assert traits == {"hit": {"id": value}}


def test_extract_returns_nothing_when_nothing_was_sent() -> None:
    assert extract(RULES["page-view"], {}, visit_count=None) == ({}, None, ("activity:browsing", "event:behavioral"))


@pytest.mark.parametrize(
    ("type_", "properties", "status"),
    [
        ("order-started", {}, "started"),
        ("order-started", {"status": "paused"}, "paused"),
        ("order-started", {"status": None}, None),
        ("order-delivered", {}, "order-delivered"),
        ("order-status-change", {"status": "lost"}, "lost"),
    ],
)
def test_a_default_stands_in_only_for_what_was_not_sent(
    type_: str, properties: dict[str, Any], status: str | None
) -> None:
    traits, _, _ = extract(RULES[type_], properties, visit_count=1)

    assert traits == {"data": {"ec": {"order": {"status": status}}}}


@pytest.mark.parametrize(
    ("properties", "token"),
    [({"token": "t", "login": "l"}, "t"), ({"login": "l"}, "l"), ({"token": None, "login": "l"}, None)],
)
def test_the_first_source_that_was_sent_fills_the_trait(properties: dict[str, Any], token: str | None) -> None:
    traits, _, _ = extract(RULES["identification"], properties, visit_count=1)

    assert traits == {"data": {"identifier": {"token": token}}}


@pytest.mark.parametrize(
    ("email", "main"), [("a@b.example", "a@b.example"), ({"main": "m"}, "m"), ({"private": "p"}, None), (None, None)]
)
def test_an_address_may_stand_alone_or_among_others(email: Any, main: str | None) -> None:
    traits, _, _ = extract(RULES["sign-up"], {"email": email}, visit_count=1)

    found = traits.get("data", {}).get("contact", {}).get("email", {})
    assert found.get("main") == main
    assert not isinstance(found.get("main"), dict)


def test_a_place_has_its_longitude_first() -> None:
    traits, _, _ = extract(RULES["location"], {"location": [10.7, 59.9]}, visit_count=1)

    assert traits == {"device": {"geo": {"location": [10.7, 59.9], "longitude": 10.7, "latitude": 59.9}}}


@pytest.mark.parametrize("properties", [{"variant": "red"}, {"variant": {"color": "red"}}])
def test_a_trait_may_be_an_object_or_what_came_in_its_place(properties: dict[str, Any]) -> None:
    traits, _, _ = extract(RULES["product-clicked"], properties, visit_count=1)

    assert traits == {"data": {"ec": {"product": properties}}}
