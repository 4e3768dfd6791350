"""What is noted, judged and collected on the way."""

from typing import Any

import pytest

from apps.flows.engine.moves import Ask, Fail, Go
from apps.flows.testing import refused, story, visit
from tests.flows.nodes.documents import flow

EVENT: dict[str, Any] = {"type": "t", "properties": {"total": 3, "code": "å", "long": "x" * 5_000}}


def test_a_note_stands_in_the_trace_and_nowhere_else() -> None:
    told: dict[str, Any] = {}

    assert visit("note", {"text": "Total {{ event@properties.total }}\nin all"}, event=EVENT, told=told) == Go()
    assert told == {"note": {"level": "info", "text": "Total 3\nin all"}}
    assert visit("note", {"text": "x", "level": "error"}, event=EVENT) == Go()


def test_a_note_is_short_and_one_that_cannot_be_filled_in_fails() -> None:
    told: dict[str, Any] = {}

    visit("note", {"text": "{{ event@properties.long }}"}, event=EVENT, told=told)

    assert len(told["note"]["text"]) == 2_000
    assert isinstance(visit("note", {"text": "{{ event@properties.total / 0 }}"}, event=EVENT, told={}), Fail)


CONDITIONS = [
    {"name": "rich", "condition": "event@properties.total > 2"},
    {"name": "poor", "condition": "event@properties.total < 2"},
    {"name": "old", "condition": "event@properties.age > 2"},
]


def test_conditions_are_judged_each_by_its_name() -> None:
    move = visit("judge", {"conditions": CONDITIONS}, event=EVENT, payload={"kept": 1})

    assert move == Go(payload={"kept": 1, "judged": {"rich": True, "poor": False, "old": None}})


def test_conditions_about_the_past_are_asked_one_after_the_other() -> None:
    past = [{"name": name, "condition": f'COUNT("{name}" LAST 30 DAYS) > 2'} for name in ("buy", "look")]

    assert isinstance(visit("judge", {"conditions": past}), Ask)
    assert isinstance(visit("judge", {"conditions": past}, held={"conditions.0.condition": True}), Ask)
    answered = {"conditions.0.condition": True, "conditions.1.condition": None}
    assert visit("judge", {"conditions": past}, held=answered) == Go(payload={"judged": {"buy": True, "look": None}})


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "settings", "field"),
    [
        ("judge", {"conditions": [CONDITIONS[0]] * 2}, "conditions.1.name"),
        ("judge", {"conditions": [{"name": "a b", "condition": "1 = 1"}]}, "conditions.0.name"),
        ("judge", {"conditions": [{"name": "a", "condition": "1 ="}]}, "conditions.0.condition"),
        ("judge", {"conditions": []}, "conditions"),
        ("collect", {"shape": "object"}, "key_of"),
        ("collect", {"into": "a b"}, "into"),
        ("note", {"text": " "}, "text"),
    ],
)
def test_settings_that_cannot_be_are_refused_by_their_field(kind: str, settings: dict[str, Any], field: str) -> None:
    assert refused(kind, settings).keys() == {field}


@pytest.mark.parametrize(
    ("settings", "memory", "found"),
    [
        ({}, {}, [{"p": 1}]),
        ({}, {"collected": [0]}, [0, {"p": 1}]),
        ({"value": "event@properties.none"}, {"collected": [0]}, [0, None]),
        ({"shape": "object", "key_of": "event@properties.code"}, {}, {"å": {"p": 1}}),
        (
            {"shape": "object", "key_of": "k{{ payload@p }}", "value": 2},
            {"collected": {"k1": 1, "b": 3}},
            {"k1": 2, "b": 3},
        ),
    ],
)
def test_what_comes_is_collected(settings: dict[str, Any], memory: dict[str, Any], found: Any) -> None:
    move = visit("collect", settings, event=EVENT, payload={"p": 1}, memory=memory)

    assert move == Go(memory={"collected": found})


@pytest.mark.parametrize(
    ("settings", "memory"),
    [
        ({}, {"collected": {"a": 1}}),
        ({}, {"collected": list(range(1_000))}),
        ({"shape": "object", "key_of": "a"}, {"collected": [1]}),
        ({"shape": "object", "key_of": "event@properties.none"}, {}),
        ({"shape": "object", "key_of": "event@properties.long"}, {}),
    ],
)
def test_what_cannot_be_collected_fails(settings: dict[str, Any], memory: dict[str, Any]) -> None:
    assert isinstance(visit("collect", settings, event=EVENT, memory=memory), Fail)


def test_branches_collect_into_one_list() -> None:
    nodes = {
        "start": "start",
        "a": ("collect", {"value": "a"}),
        "b": ("collect", {"value": "b"}),
        "join": "join",
        "end": ("end", {"result": "memory@collected"}),
    }

    told = story(flow(nodes, "start -> a", "start -> b", "a -> join = a", "b -> join = b", "join -> end"))

    assert sorted(told.outcome.state.result) == ["a", "b"]
