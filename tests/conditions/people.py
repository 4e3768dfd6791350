"""Values that are often asked for, and people made of them: whatever is asked, somebody should meet it."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from apps.profiles.consents import path_of as consent_path

Person = tuple[dict[str, Any], list[dict[str, Any]]]  # a profile and its past events

NOW = datetime(2024, 3, 1, 12, 30, 15, 250_000, tzinfo=UTC)
KEYS = ["a", "b", "list", "0", "1", "-1", "a b", 'q"\\', "ключ", "01"]
EVENT_TYPES = ["view", "buy", "sign-up"]
UNNAMED = ("sign-up",)  # counts only where it is named
CONSENTS = ["letters", "calls", "a.b"]

COMMON: list[Any] = [None, True, 0, 1, 5, 2.5, "a", "ab", "b", "", "2024-03-01", "2024-03-01T12:30:15.25Z"]
TIME_TEXTS = [
    *("2024-03-01", "2024-02-29", "2023-02-29", "2024-02-30", "2024-03-01T12:30:15.25Z", "2024-03-01T12:30"),
    *("2024-03-01 13:30:15.250+01:00", "2024-02-29T23:59:59.999999-05:30", "2000-02-29", "1990-03-01", "1990-03-02"),
    *("1900-02-29", "1000-01-01T00:00+14:00", "8999-12-31T23:59:59Z", "0999-01-01", "9000-01-01", "2024-1-1"),
    *("2024-03-01T24:00", "2024-03-01T12:30:60Z", "2024-03-01\n", "2024-03-01T12:30+02", "20240301", "yesterday"),
]
TEXTS = [
    *("", "a", "A", "ab", "b", "ba", "ä", "Ä", "äb", "ß", "ς", "Σ", "İ", "ｱ", "😀", "é", "É", "Ж", "ж", "%", "_", "\\"),
    *("12.50", " 7\n", "+.5", "5.", "1e3", "-2E-2", "9007199254740993", "1e999", "1_000", "0x1", "1,5", "NaN"),
    *("5", "-1", "true", "null", '"a"', "[1]", "\u2028", "view", "buy"),
]
NUMBERS = [
    *(0, 1, -1, 2, 3, 5, 10, 0.5, 0.1, 0.30000000000000004, 1e23, 5e-324, 1.7e308, -1.7e308, 2**53, 2**53 + 1),
    *(2.0**53, 1e16, 2**63 - 1, -(2**63) + 1, 1_700_000_000),
]
SCALARS: list[Any] = [None, True, False, *NUMBERS, *TEXTS, *TIME_TEXTS]
LISTS: list[Any] = [
    *([], [1, 2, 3], [5, 2.5], ["a", "ab"], ["b", None, 1], [True, "a"], [[1], [True]], [None, 1.0, "1"]),
    *([{"a": 1}, {"a": 5, "b": "x"}], [{"a": "ab"}, {"a": None}], [{"list": [1, "a"]}, {}], ["2024-03-01", 5]),
]
OBJECTS: list[Any] = [
    {},
    {"a": 1},
    {"a": {"b": [1, "a"]}},
    {"0": "a", "1": 5},
    {"list": [5, "a"]},
    {"a b": 1, "ключ": "ä"},
]
JSON: list[Any] = [*SCALARS, *LISTS, *OBJECTS]
MOMENTS = [
    *(NOW, NOW + timedelta(hours=1), NOW - timedelta(days=1), NOW - timedelta(days=2), NOW - timedelta(days=3)),
    *(
        NOW - timedelta(days=3, microseconds=1),
        NOW - timedelta(weeks=1),
        NOW - timedelta(days=29),
        NOW - timedelta(days=31),
    ),
    *(datetime(2024, 2, 29, tzinfo=UTC), datetime(2024, 2, 29, 23, 59, 59, 999_999, tzinfo=UTC)),
    *(datetime(2024, 3, 1, tzinfo=UTC), datetime(2000, 2, 29, tzinfo=UTC), datetime(1990, 3, 1, 1, tzinfo=UTC)),
]

# Of consents: times, and what may stand there by mistake.
ENDS: list[Any] = [*MOMENTS, NOW + timedelta(microseconds=1), {"revoke": None}, {"revoke": 5}, {}, None, "a", [1]]


def make_person(random: Random) -> Person:
    """Make somebody of whom most things are known, and who did a few things."""
    profile = {
        "text": random.choice([None, *TEXTS, *TIME_TEXTS]),
        "number": random.choice([None, 0, 1, 2, 3, 5, 2**53 + 1, -(2**40)]),
        "flag": random.choice([None, True, False]),
        "at": random.choice([None, *MOMENTS]),
        "born": random.choice([None, *(time.isoformat() for time in MOMENTS)]),
        "day": random.choice([None, *(time.date().isoformat() for time in MOMENTS)]),
        "data": _object(random),
        "traits": _object(random),
        **decided({name: random.choice(ENDS) for name in CONSENTS if random.random() < 0.8}, random.choice(MOMENTS)),
    }
    return profile, [_event(random) for _ in range(random.randrange(7))]


def decided(ends: Any, at: datetime) -> dict[str, Any]:
    """Return consents and their provenance, as a profile keeps them."""
    consents: dict[str, Any] = {}
    provenance = {}
    for name, end in ends.items():
        consents[name] = {"revoke": end.isoformat()} if isinstance(end, datetime) else end
        provenance[consent_path(name)] = [at.isoformat(), "", ""]
    return {"consents": consents, "provenance": provenance}


def _object(random: Random) -> dict[str, Any]:
    odd_keys = random.sample(KEYS, 2)
    return {
        **{key: random.choice(JSON) for key in odd_keys},
        "a": random.choice(COMMON),
        "b": random.choice(JSON),
        "list": random.choice(LISTS),
    }


def _event(random: Random) -> dict[str, Any]:
    return {
        "id": UUID(int=random.getrandbits(100)),
        "type": random.choice(EVENT_TYPES),
        "time": random.choice(MOMENTS[:11]),
        "properties": {
            "a": random.choice([1, 5, 2.5, *COMMON]),
            "b": random.choice(JSON),
            "list": random.choice(LISTS),
        },
    }


CROWD = [make_person(Random(seed)) for seed in range(60)]
