"""Mistakes are told by the line of the text that somebody typed."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.flows.definition import Problem
from apps.flows.describing import positions

TEXT = """{
  "triggers": [
    {"id": "t1",
     "kind": "event"}
  ],
  "goals": [{"id": "g1",
    "name": "x"}],
  "nodes": [
    {"id": "a", "kind": "start"},
    {"id": "b",
     "settings": {
       "cases": [{"name": "one"},
                 {"name": "two"}]
     }}
  ],
  "edges": [
    {"from": "a", "to": "b"},
    {"from": "b",
     "port": "yes", "to": "a"}
  ]
}"""
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(), below, max_size=3),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("problem", "line"),
    [
        (Problem("", node="b"), 10),
        (Problem("", node="b", field="settings.cases.1.name"), 13),
        (Problem("", node="b", field="settings.cases.7.name"), 12),  # it is missing: where it would be
        (Problem("", node="b", field="settings.url"), 11),
        (Problem("", node="b", field="kind"), 10),
        (Problem("", trigger="t1", field="kind"), 4),
        (Problem("", edge="b.yes -> a"), 18),
        (Problem("", edge="a.out -> b"), 17),
        (Problem("", field="goals.0.name"), 7),
        (Problem("", field="entry.key"), None),
        (Problem("", node="gone"), None),
        (Problem(""), None),
    ],
)
def test_a_problem_has_the_line_of_its_field_or_of_what_that_is_in(problem: Problem, line: int | None) -> None:
    assert positions.line_of(problem, json.loads(TEXT), positions.lines(TEXT)) == line


@pytest.mark.parametrize("document", [None, [], {"nodes": 1}, {"nodes": [1, {"id": 2}]}])
def test_what_is_no_definition_has_no_lines(document: Any) -> None:
    assert positions.line_of(Problem("", node="b"), document, {}) is None


def paths(value: Any, path: positions.Path = ()) -> set[positions.Path]:
    found = {path}
    items: Any = value.items() if isinstance(value, dict) else ()
    if isinstance(value, list):
        items = enumerate(value)
    for key, below in items:
        found |= paths(below, (*path, key))
    return found


@given(JSON_VALUES)
def test_every_value_has_a_line(value: Any) -> None:
    text = json.dumps(value, indent=1)

    found = positions.lines(text)

    assert found.keys() == paths(value)
    assert all(1 <= line <= text.count("\n") + 1 for line in found.values())


@given(st.text())
def test_text_that_is_no_json_does_no_harm(text: str) -> None:
    assert all(line >= 1 for line in positions.lines(text).values())
