"""Lists put in order, counted and compared."""

from typing import Any

import pytest

from apps.flows.engine.moves import Fail, Go
from apps.flows.testing import refused, visit

SHOES, HATS, SOCKS = {"name": "shoes", "price": 90}, {"name": "Hats", "price": 12.5}, {"name": "socks"}


def worked(operation: str, value: Any, other: Any = None, **settings: Any) -> Any:
    said = {"operation": operation, "list": "payload@a", **settings}
    if other is not None:
        said["other"] = "payload@b"
    move = visit("list", said, payload={"a": value, "b": other})
    return move.payload["result"] if isinstance(move, Go) else move


@pytest.mark.parametrize(
    ("value", "settings", "found"),
    [
        ([3, 1.5, 2], {}, [1.5, 2, 3]),
        (["b", "A", "a", "å"], {}, ["A", "a", "b", "å"]),
        (["b", None, 2, True, [1], "a"], {}, [2, "a", "b", True, [1], None]),
        ([1, None, 3, 2], {"is_descending": True}, [3, 2, 1, None]),
        ([SHOES, SOCKS, HATS], {"by": "price"}, [HATS, SHOES, SOCKS]),
        ([SHOES, SOCKS, HATS], {"by": "name"}, [HATS, SHOES, SOCKS]),
        ({"b": 1, "a": 2}, {}, [{"name": "b", "value": 1}, {"name": "a", "value": 2}]),
        ({"b": 1, "a": 2}, {"by": "name"}, [{"name": "a", "value": 2}, {"name": "b", "value": 1}]),
        ([], {}, []),
    ],
)
def test_a_list_is_put_in_order(value: Any, settings: dict[str, Any], found: list[Any]) -> None:
    assert worked("sort", value, **settings) == found


@pytest.mark.parametrize(
    ("operation", "value", "settings", "found"),
    [
        ("unique", ["b", "a", "b", 1, 1.0, True, {"x": 1}, {"x": 1}], {}, ["b", "a", 1, True, {"x": 1}]),
        ("unique", [SHOES, {"price": 90}, HATS], {"by": "price"}, [SHOES, HATS]),
        ("max", [3, 7, 5], {}, 7),
        ("min", [3, None, 2], {}, 2),
        ("max", [SOCKS, HATS, SHOES], {"by": "price"}, SHOES),
        ("max", {"shoes": 3, "hats": 9}, {}, {"name": "hats", "value": 9}),
        ("min", [], {}, None),
        ("max", [None], {}, None),
        ("count", [], {}, {"n": 0, "values": [], "most": None, "least": None}),
        (
            "count",
            ["a", "b", "a", None],
            {},
            {
                "n": 4,
                "values": [{"value": "a", "n": 2}, {"value": "b", "n": 1}, {"value": None, "n": 1}],
                "most": "a",
                "least": None,
            },
        ),
    ],
)
def test_a_list_is_counted(operation: str, value: Any, settings: dict[str, Any], found: Any) -> None:
    assert worked(operation, value, **settings) == found


@pytest.mark.parametrize(
    ("operation", "found"),
    [
        ("union", [1, "a", {"x": 1}, 2]),
        ("intersection", ["a", {"x": 1}]),
        ("difference", [1]),
        ("symmetric_difference", [1, 2]),
        ("is_subset", False),
        ("is_superset", False),
    ],
)
def test_two_lists_are_compared(operation: str, found: Any) -> None:
    assert worked(operation, [1, "a", "a", {"x": 1}], ["a", {"x": 1}, 2, 2]) == found


def test_a_list_may_be_in_another_one() -> None:
    assert worked("is_subset", ["a", 1], [1.0, "b", "a"]) is True
    assert worked("is_superset", ["a", 1], []) is True


@pytest.mark.parametrize("value", [None, "abc", 3, list(range(501))])
@pytest.mark.parametrize("operation", ["sort", "union"])
def test_what_is_no_list_or_too_long_fails(operation: str, value: Any) -> None:
    assert isinstance(worked(operation, value, [1] if operation == "union" else None), Fail)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"operation": "union", "list": "event@type"}, "other"),
        ({"operation": "sort", "list": "event@type", "other": "event@type"}, "other"),
        ({"operation": "sort", "list": "event@type", "by": "a..b"}, "by"),
        ({"operation": "sort"}, "list"),
    ],
)
def test_settings_that_cannot_be_are_refused_by_their_field(settings: dict[str, Any], field: str) -> None:
    assert refused("list", settings).keys() == {field}
