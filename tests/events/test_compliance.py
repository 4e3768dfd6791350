"""Fields that are kept only with consent."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from apps.events.compliance import broken, compile, enforce
from apps.events.models.compliance import ComplianceError, parse
from tests.factories import NOON, ComplianceRuleFactory


def rule(field: str, **columns: Any) -> Any:
    own, *_ = compile(ComplianceRuleFactory.build(field=field, **columns))
    return own


@pytest.mark.parametrize(
    ("field", "found"),
    [
        ("event@properties.email", ("properties", ("email",))),
        ("event@context.page.url", ("context", ("page", "url"))),
        (r"event@properties.e\.mail.0", ("properties", ("e.mail", "0"))),
    ],
)
def test_a_field_is_named_by_its_place_in_the_event(field: str, found: Any) -> None:
    assert parse(field) == found


@pytest.mark.parametrize(
    "field",
    [
        "",
        "email",
        "properties.email",
        "event@",
        "event@email",
        "event@properties",
        "event@properties..x",
        "profile@data.x",
    ],
)
def test_what_names_no_field_of_an_event_is_refused(field: str) -> None:
    with pytest.raises(ComplianceError):
        parse(field)
    with pytest.raises(ValidationError) as refusal:
        ComplianceRuleFactory.build(field=field).clean_fields()
    assert "field" in refusal.value.message_dict


@pytest.mark.parametrize(
    ("path", "tree", "left"),
    [
        ("email", {"email": "a@b.c", "x": 1}, {"x": 1}),
        ("email", {"email": {"main": "a@b.c"}, "x": 1}, {"x": 1}),
        ("email.main", {"email": {"main": "a@b.c", "n": 1}}, {"email": {"n": 1}}),
        ("email.main", {"email": "a@b.c"}, {}),
        ("email.main", {"email": ["a@b.c"]}, {"email": ["a@b.c"]}),
        ("people.1", {"people": ["a", "b", "c"]}, {"people": ["a", None, "c"]}),
        ("people.1.name", {"people": [{"name": "a"}, {"name": "b"}]}, {"people": [{"name": "a"}, {}]}),
        ("email", {"email": None}, {"email": None}),
        ("email", {"x": 1}, {"x": 1}),
        ("a.b.c", {"a": {"b": {}}}, {"a": {"b": {}}}),
    ],
)
def test_a_field_is_dropped_with_all_below_it_and_nothing_else(path: str, tree: Any, left: Any) -> None:
    assert enforce([rule(f"event@properties.{path}")], "properties", tree) == left


def test_what_was_handed_in_is_left_as_it_is() -> None:
    said = {"email": {"main": "a@b.c"}}

    enforce([rule("event@properties.email.main")], "properties", said)

    assert said == {"email": {"main": "a@b.c"}}


def test_a_rule_touches_its_own_part_of_the_event_alone() -> None:
    tree = {"email": "a@b.c"}

    assert enforce([rule("event@context.email")], "properties", tree) is tree


def test_equal_values_are_hashed_to_the_same_and_others_to_something_else() -> None:
    hashing = rule("event@properties.email", action="hash")

    def hashed(value: Any) -> Any:
        return enforce([hashing], "properties", {"email": value})["email"]

    assert hashed("a@b.c") == hashed(" A@b.c ") != hashed("a@b.d")
    assert hashed({"x": 1, "y": 2}) == hashed({"y": 2, "x": 1})
    assert hashed(False) != hashed(0)
    assert len(hashed("a@b.c")) == 32


def test_a_hash_depends_on_the_key_of_the_installation(settings: Any) -> None:
    hashing = rule("event@properties.email", action="hash")
    before = enforce([hashing], "properties", {"email": "a@b.c"})

    settings.IDENTITY_KEY = "another-key-" + "z" * 40

    assert enforce([hashing], "properties", {"email": "a@b.c"}) != before


def test_rules_whose_consents_all_hold_do_nothing() -> None:
    strict = rule("event@properties.email", consents=["marketing", "profiling"])
    lax = rule("event@properties.email", consents=["marketing"])

    assert broken([strict, lax], {"marketing": {"revoke": None}}, {}, at=NOON) == [strict]
    assert broken([strict, lax], {}, {}, at=NOON) == [strict, lax]
