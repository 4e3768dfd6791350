"""Texts that are checked, searched and compared."""

from typing import Any

import pytest

from apps.flows.engine.moves import Fail, Go
from apps.flows.testing import refused, visit


def port(kind: str, value: Any, **settings: Any) -> Any:
    move = visit("validate", {"value": "payload@v", "kind": kind, **settings}, payload={"v": value})
    return move.port if isinstance(move, Go) else move


SCHEMA = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}


@pytest.mark.parametrize(
    ("kind", "value", "settings"),
    [
        ("email", " ada@example.com ", {}),
        ("email", "o'neill+x@bücher.example", {}),
        ("phone", "+47 22 22 55 55", {}),
        ("url", "https://example.com/a?b=c#d", {}),
        ("url", "http://localhost:8000/", {}),
        ("ipv4", "192.168.0.1", {}),
        ("ipv6", "2001:db8::1", {}),
        ("date", "2028-02-29", {}),
        ("time", "23:59", {}),
        ("time", "00:00:59", {}),
        ("whole", 7, {}),
        ("whole", " -7 ", {}),
        ("number", "1.5e3", {}),
        ("number", 0, {}),
        ("pattern", "AB123456", {"pattern": "[A-Z]{2}[0-9]{6}"}),
        ("pattern", 1234, {"pattern": "[0-9]+"}),
        ("schema", {"id": 1}, {"schema": SCHEMA}),
        ("schema", None, {"schema": {"type": "null"}}),
    ],
)
def test_a_value_is_what_it_should_be(kind: str, value: Any, settings: dict[str, Any]) -> None:
    assert port(kind, value, **settings) == "valid"


@pytest.mark.parametrize(
    ("kind", "value", "settings"),
    [
        ("email", "ada@", {}),
        ("email", "a b@example.com", {}),
        ("email", ["ada@example.com"], {}),
        ("phone", "12", {}),
        ("url", "javascript:alert(1)", {}),
        ("url", "example.com", {}),
        ("ipv4", "256.0.0.1", {}),
        ("ipv6", "192.168.0.1", {}),
        ("date", "2026-02-29", {}),
        ("date", "2026-12-31T10:00", {}),
        ("time", "24:00", {}),
        ("whole", 1.5, {}),
        ("whole", True, {}),
        ("number", "many", {}),
        ("number", None, {}),
        ("pattern", "AB123456x", {"pattern": "[A-Z]{2}[0-9]{6}"}),
        ("pattern", None, {"pattern": ".*"}),
        ("schema", {"id": "1"}, {"schema": SCHEMA}),
        ("schema", "abc", {"schema": SCHEMA}),
    ],
)
def test_a_value_is_none_of_it(kind: str, value: Any, settings: dict[str, Any]) -> None:
    assert port(kind, value, **settings) == "invalid"


def found(text: Any, pattern: str, **settings: Any) -> Any:
    move = visit("match-pattern", {"value": "payload@v", "pattern": pattern, **settings}, payload={"v": text})
    return move.payload["result"] if isinstance(move, Go) and move.port == "found" else move


def test_all_that_matches_is_found_with_its_groups() -> None:
    assert found("Ordre 12 og ordre #34, blåbær", r"ordre #?(?P<n>[0-9]+)(,)?") == [
        {"text": "Ordre 12", "groups": ["12", None], "named": {"n": "12"}},
        {"text": "ordre #34,", "groups": ["34", ","], "named": {"n": "34"}},
    ]
    assert [each["text"] for each in found("blåbær på øya", r"\pL*[æøå]\pL*")] == ["blåbær", "på", "øya"]


@pytest.mark.parametrize(
    ("text", "settings"),
    [("ORDRE 1", {"ignores_case": False}), ("", {}), (None, {}), (["ordre 1"], {}), (True, {})],
)
def test_where_nothing_matches_there_is_a_port(text: Any, settings: dict[str, Any]) -> None:
    assert found(text, "ordre [0-9]", **settings) == Go("not_found")


@pytest.mark.parametrize(
    ("pattern", "replacement", "text"),
    [
        ("[0-9]", "", "blå  å"),
        (r"([a-zå]+) ([0-9]+)", r"\2 \1!", "12 blå! 3å"),
        (r"(x)?[0-9]+", r"<\1\0>", r"blå <12> <3>å"),
    ],
)
def test_what_matches_is_replaced(pattern: str, replacement: str, text: str) -> None:
    assert found("blå 12 3å", pattern, mode="replace", replacement=replacement) == text


@pytest.mark.parametrize("text", ["a" * 4_000, "å" * 4_000, "<" * 4_000])
@pytest.mark.parametrize("pattern", ["(a+)+b|.", "(.*)*x|.", "(?:a?){50}b|."])
def test_no_pattern_takes_for_ever_and_the_first_fifty_matches_count(pattern: str, text: str) -> None:
    assert len(found(text, pattern)) == 50
    assert isinstance(found(text + "a", pattern), Fail)


@pytest.mark.parametrize(
    ("one", "other", "settings", "similarity", "distance"),
    [
        ("kitten", "sitting", {}, 0.571429, 3),
        ("Blåbær  AS", " blåbær as", {}, 1, 0),
        ("Blåbær AS", "blåbær as", {"ignores_case": False}, 0.666667, 3),
        ("ca", "abc", {"way": "osa"}, 0, 3),
        ("ca", "abc", {"way": "damerau"}, 0.333333, 2),
        ("martha", "marhta", {"way": "jaro_winkler"}, 0.961111, 0.038889),
        ("abcdef", "acf", {"way": "lcs"}, 0.5, 3),
        ("", "", {}, 1, 0),
        (12, "12", {}, 1, 0),
    ],
)
def test_texts_are_compared(one: Any, other: Any, settings: dict[str, Any], similarity: float, distance: float) -> None:
    said = {"one": "payload@one", "other": "payload@other", **settings}

    move = visit("compare-texts", said, payload={"one": one, "other": other})

    assert isinstance(move, Go)
    assert move.payload["comparison"] == {"similarity": similarity, "distance": distance}


@pytest.mark.parametrize("one", [None, ["a"], True, "x" * 501])
def test_what_is_no_text_or_too_long_is_not_compared(one: Any) -> None:
    assert isinstance(visit("compare-texts", {"one": "payload@one", "other": "a"}, payload={"one": one}), Fail)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "settings", "field", "message"),
    [
        ("validate", {"kind": "iban"}, "kind", "Expected one of"),
        ("validate", {"kind": "pattern", "pattern": "("}, "pattern", "missing )"),
        ("validate", {"kind": "schema", "schema": {"type": "text"}}, "schema.type", "Expected one of array"),
        ("validate", {"kind": "schema", "schema": ["a"]}, "schema", "Expected an object"),
        ("validate", {"kind": "email", "pattern": "a"}, "pattern", "only there where kind is pattern"),
        ("match-pattern", {"pattern": r"(a)\1"}, "pattern", "invalid escape sequence"),
        ("match-pattern", {"pattern": "(?=a)"}, "pattern", "invalid perl operator"),
        ("match-pattern", {"pattern": r"(?:\pL{0,50}){0,20}"}, "pattern", "too large"),
        ("match-pattern", {"pattern": "(a)", "mode": "replace", "replacement": r"\2"}, "replacement", "has no group 2"),
        ("compare-texts", {"one": "event@type"}, "other", "has to be filled in"),
    ],
)
def test_settings_that_cannot_be_are_refused_by_their_field(
    kind: str, settings: dict[str, Any], field: str, message: str
) -> None:
    value = {} if kind == "compare-texts" else {"value": "event@type"}

    problems = refused(kind, {**value, **settings})

    assert problems.keys() == {field}
    assert message in problems[field]


@pytest.mark.parametrize(
    ("looks_for", "text", "found"),
    [
        ("email", "To Ada@Example.com, b.c+d@mail.example.org.", ["Ada@Example.com", "b.c+d@mail.example.org"]),
        ("email", "no @ all, a@b, @x.com", []),
        (
            "url",
            'See https://shop.example/a?b=1&c=(2). Or "http://x.no/".',
            ["https://shop.example/a?b=1&c=(2", "http://x.no/"],
        ),
        ("url", "shop.example and ftp://x", []),
        ("ipv4", "From 10.0.0.1, 255.255.255.255 and 256.1.1.1, v1.2.3", ["10.0.0.1", "255.255.255.255"]),
        ("date", "2026-11-30, 30.11.2026, 11/30/26, 1-2-3", ["2026-11-30", "30.11.2026", "11/30/26"]),
    ],
)
def test_what_addresses_and_dates_look_like_is_known(looks_for: str, text: str, found: list[str]) -> None:
    move = visit("match-pattern", {"value": "payload@v", "looks_for": looks_for}, payload={"v": text})

    assert isinstance(move, Go)
    assert move.port == ("found" if found else "not_found")
    assert [match["text"] for match in (move.payload or {}).get("result", [])] == found
