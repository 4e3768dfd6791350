"""A schema is proposed that all events fit, and what has changed since is told with counts."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.events.event_types.inference import MAX_FIELDS, Drift, drift, flat, observe, propose
from apps.events.event_types.validation import compile_schema

ORDERS: list[dict[str, Any]] = [
    {"id": "1", "total": 5, "items": [{"sku": "a", "n": 1}, {"sku": "b"}], "coupon": None},
    {"id": "2", "total": 4.99, "items": [], "address": {"city": "Berlin"}},
    {"id": 3, "total": 1, "items": [{"sku": "c"}], "gift": True},
]
TREES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-5, 5) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.lists(st.dictionaries(st.sampled_from("abcd"), TREES, max_size=4), min_size=1, max_size=5)


def test_a_proposed_schema_says_what_the_events_have_in_common() -> None:
    schema = propose(observe(ORDERS))

    assert schema["type"] == "object"
    assert schema["required"] == ["id", "total", "items"]
    assert schema["properties"] == {
        "id": {"type": ["integer", "string"]},
        "total": {"type": "number"},
        "items": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["sku"],
                "properties": {"sku": {"type": "string"}, "n": {"type": "integer"}},
            },
        },
        "coupon": {"type": "null"},
        "address": {"type": "object", "required": ["city"], "properties": {"city": {"type": "string"}}},
        "gift": {"type": "boolean"},
    }


@given(OBJECTS)
def test_all_events_fit_the_schema_that_is_proposed_for_them(samples: list[dict[str, Any]]) -> None:
    validator = compile_schema(propose(observe(samples)))

    assert all(validator.is_valid(sample) for sample in samples)


@given(OBJECTS)
def test_the_proposed_schema_has_not_drifted(samples: list[dict[str, Any]]) -> None:
    seen = observe(samples)

    assert drift(propose(seen), seen) == []


def test_drift_names_what_is_new_missing_and_of_another_type() -> None:
    schema = {
        "type": "object",
        "required": ["id", "currency"],
        "properties": {
            "id": {"type": "string"},
            "total": {"type": "number"},
            "currency": {"type": "string"},
            "voucher": {"type": "string"},
            "items": {"type": "array", "items": {"type": "object", "properties": {"sku": {"type": "integer"}}}},
            "coupon": {},
            "gift": True,
        },
    }

    found = drift(schema, observe(ORDERS))

    assert found == [
        Drift("id", "changed", 1, 3, "integer in place of string"),
        Drift("items[].sku", "changed", 3, 3, "string in place of integer"),
        Drift("items[].n", "new", 1, 3, "integer"),
        Drift("address", "new", 1, 3, "object"),
        Drift("currency", "missing", 3, 3, "required"),
        Drift("voucher", "missing", 3, 3, "never sent"),
    ]


def test_a_schema_that_says_nothing_outright_allows_everything() -> None:
    assert drift({"anyOf": [{"required": ["id"]}]}, observe(ORDERS)) == []


def test_fields_are_listed_with_how_often_they_were_there() -> None:
    rows = {path: (seen.count, of, dict(seen.types)) for path, seen, of in flat(observe(ORDERS))}

    assert rows["id"] == (3, 3, {"string": 2, "integer": 1})
    assert rows["items[].n"] == (1, 3, {"integer": 1})
    assert rows["address.city"] == (1, 1, {"string": 1})


@pytest.mark.parametrize("samples", [[], [{}]])
def test_nothing_seen_is_no_field(samples: list[dict[str, Any]]) -> None:
    assert list(flat(observe(samples))) == []


def test_an_object_whose_keys_are_ids_is_not_listed_without_end() -> None:
    seen = observe([{f"id-{number}": 1 for number in range(2 * MAX_FIELDS)}])

    assert len(list(flat(seen))) == MAX_FIELDS


def test_nesting_is_not_followed_without_end() -> None:
    deep: dict[str, Any] = {}
    for _ in range(100):
        deep = {"a": deep}

    assert len(list(flat(observe([deep])))) == 12
