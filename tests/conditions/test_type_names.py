"""Types of events mean the same however somebody writes them."""

import pytest

from apps.conditions import ConditionError, RecordedEvents, from_json, matches, parse, to_json
from apps.conditions.type_names import event_type
from tests.conditions.people import NOW

SPELLINGS = [
    "order-completed",
    "Order Completed",
    "  ORDER completed\n",
    "Order\u00a0Completed",
    "order\tcompleted",
    "Order  Completed",
    "order\u2003completed",
    "\ufeffOrder\u200b Com\u00adpleted\u200b",
]


@pytest.mark.parametrize("name", SPELLINGS)
def test_a_name_is_one_type_in_all_spellings(name: str) -> None:
    assert event_type(name) == "order-completed"
    assert event_type(event_type(name)) == event_type(name)


def test_letters_that_are_put_together_are_those_that_are_one() -> None:
    assert event_type("Cafe\u0301 Visit") == event_type("CAF\u00c9 visit") == "caf\u00e9-visit"


@pytest.mark.parametrize("name", SPELLINGS)
@pytest.mark.parametrize(
    ("text", "is_true"),
    [
        ("DID({})", True),
        ("DID NOT({} LAST 30 DAYS)", False),
        ("COUNT({}, 'other') = 1", True),
        ("SEQUENCE({} THEN 'paid')", True),
        ("DID(ANY EVENT WHERE event@type = {})", True),
        ("DID(ANY EVENT WHERE {} = event@type)", True),
        ("COUNT(ANY EVENT WHERE event@type != {}) = 1", True),
        ("COUNT(ANY EVENT WHERE event@type IN [{}, 5]) = 1", True),
        ("FIRST(event@type OF ANY EVENT) = {}", True),
        ("DID(ANY EVENT WHERE event@type BETWEEN {} AND {})", True),
        ("COUNT(ANY EVENT WHERE event@type <= {}) = 1", True),
        ("COUNT(ANY EVENT WHERE lowercase(event@type) = {}) = 1", True),
    ],
)
def test_conditions_mean_the_type_that_the_sender_named(name: str, text: str, is_true: bool) -> None:
    condition = parse(text.replace("{}", f'"{name}"'))
    history = RecordedEvents(
        [{"id": number, "type": type, "time": NOW} for number, type in enumerate(["order-completed", "paid"])]
    )

    assert matches(condition, {}, now=NOW, history=history) is is_true
    assert str(condition) == str(parse(text.replace("{}", '"order-completed"')))
    assert from_json(to_json(condition)) == condition


@pytest.mark.parametrize(
    ("test", "is_true"),
    [
        ('STARTS WITH "Order "', True),
        ('CONTAINS " Comp"', True),
        ('CONTAINS ANY ["x", "R C"]', True),
        ('CONTAINS ALL ["Order", "Completed"]', True),
        ('ENDS WITH "Completed"', True),
        ('STARTS WITH " "', False),
    ],
)
def test_parts_of_names_are_parts_of_types(test: str, is_true: bool) -> None:
    event = {"event": {"type": "order-completed", "properties": {"name": "Order Completed"}}}

    assert matches(parse(f"event@type {test}"), event, now=NOW) is is_true


def test_other_texts_stay_as_they_are_written() -> None:
    assert str(parse('event@properties.name = "Order Completed"')) == 'event@properties.name = "Order Completed"'


def test_a_name_of_nothing_but_blanks_is_none() -> None:
    with pytest.raises(ConditionError, match="The type of an event is a text that is not empty"):
        parse('DID(" \u00a0")')
