"""What chance picks and makes: the same when asked again, and nothing that can be guessed."""

import re
from collections import Counter
from typing import Any
from uuid import UUID

import pytest
from pytest_django import Settings

from apps.flows.engine.moves import Fail, Go
from apps.flows.testing import ask, make, refused, visit


def test_each_item_is_picked_as_often_as_the_others() -> None:
    node = make("pick", {"items": ["a", "b", {"c": "payload@n"}], "into": "x"})

    moves = [ask(node, run_id=UUID(int=n), payload={"n": 7}) for n in range(900)]

    picked = Counter(str(move.payload["x"]) for move in moves if isinstance(move, Go))
    assert picked.keys() == {"a", "b", "{'c': 7}"}
    assert min(picked.values()) > 240
    assert moves[0].payload["n"] == 7  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("value", "found"),
    [([], Go("empty")), (["a"], Go(payload={"v": ["a"], "picked": "a"}))],
)
def test_a_list_may_be_referred_to(value: Any, found: Go) -> None:
    assert visit("pick", {"items": "payload@v"}, payload={"v": value}) == found


@pytest.mark.parametrize("value", [None, "abc", {"a": 1}, list(range(2_001))])
def test_what_is_no_list_or_too_long_fails(value: Any) -> None:
    assert isinstance(visit("pick", {"items": "payload@v"}, payload={"v": value}), Fail)


@pytest.mark.django_db
@pytest.mark.parametrize("items", [[], {}, 3, ""])
def test_only_a_list_is_picked_from(items: Any) -> None:
    assert refused("pick", {"items": items}).keys() == {"items"}


def code(settings: dict[str, Any], n: int = 1) -> str:
    move = visit("make-code", settings, run_id=UUID(int=n))
    assert isinstance(move, Go)
    return str(move.payload["code"])


@pytest.mark.parametrize(
    ("settings", "pattern"),
    [
        ({"kind": "uuid"}, "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"),
        ({"kind": "digits", "length": 6}, "[0-9]{6}"),
        ({"length": 64}, "[2-9A-HJKMNP-Z]{64}"),
        ({"kind": "password"}, "[A-Za-z0-9!#$%&*+=?@_-]{14}"),
    ],
)
def test_a_code_has_what_is_wanted_is_new_for_each_run_and_the_same_when_asked_again(
    settings: dict[str, Any], pattern: str
) -> None:
    codes = [code(settings, n) for n in range(20)]

    assert all(re.fullmatch(pattern, each) for each in codes)
    assert len(set(codes)) == len(codes)
    assert code(settings, 3) == codes[3]


def test_a_password_has_so_many_of_each_kind_in_any_order() -> None:
    said = {"kind": "password", "n_capitals": 2, "n_small": 4, "n_digits": 0, "n_signs": 3}

    codes = [code(said, n) for n in range(20)]

    kinds = [re.sub("[^Aa]", "!", re.sub("[a-z]", "a", re.sub("[A-Z]", "A", each))) for each in codes]
    assert all(Counter(each) == {"A": 2, "a": 4, "!": 3} for each in kinds)
    assert len(set(kinds)) > 10


def test_whoever_does_not_know_the_installations_key_knows_no_code(settings: Settings) -> None:
    before = code({})

    settings.IDENTITY_KEY = "another key of an installation, of its own"

    assert code({}) != before


@pytest.mark.parametrize("n_small", [1, 60])
@pytest.mark.django_db
def test_a_password_is_neither_too_short_nor_too_long(n_small: int) -> None:
    said = {"kind": "password", "n_capitals": 2, "n_small": n_small, "n_digits": 2, "n_signs": 1}

    assert refused("make-code", said).keys() == {"n_small"}
