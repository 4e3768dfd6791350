"""The JSON form of a condition says the same, and what is wrong in it is said with its path."""

from typing import Any

import pytest

from apps.conditions import ConditionError, from_json, parse, to_json


def test_condition_is_an_object_with_a_version() -> None:
    assert to_json(parse("profile@data.age >= 18")) == {
        "version": 1,
        "condition": {
            "type": "compare",
            "op": ">=",
            "left": {"type": "field", "path": "profile@data.age"},
            "right": {"type": "literal", "value": 18},
        },
    }


def test_parts_with_a_usual_value_may_be_left_out() -> None:
    document = {"version": 1, "condition": {"type": "did", "events": {"type": "events", "types": ["purchase"]}}}

    assert from_json(document) == parse('DID("purchase")')


FIELD = {"type": "field", "path": "profile@n"}
ONE = {"type": "literal", "value": 1}
ANY_EVENT: dict[str, Any] = {"type": "events"}
IS_ONE = {"type": "compare", "op": "=", "left": FIELD, "right": ONE}


@pytest.mark.parametrize(
    ("condition", "path", "message"),
    [
        (None, "condition", "Expected an object whose type is one of and, or, not, compare"),
        ([], "condition", "Expected an object whose type is one of"),
        ({"type": "literal", "value": 1}, "condition", "Expected an object whose type is one of and"),
        ({"type": ["and"]}, "condition", "Expected an object whose type is one of and"),
        ({**IS_ONE, "left": IS_ONE}, "condition.left", "is one of literal, list, field, call, shift, aggregate"),
        ({**IS_ONE, "op": "~"}, "condition", "There is no comparison '~'; there are = < <= > >=."),
        ({**IS_ONE, "op": 5}, "condition.op", "Expected a text."),
        ({**IS_ONE, "extra": 5}, "condition", "There is no 'extra' here; there are op, left, right."),
        ({"type": "compare", "op": "=", "left": FIELD}, "condition", "'right' is missing."),
        ({"type": "and", "items": IS_ONE}, "condition.items", "Expected a list."),
        ({"type": "and", "items": [IS_ONE]}, "condition", "AND and OR join two conditions or more."),
        ({"type": "and", "items": [IS_ONE, {**IS_ONE, "right": 1}]}, "condition.items.1.right", "Expected an object"),
        (
            {**IS_ONE, "left": {"type": "field", "path": "n"}},
            "condition.left",
            "'n' is not written as a field",
        ),
        ({**IS_ONE, "left": {"type": "field"}}, "condition.left.path", "Expected a text."),
        ({**IS_ONE, "right": {"type": "literal", "value": [1]}}, "condition.right.value", "Expected true or false or"),
        ({**IS_ONE, "right": {"type": "literal", "value": 2**70}}, "condition.right", "A number is out of range."),
        ({**IS_ONE, "right": {"type": "literal", "value": "\0"}}, "condition.right", "cannot be stored"),
        ({**IS_ONE, "right": {"type": "call", "name": "agee"}}, "condition.right", r"Did you mean age\(\)\?"),
        ({"type": "exists", "operand": {"type": "field", "path": "item@n"}}, "condition", "item@ is an item of a list"),
        (
            {
                "type": "exists",
                "operand": {
                    "type": "shift",
                    "operand": FIELD,
                    "by": {"type": "duration", "amount": True, "unit": "day"},
                },
            },
            "condition.operand.by.amount",
            "Expected a whole number.",
        ),
        ({"type": "match", "op": "like", "operand": FIELD, "value": ONE}, "condition", "There is no test 'like'"),
        (
            {"type": "match", "op": "contains", "operand": FIELD, "value": {"type": "list", "items": [ONE]}},
            "condition",
            "CONTAINS takes one value.",
        ),
        (
            {"type": "match", "op": "contains any", "operand": FIELD, "value": ONE},
            "condition",
            "takes a list of values",
        ),
        ({"type": "items", "quantifier": "some", "operand": FIELD, "where": IS_ONE}, "condition", "There is no 'some'"),
        (
            {"type": "items", "quantifier": "any", "operand": FIELD, "where": {"type": "did", "events": ANY_EVENT}},
            "condition",
            "Items of a list have no past events.",
        ),
        (
            {"type": "between", "operand": FIELD, "low": ONE, "high": {"type": "list", "items": [ONE]}},
            "condition",
            "A list is not compared by BETWEEN.",
        ),
        (
            {"type": "exists", "operand": {"type": "aggregate", "function": "median", "events": ANY_EVENT}},
            "condition.operand",
            "Events have no 'median'",
        ),
        (
            {"type": "exists", "operand": {"type": "aggregate", "function": "sum", "events": ANY_EVENT}},
            "condition.operand",
            "SUM takes a field of the events.",
        ),
        (
            {
                "type": "did",
                "events": {
                    **ANY_EVENT,
                    "period": {"type": "last", "duration": {"type": "duration", "amount": -1, "unit": "day"}},
                },
            },
            "condition.events.period",
            "A duration is positive here.",
        ),
        (
            {
                "type": "did",
                "events": {
                    **ANY_EVENT,
                    "period": {"type": "last", "duration": {"type": "duration", "amount": 1, "unit": "moon"}},
                },
            },
            "condition.events.period.duration",
            "'moon' is no unit of time.",
        ),
        (
            {"type": "sequence", "steps": [{"type": "step"}]},
            "condition",
            "A sequence has 2 to 10 steps.",
        ),
        (
            {"type": "exists", "operand": {"type": "field", "path": "profile@a.\x00"}},
            "condition.operand",
            "cannot be stored|is not written as a field",
        ),
        (
            {"type": "did", "events": {"type": "events", "types": ["a"], "where": IS_ONE}},
            "condition.events",
            "Within WHERE stand fields of the events",
        ),
    ],
)
def test_mistake_is_said_with_its_path(condition: Any, path: str, message: str) -> None:
    with pytest.raises(ConditionError, match=message) as caught:
        from_json({"version": 1, "condition": condition})

    assert caught.value.path == path


@pytest.mark.parametrize("document", [None, [], {}, {"version": 2, "condition": IS_ONE}, IS_ONE])
def test_document_of_another_kind_is_refused(document: object) -> None:
    with pytest.raises(ConditionError, match='with "version": 1'):
        from_json(document)


def test_what_is_nested_too_deep_or_too_large_is_refused() -> None:
    deep: dict[str, Any] = IS_ONE
    for _ in range(500):
        deep = {"type": "not", "item": deep}

    for condition in (deep, {"type": "and", "items": [IS_ONE] * 5_000}, {"type": "and", "items": [IS_ONE] * 1_000}):
        with pytest.raises(ConditionError, match="at most"):
            from_json({"version": 1, "condition": condition})
