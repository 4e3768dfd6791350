"""What nodes find out stands in the payload, beside what is there."""

from typing import Any

import pytest

from apps.flows.nodes.results import placed


@pytest.mark.parametrize(
    ("payload", "found"),
    [
        ({"a": 1, "result": 2}, {"a": 1, "result": [3]}),
        (None, {"result": [3]}),
        ([1, 2], {"result": [3]}),
        ("a text", {"result": [3]}),
    ],
)
def test_a_result_stands_beside_what_an_object_has_and_replaces_all_else(payload: Any, found: dict[str, Any]) -> None:
    assert placed(payload, "result", [3]) == found
