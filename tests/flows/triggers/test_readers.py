"""Which triggers an event may meet is told by its properties: never fewer than those whose conditions hold."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

from hypothesis import example, given
from hypothesis import strategies as st

from apps.conditions import Context
from apps.flows.definition.making import CompiledEntry, CompiledTrigger
from apps.flows.definition.parts import Entry, EventTrigger, SegmentTrigger, Trigger
from apps.flows.definition.placing import Place
from apps.flows.engine.graph import Compiled, Spot
from apps.flows.triggers.readers import Readers
from apps.flows.triggers.starters import Starter, starter_of
from tests.factories import NOON

OF_PROPERTIES = [
    "",
    *(f"event@properties.{name} = {value}" for name in ("a", "b.c", "b.0") for value in ('"x"', "1", "TRUE", "NULL")),
    'event@properties.a IN ["x", 1, FALSE]',
    'event@properties.a = ["x", "y"]',
    'event@properties.a > 1 AND event@properties.b.c = "x"',
    'NOT event@properties.a = "x"',
    'event@properties.a = "x" OR event@properties.a = "y"',
    "event@properties.a = event@properties.b.c",
    'ANY(event@properties.b WHERE item@c = "x")',
]
OTHERS = ['event@tags CONTAINS "x" AND event@properties.a = "x"', 'profile@traits.plan = "pro"']
VALUES = st.sampled_from(["x", "y", "", 0, 1, 1.0, 2.5, 10**20, True, False, None, ["x"], {"x": 1}])
PROPERTIES = st.fixed_dictionaries(
    {}, optional={"a": VALUES, "b": VALUES | st.fixed_dictionaries({"c": VALUES}) | st.lists(VALUES, max_size=2)}
)


def starter(part: Trigger, condition: str = "") -> Starter:

    place = Place("f", "UTC", [], is_stored=True)
    test = place.test("condition", condition, roots=("event", "profile", "item"))
    assert not place.problems, condition
    spot = Spot("start", "start", lambda _step: None, ())  # type: ignore[arg-type, return-value]
    compiled = Compiled(uuid4(), uuid4(), "f", "F", 1, "UTC", spot, {}, entry=CompiledEntry(Entry(interval_secs=1)))
    return starter_of(compiled, CompiledTrigger(part, test))


def of_event(condition: str) -> Starter:
    return starter(EventTrigger(id="t", event_type="page-view", condition=condition), condition)


STARTERS = [of_event(condition) for condition in (*OF_PROPERTIES, *OTHERS) for _ in range(2)]


@given(PROPERTIES, st.permutations(STARTERS))
@example({"a": "x", "b": {"c": "x"}}, STARTERS)
def test_those_that_hold_are_among_them_in_their_order(properties: dict[str, Any], starters: list[Starter]) -> None:
    scope = {"event": {"properties": properties, "tags": ["x"]}, "profile": {"traits": {"plan": "pro"}}}

    found = Readers(starters).of(properties, Context(NOON))

    assert [each for each in starters if each in found] == found
    holding = [each for each in starters if each.holds(scope, NOON)]
    assert set(holding) <= set(found)
    assert {each for each in found if each.of_properties} <= set(holding)


def test_of_many_that_ask_for_a_value_those_that_ask_for_another_are_not_judged() -> None:
    wanted = [of_event(f'event@properties.plan = "{number}" AND profile@traits.n > 3') for number in range(50)]

    assert Readers(wanted).of({"plan": "7"}, Context(NOON)) == [wanted[7]]
    assert Readers(wanted).of({"plan": 7}, Context(NOON)) == []


def test_a_change_of_a_segment_concerns_those_who_watch_that_one() -> None:
    watching = [starter(SegmentTrigger(id="t", segment=key)) for key in ("buyers", "vips", "buyers")]

    assert Readers(watching).of({"segment": "buyers"}, Context(NOON)) == [watching[0], watching[2]]


def test_where_a_condition_fails_all_that_are_left_are_judged_by_themselves() -> None:
    def fails(*_read: object) -> bool:
        raise RecursionError

    well = starter(EventTrigger(id="t", event_type="x"))
    broken = replace(well, of_properties=fails)

    assert Readers([broken, well]).of({}, Context(NOON)) == [broken, well]
