"""Aggregates say what the events say, in whatever order and parts they come."""

from datetime import date, timedelta
from fractions import Fraction
from functools import reduce
from sys import float_info
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.paths import MISSING
from apps.profiles import aggregates
from apps.profiles.aggregates import FUNCTIONS, MAX_TEXT, MAX_VALUES, Shape, State, States

TODAY = date(2026, 11, 23)


def counted(function: str, value: Any, *, at: str, event_id: str, days: int | None) -> States:
    """Count one event; nothing when its value does not count."""
    shape, states = Shape(function, days), {}
    read = shape.function.read(value) if shape.function.read else None
    if read is not MISSING:
        shape.add(states, "trait", shape.function.of(at, event_id, read), day=at[:10])
    return states


def state_of(function: str, value: Any, *, at: str = "2026-11-23T12:00:00+00:00", days: int | None = None) -> State:
    return counted(function, value, at=at, event_id=f"id-{at}-{value}", days=days)["trait"]


def said(function: str, *values: Any) -> Any:
    """Tell what a trait says after events with these values, one a day."""
    states = [
        state_of(function, value, at=f"2026-11-{day:02}T08:00:00+00:00") for day, value in enumerate(values, start=1)
    ]
    return aggregates.value(reduce(aggregates.joined, states))


@pytest.mark.parametrize(
    ("function", "values", "expected"),
    [
        ("count", ("a", 1, None), 3),
        ("sum", (0.1, 0.2), 0.3),
        ("sum", (12.5, "7.50", 80), 100),
        ("sum", (5, -5), 0),
        ("sum", (9007199254740993,), 9007199254740993),
        ("sum", (9007199254740993, "9007199254740993.0"), 18014398509481986),
        ("sum", ("9007199254740993.5", 0.5), 9007199254740994),
        ("sum", (" 1e3 ", "+.5"), 1000.5),
        ("sum", (2**63 - 1, 1), 2.0**63),
        ("sum", (1.7e308, 1.7e308), float_info.max),
        ("max", ("9007199254740993", 1), 9007199254740993),
        ("max", ("1e90", 1), 1e90),
        ("sum", (9e18, 0.5), 9e18),
        ("average", (1, 2, 4), 7 / 3),
        ("average", (0.1, 0.2), 0.15),
        ("min", (3, "1.5", 2), 1.5),
        ("max", (-3, -1.5, -2), -1.5),
        ("first", ("red", "blue"), "red"),
        ("last", ("red", False), False),
        ("most_frequent", ("jazz", "rock", "rock"), "rock"),
        ("most_frequent", ("rock", "jazz"), "jazz"),
        ("most_frequent", (1, True, True), True),
        ("distinct", ("rock", 5, "jazz", 5.0), ["jazz", "rock", 5]),
        ("distinct_count", ("rock", "jazz", "rock"), 2),
        ("first_time", (0, 0), "2026-11-01T08:00:00+00:00"),
        ("last_time", (0, 0), "2026-11-02T08:00:00+00:00"),
        ("rfm", (9.99, 0.01), {"last": "2026-11-02T08:00:00+00:00", "count": 2, "sum": 10}),
    ],
)
def test_a_function_says_what_its_name_says(function: str, values: tuple[Any, ...], expected: Any) -> None:
    found = said(function, *values)

    assert found == expected
    assert type(found) is type(expected)


def test_a_sum_is_exact_however_many_numbers_there_are() -> None:
    assert said("sum", *[0.01] * 1_000) == 10
    assert (
        aggregates.value(reduce(aggregates.joined, [state_of("sum", value) for value in (1e-20, 9e18, -9e18)])) == 1e-20
    )


@pytest.mark.parametrize("value", [None, True, "many", [1], {"a": 1}, MISSING, "1,5", "1_000", "٣"])
def test_what_is_no_number_does_not_count(value: Any) -> None:
    assert aggregates.number(value) is MISSING


@pytest.mark.parametrize("value", [None, [1], {"a": 1}, MISSING])
def test_what_is_no_single_value_does_not_count(value: Any) -> None:
    assert aggregates.scalar(value) is MISSING


def test_a_long_text_counts_by_its_beginning() -> None:
    assert aggregates.scalar("x" * 1_000) == "x" * MAX_TEXT


def test_of_too_many_values_the_same_are_kept_in_any_order() -> None:
    states = [state_of("distinct_count", number) for number in range(MAX_VALUES + 100)]

    forth, back = reduce(aggregates.joined, states), reduce(aggregates.joined, states[::-1])

    assert forth == back
    assert aggregates.value(forth) == MAX_VALUES


def test_a_window_forgets_the_days_that_left_it() -> None:
    window = aggregates.joined(
        state_of("sum", 5, at="2026-11-20T23:59:59+00:00", days=3),
        state_of("sum", 7, at="2026-11-21T00:00:00+00:00", days=3),
    )

    assert aggregates.holds_until(window) == TODAY
    later = aggregates.expired(window, today=TODAY)
    assert later
    assert (aggregates.value(window), aggregates.value(later)) == (12, 7)
    assert aggregates.holds_until(later) == date(2026, 11, 24)
    assert aggregates.expired(later, today=date(2026, 11, 24)) is None


def test_what_has_no_window_never_changes_by_itself() -> None:
    whole = state_of("count", None)

    assert aggregates.expired(whole, today=TODAY + timedelta(days=9_999)) is whole
    assert aggregates.holds_until(whole) is None


# Few days and few values: what meets is more interesting than what is far apart.
VALUES = st.sampled_from([0, 1, -2.5, 0.1, 1e-9, 9e17, 3.0, True, "0.30", "jazz", "", None])
DAYS = st.integers(0, 120).map(lambda number: (TODAY - timedelta(days=number)).isoformat())


def states_of(day: str, event_id: int, value: Any) -> States:
    """Make the state of each trait after one event, with a window and without."""
    found = {}
    for name in FUNCTIONS:
        for key, days in ((name, None), (f"{name}_90d", 90)):
            one = counted(name, value, at=f"{day}T12:00:00+00:00", event_id=str(event_id), days=days)
            if one:
                found[key] = one["trait"]
    return found


EVENTS = st.tuples(DAYS, VALUES)


def histories(max_size: int = 6) -> st.SearchStrategy[list[States]]:
    """Make histories whose events have ids of their own, as all events have."""
    return st.lists(EVENTS, max_size=max_size).map(
        lambda events: [states_of(day, number, value) for number, (day, value) in enumerate(events)]
    )


def whole(history: list[States]) -> States:
    return reduce(aggregates.merge, history, {})


@given(histories(), st.integers(0, 6))
def test_merging_is_commutative(history: list[States], cut: int) -> None:
    left, right = history[:cut], history[cut:]

    assert aggregates.merge(whole(left), whole(right)) == aggregates.merge(whole(right), whole(left))


@given(histories())
def test_merging_is_associative(history: list[States]) -> None:
    a, b, c = whole(history[::3]), whole(history[1::3]), whole(history[2::3])

    assert aggregates.merge(a, aggregates.merge(b, c)) == aggregates.merge(aggregates.merge(a, b), c)


@given(histories(), st.randoms(use_true_random=False), st.integers(0, 8))
def test_any_order_and_any_partition_of_events_gives_the_same(history: list[States], random: Any, cut: int) -> None:
    shuffled = random.sample(history, len(history))

    assert aggregates.merge(whole(shuffled[:cut]), whole(shuffled[cut:])) == whole(history)


@given(st.lists(EVENTS, max_size=6))
def test_adding_an_event_is_merging_its_aggregate(events: list[tuple[str, Any]]) -> None:
    for name in FUNCTIONS:
        shape, states = Shape(name, 90), {}
        for number, (day, value) in enumerate(events):
            for state in counted(name, value, at=f"{day}T12:00:00+00:00", event_id=str(number), days=90).values():
                shape.add(states, f"{name}_90d", state["aggregate"], day=day)
        merged = whole([states_of(day, number, value) for number, (day, value) in enumerate(events)])

        assert states == {key: state for key, state in merged.items() if key == f"{name}_90d"}


@given(histories())
def test_merging_changes_neither_side(history: list[States]) -> None:
    left, right = whole(history[::2]), whole(history[1::2])
    before = orjson.dumps([left, right])

    aggregates.merge(left, right)

    assert orjson.dumps([left, right]) == before


@given(histories())
def test_states_survive_the_database_as_json(history: list[States]) -> None:
    found = whole(history)

    assert orjson.loads(orjson.dumps(found)) == found


NUMBERS = st.integers(1 - 2**63, 2**63 - 1) | st.floats(-9e18, 9e18)


@given(st.lists(NUMBERS, min_size=1, max_size=20))
def test_a_sum_is_that_of_exact_arithmetic(numbers: list[int | float]) -> None:
    total = reduce(aggregates.joined, [state_of("sum", number) for number in numbers])["aggregate"]

    assert Fraction(total) == sum(Fraction(repr(number)) for number in numbers)


@given(histories(), st.integers(0, 120))
def test_forgetting_days_before_or_after_a_merge_is_the_same(history: list[States], n_days: int) -> None:
    today = TODAY + timedelta(days=n_days)

    def forget(states: States) -> States:
        kept = {key: aggregates.expired(state, today=today) for key, state in states.items()}
        return {key: state for key, state in kept.items() if state is not None}

    left, right = whole(history[:3]), whole(history[3:])

    assert forget(aggregates.merge(left, right)) == forget(aggregates.merge(forget(left), forget(right)))


@given(st.permutations(["count", "last_time", "last_time_90d", "count"]))
def test_of_states_of_different_definitions_one_remains_in_any_order(names: list[str]) -> None:
    a, b, c, d = (states_of("2026-11-23", number, 1)[name] for number, name in enumerate(names))

    found = aggregates.joined(aggregates.joined(a, b), aggregates.joined(c, d))

    assert found == aggregates.joined(aggregates.joined(aggregates.joined(a, b), c), d)
    assert found == states_of("2026-11-23", 0, 1)["last_time_90d"]


@pytest.mark.parametrize(("name", "days"), [("distinct", None), ("last", 30)])
def test_a_state_of_another_definition_is_left_to_be_made_anew(name: str, days: int | None) -> None:
    states: States = {"genre": {"is": "last", "aggregate": ["2026-11-06T09:08:00+00:00", "id", "jazz"]}}
    before = orjson.dumps(states)

    Shape(name, days).add(states, "genre", {'"rock"': 1}, "2026-11-07")

    assert orjson.dumps(states) == before
