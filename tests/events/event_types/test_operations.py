"""Each operation does to a field what its name says, also with null, 0, false and nothing."""

from typing import Any

import pytest

from apps.core.paths import MISSING
from apps.events.event_types.operations import MAX_ITEMS, OPERATIONS, OperationError, same


@pytest.mark.parametrize(
    ("name", "current", "value", "result"),
    [
        ("equals", "a", "b", "b"),
        ("equals", "a", None, None),
        ("equals", 1, 0, 0),
        ("equals", True, False, False),
        ("equals", MISSING, "", ""),
        ("equals_if_not_exists", MISSING, "b", "b"),
        ("equals_if_not_exists", None, "b", "b"),
        ("equals_if_not_exists", " ", "b", "b"),
        ("equals_if_not_exists", [], ["b"], ["b"]),
        ("equals_if_not_exists", 0, 5, 0),
        ("equals_if_not_exists", False, True, False),
        ("equals_if_not_exists", "a", "b", "a"),
        ("equals_if_not_exists", MISSING, None, MISSING),
        ("equals_if_not_exists", None, 0, 0),
        ("append_unique", MISSING, "a", ["a"]),
        ("append_unique", None, ["a", "b", "a"], ["a", "b"]),
        ("append_unique", ["b", "a"], ["c", "a"], ["b", "a", "c"]),
        ("append_unique", "a", "b", ["a", "b"]),
        ("append_unique", [1], True, [1, True]),
        ("append_unique", [0], False, [0, False]),
        ("append_unique", [{"a": 1}], {"a": 1}, [{"a": 1}]),
        ("append_unique", ["a"], "", ["a", ""]),
        ("remove", ["b", "a", "b"], "b", ["a"]),
        ("remove", ["b", "a", 1], ["a", True, None], ["b", 1]),
        ("remove", ["a"], ["a"], []),
        ("remove", MISSING, "a", MISSING),
        ("remove", "a", "b", "a"),
        ("append", MISSING, "a", ["a"]),
        ("append", ["a"], ["b", "a"], ["a", "b", "a"]),
        ("append", "a", "a", ["a", "a"]),
        ("first", "a", "b", "b"),
        ("first_time", MISSING, "2024-05-01T12:00:00+00:00", "2024-05-01T12:00:00+00:00"),
        ("first_time", "2024-05-01T12:00:00+00:00", "2024-05-02T12:00:00+00:00", "2024-05-01T12:00:00+00:00"),
        ("last_time", "2024-05-01T12:00:00+00:00", "2024-05-02T12:00:00+00:00", "2024-05-02T12:00:00+00:00"),
        ("add", MISSING, 5, 5),
        ("add", None, 5, 5),
        ("add", 0.1, 0.2, 0.3),
        ("add", "2", 3, 5),
        ("add", 2, 0, 2),
        ("subtract", None, 1.5, -1.5),
        ("increment", MISSING, 1, 1),
        ("decrement", 0, 1, -1),
        ("min", MISSING, 3, 3),
        ("min", 0, 3, 0),
        ("min", 3, 0, 0),
        ("max", None, 0, 0),
        ("max", 2.5, 3, 3),
        ("max", "2024-01-01T00:00:00+00:00", "2024-01-01T00:00:00.5+00:00", "2024-01-01T00:00:00.5+00:00"),
        ("delete", "a", None, MISSING),
        ("delete", MISSING, None, MISSING),
    ],
)
def test_operation_returns_what_the_field_holds_afterwards(name: str, current: Any, value: Any, result: Any) -> None:
    found = OPERATIONS[name].apply(current, value)

    assert same(found, result)


@pytest.mark.parametrize(
    ("name", "current", "value"),
    [
        ("append_unique", ["a"], None),
        ("append", ["a"], None),
        ("append", ["a"] * MAX_ITEMS, "b"),
        ("append_unique", list(range(MAX_ITEMS)), -1),
        ("add", 1, None),
        ("add", 1, True),
        ("add", 1, "much"),
        ("add", "much", 1),
        ("add", [], {}),
        ("add", 2**63 - 1, 1),
        ("subtract", False, 1),
        ("min", 1, None),
        ("min", 1, "a"),
        ("max", "a", 1),
        ("max", 1, True),
        ("max", MISSING, []),
    ],
)
def test_operation_refuses_what_it_cannot_work_on(name: str, current: Any, value: Any) -> None:
    with pytest.raises(OperationError):
        OPERATIONS[name].apply(current, value)


@pytest.mark.parametrize(("alias", "name"), [("equal", "equals"), ("+", "add"), ("-", "subtract")])
def test_older_names_of_operations_are_understood(alias: str, name: str) -> None:
    assert OPERATIONS[alias] is OPERATIONS[name]


def test_appending_leaves_the_list_that_it_extends_as_it_was() -> None:
    before = ["a"]

    OPERATIONS["append_unique"].apply(before, "b")

    assert before == ["a"]


@pytest.mark.parametrize(
    ("left", "right", "are_same"),
    [
        (1, True, False),
        (0, False, False),
        (1, 1.0, True),
        ([1], [True], False),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        (None, MISSING, False),
        ("", None, False),
    ],
)
def test_same_tells_numbers_from_truth_values(left: object, right: object, *, are_same: bool) -> None:
    assert same(left, right) is are_same
