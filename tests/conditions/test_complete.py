"""The editor is told what may stand where something is typed."""

import pytest

from apps.conditions import Catalogue, KnownField, complete

CATALOGUE = Catalogue(
    fields={
        "profile@traits.plan": KnownField("Plan", "text", ("pro", 'te"am', 5)),
        "profile@data.pii.age": KnownField("Age", "number"),
        "profile@traits.tags": KnownField("Tags", "list"),
        "event@properties.amount": KnownField("Amount", "number"),
    },
    open_objects=frozenset({"profile@traits"}),
    event_types=("purchase", "page-view"),
)


def suggested(text: str) -> list[str]:
    """Return what is suggested where | stands."""
    return [suggestion.value for suggestion in complete(text.replace("|", ""), text.index("|"), CATALOGUE)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("prof|", ["profile@traits.plan", "profile@data.pii.age", "profile@traits.tags"]),
        ("profile@t|", ["profile@traits.plan", "profile@traits.tags", "profile@traits."]),
        ("SUM(event@p|", ["event@properties.amount"]),
        ("PROFILE@DATA|", ["profile@data.pii.age"]),
        ("profile@traits.plan = |", ['"pro"', '"te\\"am"', "5"]),
        ('profile@traits.plan = "p|', ['"pro"']),
        ("profile@traits.plan = 't|", ['"te\\"am"']),
        ("profile@traits.plan IN ['pro', |", ['"pro"', '"te\\"am"', "5", "FALSE", "NULL", "TRUE"]),
        ('DID("Page V|', ['"page-view"']),
        ("COUNT(|", ['"purchase"', '"page-view"', "ANY EVENT"]),
        ("COUNT('pa|", ['"page-view"']),
        ("DID NOT(|", ['"purchase"', '"page-view"', "ANY EVENT"]),
        ("SEQUENCE('purchase' THEN |", ['"purchase"', '"page-view"', "ANY EVENT"]),
        ("SUM(|", ["event@properties.amount"]),
        ("COUNT('purchase' LAST 5 d|", ["DAYS"]),
        ("COUNT('purchase' WHERE eve|", ["event@properties.amount"]),
        ("profile@data.pii.age > 5 a|", ["AND"]),
        ("(profile@data.pii.age > 5 |", ["AND", "OR", ")"]),
        ("profile@traits.tags NOT E|", ["EMPTY", "ENDS WITH", "EXISTS"]),
        ("profile@traits.tags IS |", ["FALSE", "NOT", "NULL", "TRUE"]),
        ("profile@traits.tags STARTS |", ["WITH"]),
        ("wrong = |", []),
        ("profile@a = 1 profile@b |", []),
        ("days_to|", ["days_to_anniversary("]),
    ],
)
def test_suggestions_fit_their_place(text: str, expected: list[str]) -> None:
    kinds = {suggestion.kind for suggestion in complete(text.replace("|", ""), text.index("|"), CATALOGUE)}

    assert suggested(text)[: len(expected)] == expected
    assert "field" in kinds or len(suggested(text)) == len(expected)


def test_operators_follow_a_field() -> None:
    assert suggested("profile@traits.plan |") == [
        *("BETWEEN", "=", "!=", ">", ">=", "<", "<=", "CONTAINS", "EMPTY", "ENDS WITH", "EXISTS", "IN", "IS NULL"),
        *("IS NOT NULL", "NOT", "STARTS WITH"),
    ]


def test_items_can_be_asked_within_a_list() -> None:
    assert "item@" in suggested("ANY(profile@traits.tags WHERE |")
    assert "item@" not in suggested("ANY(profile@traits.tags WHERE item@... = 1) AND |")


def test_what_is_typed_is_replaced_as_a_whole() -> None:
    text = "profile@tra = 5"

    found = complete(text, text.index("a ") - 1, CATALOGUE)[0]

    assert text[: found.start] + found.value + text[found.end :] == "profile@traits.plan = 5"
    assert found.label == "Plan"


def test_open_text_is_replaced_to_its_closing_quote() -> None:
    text = 'profile@traits.plan = "pr" AND profile@traits.tags EMPTY'

    found = complete(text, text.index('r"'), CATALOGUE)[0]

    assert text[: found.start] + found.value + text[found.end :] == (
        'profile@traits.plan = "pro" AND profile@traits.tags EMPTY'
    )


@pytest.mark.parametrize("text", ["", "(", ")", '"', "profile@", "NOT", "profile@a[", "item@x = [", "\\", "@@@", "é“”"])
def test_anything_may_stand_there(text: str) -> None:
    for position in range(len(text) + 1):
        complete(text, position, CATALOGUE)
