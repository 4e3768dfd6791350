"""Paths lead to what they say, in whatever tree."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.paths import MISSING, PathError, delete, get, join, parse, put

KEYS = st.lists(st.text(min_size=1, max_size=5), min_size=1, max_size=4).map(tuple)


@given(KEYS)
def test_parse_is_the_inverse_of_join(path: tuple[str, ...]) -> None:
    assert parse(join(path)) == path


@given(KEYS, st.none() | st.booleans() | st.integers() | st.text())
def test_get_finds_what_put_has_set(path: tuple[str, ...], value: object) -> None:
    tree: dict[str, Any] = {}

    put(tree, path, value)

    assert get(tree, path) == value
    assert delete(tree, path)
    assert get(tree, path) is MISSING


@pytest.mark.parametrize("text", ["", ".", "a.", ".a", "a..b", "a\\"])
def test_parse_refuses_what_is_no_path(text: str) -> None:
    with pytest.raises(PathError, match="is not a dotted path"):
        parse(text)


def test_parse_keeps_a_dot_after_a_backslash_in_the_key() -> None:
    assert parse(r"interests.node\.js") == ("interests", "node.js")


@pytest.mark.parametrize("value", [None, 0, False, "", [], {}])
def test_get_returns_empty_values_as_they_are(value: object) -> None:
    found = get({"a": {"b": value}}, "a.b")

    assert found is not MISSING
    assert found == value


@pytest.mark.parametrize("path", ["x", "a.x", "a.b.x", "list.2", "list.x", "list.-1", "list.00000000000", "text.0"])
def test_get_says_missing_where_nothing_is(path: str) -> None:
    assert get({"a": {"b": 1}, "list": [1, 2], "text": "abc"}, path) is MISSING


def test_get_counts_list_items_from_zero() -> None:
    assert get({"products": [{"price": 1}, {"price": 2}]}, "products.1.price") == 2


def test_get_finds_keys_of_digits_in_objects() -> None:
    assert get({"stores": {"7": "Oslo"}}, "stores.7") == "Oslo"


def test_put_makes_the_objects_on_the_way_and_keeps_their_neighbours() -> None:
    tree: dict[str, Any] = {"a": {"kept": 1, "null": None}}

    put(tree, "a.b.c", 2)
    put(tree, "a.null.d", 3)

    assert tree == {"a": {"kept": 1, "b": {"c": 2}, "null": {"d": 3}}}


def test_put_replaces_a_list_item() -> None:
    tree: dict[str, Any] = {"a": [{"b": 1}, 2]}

    put(tree, "a.0.b", 3)
    put(tree, "a.1", 4)

    assert tree == {"a": [{"b": 3}, 4]}


@pytest.mark.parametrize("path", ["text.b", "text.b.c", "list.5", "list.x.y", "list.1.b"])
def test_put_refuses_and_changes_nothing_where_something_is_in_the_way(path: str) -> None:
    tree: dict[str, Any] = {"text": "abc", "list": [{}, 1]}

    with pytest.raises(PathError, match="There is no place"):
        put(tree, path, 1)

    assert tree == {"text": "abc", "list": [{}, 1]}


def test_delete_removes_keys_and_list_items_and_says_whether_it_did() -> None:
    tree: dict[str, Any] = {"a": {"b": None, "c": 1}, "list": [1, 2]}

    assert delete(tree, "a.b")
    assert delete(tree, "list.0")
    assert not delete(tree, "a.b")
    assert not delete(tree, "x.y")
    assert tree == {"a": {"c": 1}, "list": [2]}
