"""Numbers that are worked out, and values that stand in a table."""

from typing import Any

import pytest

from apps.flows.engine.moves import Fail, Go
from apps.flows.testing import refused, visit

EVENT: dict[str, Any] = {
    "event": {"properties": {"price": 19.99, "n": 3, "said": "12.50", "none": None, "text": "x", "big": 1e300}}
}


def calculated(*rows: tuple[Any, ...], **known: Any) -> Any:
    said = [dict(zip(("name", "formula", "decimals"), row, strict=False)) for row in rows]
    return visit("calculate", {"rows": said}, **EVENT, **known)


def test_numbers_are_made_of_those_before_and_stand_beside_what_is_there() -> None:
    move = calculated(
        ("net", "event@properties.price * event@properties.n"),
        ("exact", "0.1 + 0.2"),
        ("total", "payload@net * 1.25", 2),
        ("said", "event@properties.said | round(1) + 1"),
        ("rest", "(payload@total - 5) // 7 % 4"),
        ("half", "0.125", 2),
        ("below", "-event@properties.n - 1"),
        payload={"kept": "a", "net": 0},
    )

    assert move == Go(
        payload={
            "kept": "a",
            "net": 59.97,
            "exact": 0.3,
            "total": 74.96,
            "said": 13.5,
            "rest": 1,
            "half": 0.13,
            "below": -4,
        }
    )


@pytest.mark.parametrize(
    "formula",
    [
        "event@properties.none * 2",
        "event@properties.text + 1",
        "event@properties.said * 2",  # a text is no number until a filter makes it one
        "1 / (event@properties.n - 3)",
        "event@properties.n > 2",
        "event@properties.none",
        "event@properties.text",
        "event@properties.big * event@properties.big",
        "event@properties.big",
        "event@properties.big * 1.0",
    ],
)
def test_what_is_no_number_fails_without_the_value(formula: str) -> None:
    move = calculated(("a", formula))

    assert isinstance(move, Fail)
    assert "12.5" not in move.reason


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("rows", "field"),
    [
        ([{"name": "a", "formula": "{{ 1 }}"}], "rows.0.formula"),
        ([{"name": "a", "formula": "1 +"}], "rows.0.formula"),
        ([{"name": "a", "formula": "total * 2"}], "rows.0.formula"),
        ([{"name": "a b", "formula": "1"}], "rows.0.name"),
        ([{"name": "a", "formula": "1"}, {"name": "a", "formula": "2"}], "rows.1.name"),
        ([{"name": "a", "formula": "1", "decimals": 11}], "rows.0.decimals"),
        ([], "rows"),
    ],
)
def test_formulas_that_cannot_be_are_refused_by_their_field(rows: list[dict[str, Any]], field: str) -> None:
    assert refused("calculate", {"rows": rows}).keys() == {field}


TABLE = {"no": "Norway", "1": {"n": "event@properties.n"}, "true": "yes", "Ærø": "island", "nothing": None}


def mapped(value: Any, **settings: Any) -> Any:
    said = {"value": "payload@v", "table": TABLE, "otherwise": "Elsewhere", **settings}
    return visit("map-value", said, payload={"v": value}, **EVENT)


@pytest.mark.parametrize(
    ("value", "port", "found"),
    [
        ("no", "found", "Norway"),
        (" NO ", "found", "Norway"),
        ("ærØ", "found", "island"),
        (1, "found", {"n": 3}),
        (1.0, "found", {"n": 3}),
        (True, "found", "yes"),
        ("nothing", "found", None),
        ("se", "else", "Elsewhere"),
        ("", "else", "Elsewhere"),
        (None, "else", "Elsewhere"),
        (["no"], "else", "Elsewhere"),
    ],
)
def test_a_value_is_looked_up(value: Any, port: str, found: Any) -> None:
    assert mapped(value) == Go(port, payload={"v": value, "result": found})


def test_a_table_may_tell_capitals_from_small_letters() -> None:
    assert mapped("NO", ignores_case=False).port == "else"
    assert mapped("NO", ignores_case=False, table={"no": 1, "NO": 2}).payload["result"] == 2


def test_a_text_that_is_very_long_is_not_looked_up() -> None:
    assert isinstance(mapped("x" * 3_000), Fail)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("table", "field"),
    [({"no": 1, "NO": 2}, "table.NO"), ({}, "table"), (["no"], "table"), ({"no": "{{ x }}"}, "table.no")],
)
def test_tables_that_cannot_be_are_refused(table: Any, field: str) -> None:
    assert refused("map-value", {"value": "event@type", "table": table}).keys() == {field}
