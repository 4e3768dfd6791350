"""What has changed from one definition to another, in words."""

from copy import deepcopy
from typing import Any

import pytest

from apps.flows.changing.publishing import FIRST_DRAFT
from apps.flows.describing import difference

WAIT = {"id": "w1", "kind": "wait-time", "name": "Rest", "settings": {"length": "1 hour"}}


def changed(**parts: Any) -> dict[str, Any]:
    return {**deepcopy(FIRST_DRAFT), **parts}


def test_what_says_the_same_has_no_differences() -> None:
    moved = deepcopy(FIRST_DRAFT)
    moved["nodes"][0]["position"] = {"x": 5, "y": 6}
    moved["notes"] = [{"id": "n", "text": "Ask Anna."}]
    moved["groups"] = [{"id": "g", "nodes": ["start"]}]
    exits = [{"event_type": "sale-completed"}]

    assert difference.in_words(FIRST_DRAFT, moved) == []
    assert difference.in_words(changed(exits=exits), changed(exits=[exits[0] | {"id": "exit-1"}])) == []


def test_what_is_disabled_is_told_in_words() -> None:
    start, end = FIRST_DRAFT["nodes"]
    before, after = changed(nodes=[start, WAIT, end]), changed(nodes=[start, WAIT | {"is_disabled": True}, end])

    assert difference.in_words(before, after) == ["Rest (w1) is disabled: people pass it."]
    assert difference.in_words(after, before) == ["Rest (w1) is not disabled any more."]
    assert difference.in_words(before, changed(nodes=[start, WAIT | {"is_disabled": False}, end])) == []


def test_nodes_that_come_go_and_change_are_told_with_their_edges() -> None:
    start, end = FIRST_DRAFT["nodes"]
    longer = changed(
        nodes=[start, WAIT, end],
        edges=[{"from": "start", "port": "out", "to": "w1"}, {"from": "w1", "port": "out", "to": "end"}],
    )
    later = deepcopy(longer)
    later["nodes"][1]["settings"]["length"] = "2 hours"

    assert difference.in_words(FIRST_DRAFT, longer) == [
        "New: Rest (w1).",
        "Start (start) by “out” now leads on to Rest (w1).",
        "Rest (w1) by “out” now leads on to End (end).",
        "Start (start) by “out” leads on no more to End (end).",
    ]
    assert difference.in_words(longer, later) == ["Rest (w1): length: “1 hour” became “2 hours”."]
    assert difference.in_words(longer, FIRST_DRAFT) == [
        "Gone: Rest (w1).",
        "Start (start) by “out” now leads on to End (end).",
    ]


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"zone": "Europe/Vienna"}, "zone: nothing became “Europe/Vienna”."),
        ({"entry": {"frequency": "once"}}, 'entry: nothing became {"frequency": "once"}.'),
        (
            {"triggers": [{"id": "t1", "kind": "segment", "segment": "vip"}]},
            "The trigger was: By hand, or by the API. It is: When somebody enters the segment vip.",
        ),
        (
            {"triggers": [{"id": "t1", "kind": "manual"}, {"id": "t2", "kind": "segment", "segment": "vip"}]},
            "New trigger: When somebody enters the segment vip.",
        ),
        ({"triggers": []}, "No trigger any more: By hand, or by the API."),
    ],
)
def test_what_else_changes_is_told(parts: dict[str, Any], said: str) -> None:
    assert difference.in_words(FIRST_DRAFT, changed(**parts)) == [said]


def test_rules_without_an_id_are_known_by_what_they_say() -> None:
    one, other = {"event_type": "sale-completed"}, {"event_type": "refund"}

    [new] = difference.in_words(changed(exits=[one]), changed(exits=[one, other]))
    [gone] = difference.in_words(changed(exits=[one, other]), changed(exits=[one]))

    assert new.startswith("New exit rule:")
    assert gone.startswith("No exit rule any more:")
    assert "refund" in new
    assert "refund" in gone


@pytest.mark.parametrize("broken", [{}, {"nodes": 1}, {"nodes": [1], "edges": {}}, {"triggers": [{}]}])
def test_what_is_no_definition_yet_can_be_compared(broken: dict[str, Any]) -> None:
    assert difference.in_words(broken, FIRST_DRAFT)
    assert difference.in_words(FIRST_DRAFT, broken)
