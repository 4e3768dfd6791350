"""Properties are copied under their names, and what comes up is counted by its name."""

from typing import Any

import pytest

from apps.flows.engine.moves import Fail, Go
from apps.flows.testing import refused, story, visit
from tests.flows.nodes.documents import flow

FORM = {
    "type": "t",
    "properties": {"size": "M", "colour": ["red"], "e.mail": "a@example.com", "nothing": None, "long": "x" * 101},
}


def one(kind: str, settings: dict[str, Any], **known: Any) -> Any:
    nodes = {"start": "start", "it": (kind, settings), "end": "end", "wrong": "end"}
    return story(flow(nodes, "start -> it", "it -> end", "it.error -> wrong"), event=FORM, **known)


def test_all_properties_are_copied_but_for_those_that_are_nothing() -> None:
    told = one(
        "copy-properties", {"below": "profile@traits.form"}, profile={"traits": {"form": {"size": "S", "age": 3}}}
    )

    form = {"size": "M", "age": 3, "colour": ["red"], "e.mail": "a@example.com", "long": "x" * 101}
    assert told.person.profile.traits == {"form": form}


def test_those_are_copied_that_are_named() -> None:
    settings = {"names": ["size", "gone", "colour"], "operation": "equals_if_not_exists"}

    told = one("copy-properties", settings, profile={"traits": {"size": "S"}})

    assert told.person.profile.traits == {"size": "S", "colour": ["red"]}


def test_any_object_can_be_copied() -> None:
    settings = {"from": "payload@answer.json", "below": "stats"}

    assert visit("copy-properties", settings, payload={"answer": {"json": {"n": 1}}}).changes == (
        ("equals", "stats.n", 1),
    )
    assert visit("copy-properties", settings, payload={"answer": {"json": [1]}}) == Fail(
        "There is no object to copy from."
    )
    many = {"answer": {"json": {str(n): n for n in range(101)}}}
    assert visit("copy-properties", settings, payload=many) == Fail("The object has more than 100 properties.")


def test_what_has_no_room_leaves_all_as_it_was() -> None:
    told = one("copy-properties", {"below": "traits.size"}, profile={"traits": {"size": "S"}})

    assert (told.person.profile.traits, told.path[1]) == ({"size": "S"}, "it.error")


@pytest.mark.parametrize(
    ("name", "counted"),
    [
        ("event@properties.size", {"M": 4}),
        ("event@properties.colour", {"M": 3, "red": 1}),
        ("event@properties.e", {"M": 3}),
        ("{{ event@properties.size }}-{{ event@properties.colour | length }}", {"M": 3, "M-1": 1}),
    ],
)
def test_each_name_is_counted_by_itself(name: str, counted: dict[str, int]) -> None:
    told = one("count-key", {"name": name, "below": "stats.sizes"}, profile={"stats": {"sizes": {"M": 3}}})

    assert told.person.profile.stats == {"sizes": counted}


def test_a_name_that_comes_twice_is_counted_twice_and_numbers_are_names() -> None:
    event = {"type": "t", "properties": {"names": ["a", "a", 7, "b.c"]}}

    told = story(
        flow(
            {"start": "start", "it": ("count-key", {"name": "event@properties.names"}), "end": "end"},
            "start -> it",
            "it -> end",
        ),
        event=event,
    )

    assert told.person.profile.stats == {"counts": {"a": 2, "7": 1, "b.c": 1}}


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"a": 1}, "A name is a text or a number."),
        ([True], "A name is a text or a number."),
        (["x" * 101], "The text is longer than 100 characters."),
        (["a"] * 101, "There are more than 100 names."),
    ],
)
def test_what_is_no_name_leaves_by_error(value: Any, reason: str) -> None:
    assert visit("count-key", {"name": "payload@names"}, payload={"names": value}) == Fail(reason)


@pytest.mark.parametrize("value", [None, [], [None, " "]])
def test_nothing_is_counted_of_nothing(value: Any) -> None:
    assert visit("count-key", {"name": "payload@names"}, payload={"names": value}) == Go()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "settings", "message"),
    [
        ("count-key", {"name": "a", "below": "consents"}, "A flow cannot set it"),
        ("count-key", {"name": "a", "below": "data.pii"}, "no such field"),
        ("count-key", {"name": "a", "below": "stats..a"}, "not a dotted path"),
        ("copy-properties", {"below": "data"}, "no such field"),
    ],
)
def test_fields_that_take_no_names_are_refused_when_it_is_saved(
    kind: str, settings: dict[str, Any], message: str
) -> None:
    found = refused(kind, settings)

    assert list(found) == ["below"]
    assert message in found["below"]
