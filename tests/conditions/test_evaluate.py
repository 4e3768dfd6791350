"""Each operator and function does what docs/conditions.md says: true, false, or unknown."""

from datetime import UTC, datetime
from typing import Any

import pytest

from apps.conditions import Context, compile, matches, parse, truth

NOW = datetime(2024, 3, 1, 12, 0, tzinfo=UTC)
PAYLOAD: dict[str, Any] = {
    "n": 5,
    "zero": 0,
    "half": 0.5,
    "s": "Hello world",
    "five": "5",
    "yes": True,
    "nul": None,
    "list": [1, 2, "3"],
    "tags": ["vip", "new"],
    "products": [{"sku": "a", "price": 5}, {"sku": "b", "price": 50, "sizes": [1, 2]}],
    "no_list": [],
    "no_text": "",
    "no_object": {},
    "town": "KÖLN",
    "day": "2024-02-29",
    "time": "2024-03-01T10:00:00+02:00",
    "not_a_day": "2023-02-29",
    "at": datetime(2024, 2, 1, tzinfo=UTC),
    "stamp": 1_709_164_800,  # 2024-02-29
    "a": {"b c": {"d.e": 1}, "0": "key"},
}


def evaluate(text: str) -> bool | None:
    """Return whether a condition is true of the payload, or unknown."""
    return truth(parse(text))({"payload": PAYLOAD}, Context(NOW))


CASES: list[tuple[str, bool | None]] = [
    # Equality always has an answer, and types are never mixed up.
    ("payload@n = 5", True),
    ("payload@n = 5.0", True),
    ("payload@n = 6", False),
    ('payload@n = "5"', False),
    ("payload@five = 5", False),
    ("payload@yes = TRUE", True),
    ("payload@yes = 1", False),
    ("payload@zero = FALSE", False),
    ("payload@s = 'Hello world'", True),
    ('payload@s = "hello world"', False),
    ("payload@missing = 5", False),
    ("payload@missing != 5", True),
    ("NOT payload@missing = 5", True),
    ("payload@nul = NULL", True),
    ("payload@missing = NULL", True),
    ("payload@n != NULL", True),
    ("payload@n = payload@zero", False),
    ("payload@n = payload@n", True),
    ("payload@missing = payload@nul", True),
    ("payload@list = [1, 2, '3']", True),
    ("payload@list = [1, 2]", False),
    ("payload@n = [1, 5]", True),
    ("payload@n = []", False),
    ("payload@n != [1, 5]", False),
    # Order is among numbers, texts and times; else it is unknown, and its contrary as well.
    ("payload@n < 6", True),
    ("payload@n <= 5", True),
    ("payload@n > 5", False),
    ("payload@n >= 5.5", False),
    ("6 > payload@n", True),
    ("payload@n > payload@zero", True),
    ('payload@s > "Hello"', True),
    ('payload@s < "a"', True),  # capitals come first
    ("payload@s > 1", None),
    ("NOT payload@s > 1", None),
    ("payload@missing > 1", None),
    ("payload@nul < 1", None),
    ("payload@yes > 0", None),
    ("payload@tags > 0", None),
    ("payload@yes > FALSE", None),
    ("payload@n BETWEEN 5 AND 10", True),
    ("payload@n BETWEEN 6 AND 1", False),
    ("payload@n NOT BETWEEN 6 AND 10", True),
    ('payload@s BETWEEN "A" AND "Z"', True),
    ("payload@s BETWEEN 1 AND 2", None),
    ("payload@n BETWEEN 6 AND payload@missing", False),
    ("payload@n BETWEEN 5 AND payload@missing", None),
    ("payload@n IN [1, 5]", True),
    ("payload@n NOT IN [1, 5]", False),
    ('payload@n IN ["5"]', False),
    ("payload@n IN []", False),
    ("payload@missing IN [1, NULL]", True),
    ("payload@missing NOT IN [1]", True),
    ("payload@yes IN [1]", False),
    # Presence
    ("payload@n EXISTS", True),
    ("payload@zero EXISTS", True),
    ("payload@nul EXISTS", False),
    ("payload@missing NOT EXISTS", True),
    ("payload@missing IS NULL", True),
    ("payload@nul IS NULL", True),
    ("payload@n IS NOT NULL", True),
    ("payload@missing IS NOT NULL", False),
    ("payload@no_list EMPTY", True),
    ("payload@no_text EMPTY", True),
    ("payload@no_object EMPTY", True),
    ("payload@nul EMPTY", True),
    ("payload@missing EMPTY", True),
    ("payload@zero EMPTY", False),
    ("payload@s NOT EMPTY", True),
    ("payload@yes IS TRUE", True),
    ("payload@yes IS NOT FALSE", True),
    ("payload@missing IS FALSE", False),
    ("payload@missing IS NOT TRUE", True),
    # Parts
    ('payload@s CONTAINS "world"', True),
    ('payload@s CONTAINS "World"', False),
    ('payload@list CONTAINS "3"', True),
    ("payload@list CONTAINS 3", False),
    ("payload@n CONTAINS 5", False),
    ('payload@missing CONTAINS "x"', False),
    ('payload@missing NOT CONTAINS "x"', True),
    ('payload@tags CONTAINS ANY ["x", "new"]', True),
    ('payload@tags CONTAINS ALL ["vip", "new"]', True),
    ('payload@tags CONTAINS ALL ["vip", "x"]', False),
    ('payload@tags NOT CONTAINS ANY ["x", "y"]', True),
    ('payload@s STARTS WITH "Hello"', True),
    ('payload@s NOT STARTS WITH "Hello"', False),
    ("payload@list STARTS WITH 1", True),
    ('payload@s ENDS WITH "world"', True),
    ('payload@list ENDS WITH "3"', True),
    ("payload@no_list STARTS WITH 1", False),
    ('payload@n STARTS WITH "5"', False),
    # Paths
    ('payload@a["b c"]["d.e"] = 1', True),
    (r"payload@a.b\ c.d\.e = 1", True),
    ("payload@list.0 = 1", True),
    ("payload@list[0] = 1", True),
    ("payload@list.9 EXISTS", False),
    ("payload@list.x EXISTS", False),
    ('payload@a.0 = "key"', True),
    ("payload@n.x EXISTS", False),
    ("payload@... NOT EMPTY", True),
    ("session@x EXISTS", False),
    # NOT binds closest, then AND, then OR; what is unknown decides only where nothing else does.
    ("payload@n = 1 AND payload@n = 2 OR payload@n = 5", True),
    ("payload@n = 5 OR payload@n = 5 AND payload@n = 1", True),
    ("(payload@n = 5 OR payload@n = 5) AND payload@n = 1", False),
    ("NOT payload@n = 1 AND payload@n = 5", True),
    ("NOT (payload@n = 5 AND payload@n = 1)", True),
    ("payload@s > 1 AND payload@n = 5", None),
    ("payload@s > 1 AND payload@n = 1", False),
    ("payload@s > 1 OR payload@n = 5", True),
    ("payload@s > 1 OR payload@n = 1", None),
    ("payload@n = 5 AND NOT payload@missing > 1", None),
    # Items of lists
    ("ANY(payload@products WHERE item@price > 10)", True),
    ("ALL(payload@products WHERE item@price > 10)", False),
    ("ALL(payload@products WHERE item@price >= 5)", True),
    ('ANY(payload@products WHERE item@sku = "b" AND item@price < 10)', False),
    ('ANY(payload@tags WHERE item@... STARTS WITH "n")', True),
    ("ANY(payload@products WHERE ANY(item@sizes WHERE item@... = 2))", True),
    ("ANY(payload@products WHERE item@price = payload@n)", True),
    ("ALL(payload@no_list WHERE item@x = 1)", True),
    ("ANY(payload@no_list WHERE item@x = 1)", False),
    ("ANY(payload@s WHERE item@... = 1)", None),
    ("ALL(payload@missing WHERE item@... = 1)", None),
    ("NOT ANY(payload@missing WHERE item@... = 1)", None),
    ("ALL(payload@list WHERE item@... < 3)", None),
    # Functions; what they cannot work on gives nothing.
    ('lowercase(payload@town) = "köln"', True),
    ('uppercase(payload@s) = "HELLO WORLD"', True),
    ("lowercase(payload@n) = 5", False),
    ("lowercase(payload@n) NOT EXISTS", True),
    ("length(payload@list) = 3", True),
    ("length(payload@town) = 4", True),
    ("length(payload@n) EXISTS", False),
    ("datetime(payload@day) < now()", True),
    ("datetime(payload@not_a_day) EXISTS", False),
    ("year(payload@day) = 2024 AND month(payload@day) = 2 AND day(payload@day) = 29", True),
    ("weekday(payload@day) = 4", True),
    ("hour(payload@time) = 8", True),
    ("age(payload@day) = 0", True),
    ("age(datetime('2000-03-01T23:00')) = 24", True),
    ("age(datetime('2000-03-02')) = 23", True),
    ("days_since(payload@day) = 1", True),
    ("days_until(payload@day) = -1", True),
    ("days_since(now() + 12 HOURS) = 0", True),
    ("days_to_anniversary(datetime('1990-03-01')) = 0", True),
    ("days_to_anniversary(datetime('1990-03-08T23:00')) = 7", True),
    ("days_to_anniversary(datetime('1992-02-29')) = 364", True),  # the 28th in 2025
    ("from_timestamp(payload@stamp) = payload@day", True),
    ("from_timestamp(payload@s) EXISTS", False),
    # Times: a text beside a time is read as one, a text beside a text is not.
    ("payload@day < now()", True),
    ("payload@time = datetime('2024-03-01T08:00')", True),
    ("payload@day < '2024-03'", True),
    ("payload@not_a_day < now()", None),
    ("payload@not_a_day = now()", False),
    ("payload@n < now()", None),
    ("payload@at = '2024-02-01'", True),
    ("payload@at < '2024-02-01T00:00:01Z'", True),
    ("payload@at < 'soon'", None),
    ("payload@day BETWEEN now() - 2 DAYS AND now()", True),
    ("now() - 1 MONTH = datetime('2024-02-01T12:00')", True),
    ("datetime('2024-03-31') - 1 MONTH = datetime('2024-02-29')", True),
    ("payload@day + 1 YEAR = datetime('2025-02-28')", True),
    ("now('-1h30m') = now() - 90 MINUTES", True),
]


@pytest.mark.parametrize(("text", "expected"), CASES, ids=[text for text, _ in CASES])
def test_condition_is(text: str, expected: bool | None) -> None:
    assert evaluate(text) is expected


def test_condition_that_is_unknown_does_not_match() -> None:
    assert not matches(parse("payload@missing > 1"), {"payload": PAYLOAD}, now=NOW)
    assert not matches(parse("NOT payload@missing > 1"), {"payload": PAYLOAD}, now=NOW)


def test_compiled_condition_evaluates_documents_at_their_times() -> None:
    matcher = compile(parse("payload@day = now()"))

    assert matcher({"payload": PAYLOAD}, now=datetime(2024, 2, 29, tzinfo=UTC))
    assert not matcher({"payload": PAYLOAD}, now=NOW)
    assert not matcher({}, now=NOW)


@pytest.mark.parametrize(
    ("left", "right", "are_equal"),
    [
        (2**53 + 1, 2**53 + 1, True),
        (2**53 + 1, 2.0**53, False),  # jsonb keeps each digit of an integer
        (10**23, 1e23, True),  # and of a float, what is written
        (0.1 + 0.2, 0.3, False),
        (5e-324, 5e-324, True),
    ],
)
def test_numbers_compare_as_they_are_written(left: float, right: float, *, are_equal: bool) -> None:
    document = {"payload": {"left": left, "right": right}}

    assert matches(parse("payload@left = payload@right"), document, now=NOW) is are_equal
    assert matches(parse("payload@left <= payload@right AND payload@left >= payload@right"), document, now=NOW) is (
        are_equal
    )
