"""A definition is either understood whole, or refused with the key that is wrong."""

from typing import Any

import pytest

from apps.core.mistakes import DefinitionError
from apps.events.event_types.compiling import compile
from apps.events.event_types.redaction import redact


def definition(**keys: Any) -> dict[str, Any]:
    return {"id": "thing-done", "traits": {"data.color": "color"}, **keys}


@pytest.mark.parametrize(
    ("keys", "key"),
    [
        ({"id": ""}, "id"),
        ({"id": None}, "id"),
        ({"operations": {}}, "operations"),
        ({"traits": []}, "traits"),
        ({"traits": {"data..color": "color"}}, "traits.data..color"),
        ({"traits": {"data.color": 1}}, "traits.data.color"),
        ({"traits": {"data.color": "color", "data": "all"}}, "traits.data"),
        ({"traits": {"data": "all", "data.color": "color"}}, "traits.data.color"),
        ({"defaults": {"size": "M"}}, "defaults.size"),
        ({"tags": "a"}, "tags"),
        ({"tags": [1]}, "tags"),
        ({"journey": {"first_visit": "awareness"}}, "journey"),
        ({"journey": {"first_visit": 1, "later_visits": "x"}}, "journey"),
        ({"journey": 1}, "journey"),
        ({"redact": {"card": "hide"}}, "redact.card"),
        ({"policy": "ignore"}, "policy"),
        ({"schema": []}, "schema"),
        ({"schema": {"properties": {"a": {"type": "strin"}}}}, "schema.properties.a.type"),
        ({"schema": {"$ref": "#/nowhere"}}, "schema"),
        ({"condition": 5}, "condition"),
        ({"condition": "event@properties.a ="}, "condition"),
        ({"condition": "profile@traits.a = 1"}, "condition"),
        ({"reshape": {"properties": {"a": ["memory@x"]}}}, "reshape.properties.a.0"),
        ({"reshape": {"tags": {}}}, "reshape.tags"),
        ({"reshape": {"properties": []}}, "reshape.properties"),
        ({"profile": {"traits.a": {"delete": None, "when": "session@a = 1"}}}, "profile.traits.a.when"),
        ({"profile": {"traits.a": {"delete": None, "when": 5}}}, "profile.traits.a.when"),
        ({"profile": {"traits.a": {"when": "event@properties.a = 1"}}}, "profile.traits.a"),
        ({"profile": {"traits.a": [{"delete": None}, {"sing": None}]}}, "profile.traits.a"),
        ({"redact": {"card.": "drop"}}, "redact.card."),
        ({"profile": {"data.pii.shoes": "equals"}}, "profile.data.pii.shoes"),
        ({"profile": {"database": {"equals": "data.color"}}}, "profile.database"),
        ({"profile": {"data..x": {"equals": "data.color"}}}, "profile.data..x"),
        ({"profile": {"traits": {"equals": "data.color"}}}, "profile.traits"),
        ({"profile": {"traits.color": {"equals": "data.colour"}}}, "profile.traits.color"),
        ({"profile": {"traits.color": "equals"}}, "profile.traits.color"),
        ({"profile": {"traits.color": {"shift": "data.color"}}}, "profile.traits.color"),
        ({"profile": {"traits.color": {"equals": "data.color", "add": "data.color"}}}, "profile.traits.color"),
        ({"profile": {"traits.color": None}}, "profile.traits.color"),
        ({"profile": {"traits.color": {"equals": 5}}}, "profile.traits.color"),
        ({"profile": {"traits.color": {"equals": "properties."}}}, "profile.traits.color"),
        ({"profile": {"traits.color": {"increment": True}}}, "profile.traits.color"),
        ({"profile": {"traits.color": {"increment": float("inf")}}}, "profile.traits.color"),
        ({"profile": {"traits.color": {"increment": "data.color"}}}, "profile.traits.color"),
        ({"profile": {"data.pii.firstname": {"add": "data.color"}}}, "profile.data.pii.firstname"),
        ({"profile": {"data.job.salary": {"append_unique": "data.color"}}}, "profile.data.job.salary"),
        ({"profile": {"consents": {"equals": "properties.consents"}}}, "profile.consents"),
        ({"profile": {"consents.marketing": {"equals": "properties.marketing"}}}, "profile.consents.marketing"),
        ({"compute": {"data.pii.firstname": {"percentage": ["data.metrics.ltv", "data.metrics.ltv"]}}}, "compute"),
        ({"compute": {"data.metrics.ltcop": {"percentage": ["data.metrics.ltv"]}}}, "compute.data.metrics.ltcop"),
        ({"compute": {"data.metrics.ltcop": {"percentage": ["x", "y"]}}}, "compute.data.metrics.ltcop"),
        ({"compute": {"data.metrics.ltcop": {"add": "properties.x", "name": "properties.y"}}}, "compute"),
        ({"compute": {"interests": {"add": "properties.value"}}}, "compute.interests"),
        ({"compute": {"interests": {"add": "value", "name": "properties.name"}}}, "compute.interests"),
        ({"compute": {"interests": "add"}}, "compute.interests"),
        (
            {"compute": {"interests": {"append_unique": "properties.value", "name": "properties.name"}}},
            "compute.interests",
        ),
    ],
)
def test_compile_names_the_key_that_is_wrong(keys: dict[str, Any], key: str) -> None:
    with pytest.raises(DefinitionError) as refusal:
        compile(definition(**keys))

    assert refusal.value.field.startswith(key)
    assert refusal.value.message


def test_compile_takes_a_definition_with_nothing_but_an_id() -> None:
    rules = compile({"id": "thing-done", "journey": None, "tags": None, "traits": None, "profile": None})

    assert rules.type == "thing-done"
    assert rules.journey(1) is None


def test_an_operation_alone_takes_the_trait_of_the_same_path() -> None:
    rules = compile(definition(traits={"traits.color": "color"}, profile={"traits.color": "equals"}))

    assert rules.fields[0].value({}, {"traits": {"color": "red"}}, "") == "red"


def test_a_part_of_a_trait_is_a_source_too() -> None:
    rules = compile(definition(profile={"traits.shade": {"equals": "data.color.shade"}}))

    assert rules.fields[0].value({}, {"data": {"color": {"shade": "dark"}}}, "") == "dark"


@pytest.mark.parametrize(
    ("visit_count", "state"), [(None, None), (0, "awareness"), (1, "awareness"), (2, "consideration")]
)
def test_the_journey_may_depend_on_how_often_somebody_came(visit_count: int | None, state: str | None) -> None:
    rules = compile(definition(journey={"first_visit": "awareness", "later_visits": "consideration"}))

    assert rules.journey(visit_count) == state


def test_a_fixed_journey_needs_no_profile() -> None:
    assert compile(definition(journey="purchase")).journey(None) == "purchase"


@pytest.mark.parametrize(
    ("number", "kept"),
    [("4111 1111 1111 1234", "1234"), ("4111-1111-1111-1234", "1234"), (4111111111111234, "1234"), ("1234", "1234")],
)
def test_redact_keeps_the_last_four_digits_of_a_card_number(number: object, kept: str) -> None:
    rules = compile(definition(redact={"card.number": "last4"}))

    assert redact({"card": {"number": number, "holder": "Anna"}}, rules) == {"card": {"number": kept, "holder": "Anna"}}


@pytest.mark.parametrize("number", ["no digits", 4111.5, True, ["4111111111111234"], {"value": "4111111111111234"}])
def test_redact_drops_a_card_number_that_is_none(number: object) -> None:
    rules = compile(definition(redact={"card.number": "last4"}))

    assert redact({"card": {"number": number}}, rules) == {"card": {}}


@pytest.mark.parametrize("card", ["4111111111111234", 4111111111111234, [{"number": "4111111111111234"}]])
def test_redact_drops_what_stands_where_an_object_should(card: object) -> None:
    rules = compile(definition(redact={"card.number": "last4", "card.cvv": "drop"}))

    assert redact({"card": card, "method": "card"}, rules) == {"method": "card"}


@pytest.mark.parametrize("properties", [{}, {"card": None}, {"card": {}}, {"card": {"number": None}}, {"other": 1}])
def test_redact_returns_other_properties_as_they_are(properties: dict[str, Any]) -> None:
    rules = compile(definition(redact={"card.number": "last4", "card.cvv": "drop"}))

    assert redact(properties, rules) == properties


def test_redact_leaves_what_was_handed_in_as_it_was() -> None:
    rules = compile(definition(redact={"card.number": "last4", "card.cvv": "drop"}))
    properties = {"card": {"number": "4111111111111234", "cvv": "999"}}

    once = redact(properties, rules)

    assert properties == {"card": {"number": "4111111111111234", "cvv": "999"}}
    assert once == {"card": {"number": "1234"}}
    assert redact(once, rules) == once
