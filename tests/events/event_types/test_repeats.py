"""What may be copied again: which operations are idempotent, which need no order, and what stands against them."""

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.events.event_types.compiling import compile
from apps.events.event_types.copying import Copied, Said, copy
from apps.events.event_types.operations import OPERATIONS, Input
from apps.events.event_types.rules import EventRules

START = datetime(2024, 5, 1, 12, tzinfo=UTC)
REPEATABLE = [name for name, operation in OPERATIONS.items() if operation.is_repeatable]
# One field for each operation: a field that one operation sets and another adds to depends on the order.
FIELDS = {f"traits.{name}": {name: f"properties.{name}"} for name in REPEATABLE}
UNORDERED = [name for name in REPEATABLE if name not in ("equals_if_not_exists", "append_unique")]


class Happened(NamedTuple):
    """An event: when it happened, when it arrived, and what it said."""

    day: int
    arrival: int
    properties: dict[str, Any]


class Person:
    """A profile, and what events do to it."""

    def __init__(self) -> None:
        self.document: dict[str, Any] = {name: {} for name in ("data", "traits", "interests", "consents", "stats")} | {
            "primary_id": None
        }
        self.provenance: dict[str, list[str]] = {}

    def does(self, event: Happened, rules: EventRules, *, is_repeat: bool = False) -> Copied:
        at, event_id = START + timedelta(days=event.day), UUID(int=1_000 + event.arrival)
        said = Said(event.properties, {}, at, event_id, is_repeat)
        return copy(
            rules.repeatable() if is_repeat else rules, said, document=self.document, provenance=self.provenance
        )

    def state(self) -> str:
        return repr((sorted(self.document["traits"].items()), sorted(self.provenance.items())))


def rules(**fields: Any) -> EventRules:
    return compile({"id": "thing-done", "profile": {f"traits.{name}": spec for name, spec in fields.items()}})


ALL = compile({"id": "thing-done", "profile": FIELDS})
VALUES = st.dictionaries(st.sampled_from(REPEATABLE), st.integers(-3, 3), max_size=6)
HISTORIES = st.lists(VALUES, max_size=7).map(
    lambda all_properties: [Happened(day, day, properties) for day, properties in enumerate(all_properties)]
)


@given(HISTORIES, st.randoms(use_true_random=False))
def test_copying_a_history_again_changes_nothing(history: list[Happened], random: Any) -> None:
    """Holds in whatever order the events came in first."""
    arrived = [event._replace(arrival=n) for n, event in enumerate(random.sample(history, k=len(history)))]
    anna = Person()
    for event in arrived:
        anna.does(event, ALL)
    before = anna.state()

    again = [anna.does(event, ALL, is_repeat=True) for event in arrived]

    assert anna.state() == before
    assert not any(copied.changed for copied in again)


@given(HISTORIES, st.randoms(use_true_random=False))
def test_a_shuffled_and_partly_repeated_history_gives_what_the_ordered_one_gives(
    history: list[Happened], random: Any
) -> None:
    """Not so for `equals_if_not_exists`, where the first arrival counts, and for the order of an appended list."""
    ordered, shuffled = Person(), Person()
    for event in history:
        ordered.does(event, ALL)

    for event in random.sample(history, k=len(history)):
        shuffled.does(event, ALL)
        for repeated in random.sample(history, k=random.randint(0, len(history))):
            shuffled.does(repeated, ALL, is_repeat=True)
    for event in history:
        shuffled.does(event, ALL, is_repeat=True)

    for name in UNORDERED:
        assert repr(shuffled.document["traits"].get(name)) == repr(ordered.document["traits"].get(name))
    for person in (ordered, shuffled):
        person.document["traits"]["append_unique"] = sorted(person.document["traits"].get("append_unique", []))
    assert shuffled.document["traits"]["append_unique"] == ordered.document["traits"]["append_unique"]


@given(HISTORIES)
def test_a_rule_that_comes_later_gives_what_it_would_have_given_from_the_beginning(history: list[Happened]) -> None:
    always, later = Person(), Person()
    for event in history:
        always.does(event, ALL)

    for event in history:
        later.does(event, ALL, is_repeat=True)

    assert later.state() == always.state()


@pytest.mark.parametrize("name", sorted(set(OPERATIONS) - set(REPEATABLE)))
def test_what_counts_is_left_out_of_repeats(name: str) -> None:
    source = 1 if OPERATIONS[name].input is Input.LITERAL else "properties.n"
    counting = rules(n={name: source})
    anna = Person()
    anna.does(Happened(1, 1, {"n": 5}), counting)
    before = anna.state()

    anna.does(Happened(1, 1, {"n": 5}), counting, is_repeat=True)

    assert anna.state() == before


def test_the_first_value_is_that_of_the_oldest_event() -> None:
    anna = Person()
    first = rules(plan={"first": "properties.plan"})

    anna.does(Happened(5, 1, {"plan": "pro"}), first)
    anna.does(Happened(7, 2, {"plan": "team"}), first)
    anna.does(Happened(2, 3, {"plan": "free"}), first)
    anna.does(Happened(3, 4, {"plan": "trial"}), first)
    anna.does(Happened(1, 5, {"plan": " "}), first)

    assert anna.document["traits"]["plan"] == "free"
    assert anna.provenance["traits.plan"][0] == (START + timedelta(days=2)).isoformat()


def test_the_first_value_is_as_old_as_the_oldest_event_that_said_it() -> None:
    anna = Person()
    first = rules(plan={"first": "properties.plan"})

    for day, plan in ((5, "free"), (1, "free"), (3, "pro")):
        anna.does(Happened(day, day, {"plan": plan}), first)

    assert anna.document["traits"]["plan"] == "free"


def test_the_first_and_the_last_time_are_those_of_the_events() -> None:
    anna = Person()
    times = rules(since={"first_time": None}, until={"last_time": None})

    for day in (4, 9, 2):
        anna.does(Happened(day, day, {}), times)

    assert anna.document["traits"] == {
        "since": "2024-05-03T12:00:00+00:00",
        "until": "2024-05-10T12:00:00+00:00",
    }


@pytest.mark.parametrize("name", ["equals", "equals_if_not_exists", "first", "append_unique", "max"])
def test_what_a_person_entered_since_is_not_overwritten(name: str) -> None:
    anna = Person()
    anna.document["traits"]["value"] = 5
    anna.provenance["traits.value"] = [(START + timedelta(days=9)).isoformat(), "user:1"]

    anna.does(Happened(3, 3, {"value": 99}), rules(value={name: "properties.value"}), is_repeat=True)

    assert anna.document["traits"]["value"] == 5


@pytest.mark.parametrize("name", REPEATABLE)
def test_what_was_emptied_since_stays_empty(name: str) -> None:
    anna = Person()
    anna.does(Happened(9, 9, {}), rules(value={"delete": None}))

    anna.does(Happened(3, 3, {"value": 99}), rules(value={name: "properties.value"}), is_repeat=True)

    assert "value" not in anna.document["traits"]


def test_a_changed_rule_replaces_what_the_same_event_said() -> None:
    anna = Person()
    event = Happened(1, 1, {"old": "a", "new": "b"})
    anna.does(event, rules(value={"equals": "properties.old"}))

    anna.does(event, rules(value={"equals": "properties.new"}), is_repeat=True)

    assert anna.document["traits"]["value"] == "b"


def test_of_two_events_at_one_time_the_later_arrival_stands_when_they_are_copied_again() -> None:
    anna = Person()
    setting = rules(value={"equals": "properties.value"})
    earlier, later = Happened(1, 1, {"value": "a"}), Happened(1, 2, {"value": "b"})
    for event in (earlier, later):
        anna.does(event, setting)

    anna.does(earlier, setting, is_repeat=True)

    assert anna.document["traits"]["value"] == "b"
