"""What is made of past events, what was not done, and in which order."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.conditions import RecordedEvents, matches, parse

NOW = datetime(1998, 6, 30, 12, 0, tzinfo=UTC)


def event(type_: str, days_ago: float, **properties: Any) -> dict[str, Any]:
    """Make an event of some days ago."""
    return {
        "id": f"{days_ago:012}",
        "type": type_,
        "time": NOW - timedelta(days=days_ago),
        "properties": properties,
    }


EVENTS = [
    event("purchase", 400, amount=60),
    event("view", 100, sku="a"),
    event("purchase", 90, amount=40.5, items=["x", "y"]),
    event("purchase", 20, amount=10),
    event("view", 10, sku="a"),
    event("view", 9, sku="b"),
    event("purchase", 7, amount="much"),
    event("sign-up", -1),  # tomorrow: it has not happened
]
HISTORY = RecordedEvents(EVENTS)


TRUE_OF_HISTORY = [
    'COUNT("purchase") = 4',
    'COUNT("purchase", "view") = 7',
    "COUNT(ANY EVENT) = 7",
    'COUNT("nothing") = 0',
    'COUNT("purchase" LAST 90 DAYS) = 3',
    'COUNT("purchase" LAST 89 DAYS) = 2',
    'COUNT("purchase" LAST 1 YEAR) = 3',
    'COUNT("purchase" WHERE event@properties.amount > 20) = 2',
    'COUNT("purchase" WHERE event@properties.amount > 20 LAST 90 DAYS) = 1',
    'COUNT(ANY EVENT WHERE event@type = "view" AND event@time < now() - 9 DAYS) = 2',
    'COUNT("purchase" WHERE ANY(event@properties.items WHERE item@... = "y")) = 1',
    'COUNT("purchase" SINCE "1998-06-01") = 2',
    'COUNT("purchase" BEFORE "1998-06-01") = 2',
    'COUNT("purchase" FROM "1998-04-01" TO "1998-06-10") = 2',
    'COUNT("purchase" FROM now() - 20 DAYS TO now() - 20 DAYS) = 1',
    'COUNT("view" FROM "1998-06-20" TO "1998-06-20") = 1',  # the whole day
    'COUNT("purchase") BETWEEN 3 AND 5 AND COUNT("view") IN [1, 3]',
    'SUM(event@properties.amount OF "purchase") = 110.5',
    'SUM(event@properties.amount OF "nothing") = 0',
    'AVERAGE(event@properties.amount OF "purchase") = 36.833333',
    'AVERAGE(event@properties.amount OF "nothing") NOT EXISTS',
    'MIN(event@properties.amount OF "purchase") = 10',
    'MAX(event@properties.amount OF "purchase") = 60',
    'FIRST(event@properties.amount OF "purchase") > 50',
    'LAST(event@properties.amount OF "purchase") = "much"',
    'LAST(event@time OF "purchase") < now() - 6 DAYS',
    'days_since(FIRST(event@time OF "purchase")) = 400',
    'DISTINCT(event@properties.sku OF "view") = 2',
    'DID("purchase" LAST 1 WEEK)',
    'DID NOT("purchase" LAST 6 DAYS)',
    'NOT DID("purchase" LAST 6 DAYS)',
    "DID(ANY EVENT LAST 7 DAYS)",
    'NOT DID("sign-up")',
    'SEQUENCE("view" THEN "purchase")',
    'SEQUENCE("view" THEN "purchase" WITHIN 2 DAYS)',
    'NOT SEQUENCE("view" THEN "purchase" WITHIN 1 DAY)',
    'SEQUENCE("purchase" THEN "purchase" WITHIN 13 DAYS)',
    'SEQUENCE("view" WHERE event@properties.sku = "a" THEN "view" WHERE event@properties.sku = "b" THEN ANY EVENT)',
    'NOT SEQUENCE("view" WHERE event@properties.sku = "b" THEN "view" WHERE event@properties.sku = "a")',
    'SEQUENCE("purchase" THEN "view" LAST 30 DAYS)',
    'NOT SEQUENCE("purchase" THEN "view" THEN "purchase" THEN "view" LAST 30 DAYS)',
    'NOT SEQUENCE(FIRST "purchase" THEN "purchase" WITHIN 30 DAYS)',
    'SEQUENCE(FIRST "purchase" THEN "purchase" WITHIN 310 DAYS)',
    'NOT SEQUENCE(FIRST "purchase" THEN "purchase" WITHIN 20 DAYS LAST 90 DAYS)',
]


def is_true(text: str, history: RecordedEvents = HISTORY) -> bool:
    return matches(parse(text), {}, now=NOW, history=history)


@pytest.mark.parametrize("text", TRUE_OF_HISTORY)
def test_history_is_as_it_was(text: str) -> None:
    assert is_true(text)


def test_one_event_is_never_two_steps() -> None:
    once = RecordedEvents([event("view", 1)])

    assert not is_true('SEQUENCE("view" THEN "view")', once)
    assert not is_true("SEQUENCE(ANY EVENT THEN ANY EVENT)", once)


def test_events_of_the_same_time_follow_each_other_by_their_ids() -> None:
    noon = NOW - timedelta(days=1)
    events = RecordedEvents(
        [
            {"id": "2", "type": "b", "time": noon, "properties": {}},
            {"id": "1", "type": "a", "time": noon, "properties": {}},
        ]
    )

    assert is_true('SEQUENCE("a" THEN "b" WITHIN 1 SECOND)', events)
    assert not is_true('SEQUENCE("b" THEN "a")', events)
    assert is_true('FIRST(event@type OF ANY EVENT) = "a"', events)


def test_later_start_of_a_sequence_saves_an_earlier_one_that_was_too_early() -> None:
    events = RecordedEvents([event("a", 10), event("b", 9), event("a", 5), event("b", 4), event("c", 3)])

    assert is_true('SEQUENCE("a" THEN "b" WITHIN 1 DAY THEN "c" WITHIN 1 DAY)', events)
    assert not is_true('SEQUENCE(FIRST "a" THEN "b" WITHIN 1 DAY THEN "c" WITHIN 5 DAYS)', events)


def test_first_purchase_over_50_and_a_second_one_within_30_days() -> None:
    text = (
        'FIRST(event@properties.amount OF "purchase") > 50 '
        'AND SEQUENCE(FIRST "purchase" THEN "purchase" WITHIN 30 DAYS)'
    )
    quick = RecordedEvents([event("purchase", 100, amount=60), event("purchase", 80, amount=1)])
    slow = RecordedEvents([event("purchase", 100, amount=60), event("purchase", 60, amount=60), event("purchase", 50)])
    small = RecordedEvents([event("purchase", 100, amount=6), event("purchase", 80, amount=60)])

    assert is_true(text, quick)
    assert not is_true(text, slow)
    assert not is_true(text, small)


def test_past_events_that_were_not_handed_in_are_our_mistake() -> None:
    with pytest.raises(ValueError, match="no history was given"):
        matches(parse('DID("purchase")'), {}, now=NOW)


def test_sums_are_exact() -> None:
    events = RecordedEvents([event("a", day, n=number) for day, number in enumerate([0.1] * 10 + [1e300, 1e-300])])

    assert is_true("SUM(event@properties.n OF ANY EVENT LAST 9 DAYS) = 1", events)
    assert is_true("SUM(event@properties.n OF ANY EVENT) > 1e300", events)
