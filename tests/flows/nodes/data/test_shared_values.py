"""Values that flows share: what is asked for them, and by which way people go on."""

from typing import Any

import pytest

from apps.flows.engine.moves import Ask, Fail, Go
from apps.flows.testing import refused, visit

EVENT = {"properties": {"sku": " S-1 ", "price": 12.5, "nothing": "", "nul": "a\0b"}}


def test_a_value_is_asked_for_by_its_key() -> None:
    said = {"key": "price-{{ event@properties.sku }}", "into": "price"}

    assert visit("get-shared", said, event=EVENT) == Ask("shared", {"key": "price- S-1"})
    assert visit("get-shared", said, answer={}) == Go("not_found")
    assert visit("get-shared", said, answer={"value": None}, payload={"a": 1}) == Go("found", {"a": 1, "price": None})


@pytest.mark.parametrize(
    ("settings", "about"),
    [
        ({"value": "event@properties.price", "keep": "1 minute"}, {"do": "set", "value": 12.5, "keep_secs": 60}),
        ({"value": {"p": "event@properties.price"}}, {"do": "set", "value": {"p": 12.5}, "keep_secs": 86_400}),
        ({"do": "add", "by": -2}, {"do": "add", "value": -2, "keep_secs": 86_400}),
        ({"do": "forget"}, {"do": "forget", "value": 1, "keep_secs": 86_400}),
    ],
)
def test_a_value_is_set_added_to_or_forgotten(settings: dict[str, Any], about: dict[str, Any]) -> None:
    move = visit("set-shared", {"key": "k", **settings}, event=EVENT)

    assert isinstance(move, Ask)
    assert (move.kind, move.about) == ("share", {"key": "k", **about})


def test_what_a_value_has_come_to_is_in_the_payload() -> None:
    said = {"key": "k", "do": "add", "into": "n"}

    assert visit("set-shared", said, answer={"value": 3}) == Go(payload={"n": 3})
    assert visit("set-shared", said, answer={"refused": "It is no number."}) == Fail("It is no number.")


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"key": "{{ event@properties.nothing }}"}, "The key is empty."),
        ({"key": "x" * 201}, "The key is longer than 200 characters."),
        ({"key": "{{ event@properties.nul }}"}, "The key contains a NUL character."),
        ({"value": "x" * 4_000}, "The value has 4,002 bytes, and at most 4,000 are kept."),
    ],
)
def test_what_cannot_be_kept_fails(settings: dict[str, Any], reason: str) -> None:
    assert visit("set-shared", {"key": "k", "value": "v", **settings}, event=EVENT) == Fail(reason)


def test_what_is_wrong_is_told_by_the_field() -> None:
    assert refused("set-shared", {"key": "k", "value": None}) == {"value": "There is no value."}
    assert refused("set-shared", {"key": "{{ nonsense }}", "value": 1}).keys() == {"key"}
    assert refused("set-shared", {"key": "k", "do": "add", "by": 1e9}).keys() == {"by"}
    assert refused("get-shared", {"key": "k", "into": "a b"}).keys() == {"into"}
