"""What a condition depends on is known, so that it is evaluated anew when, and only when, that changes."""

from datetime import timedelta

import pytest

from apps.conditions import parse, reads


def names(fields: frozenset[object]) -> set[str]:
    return {str(field) for field in fields}


def test_fields_of_the_document_are_read() -> None:
    found = reads(parse("profile@a.b = 1 AND (age(event@time) > 1 OR ANY(session@list WHERE item@x = payload@y))"))

    assert names(found.fields) == {"profile@a.b", "event@time", "session@list", "payload@y"}
    assert not found.has_history


def test_fields_of_past_events_are_apart_from_those_of_the_document() -> None:
    found = reads(
        parse(
            'event@type = "x" '
            'AND SUM(event@properties.amount OF "buy" WHERE ANY(event@list WHERE item@a = event@b)) > 1 '
            'AND SEQUENCE("view" WHERE event@sku = 1 THEN "buy")'
        )
    )

    assert names(found.fields) == {"event@type"}
    assert names(found.event_fields) == {"event@properties.amount", "event@list", "event@b", "event@sku"}
    assert found.event_types == {"buy", "view"}
    assert found.has_history
    assert not found.any_event_type


def test_any_event_is_told_beside_the_types_that_are_named() -> None:
    found = reads(parse('DID("buy") OR SEQUENCE("view" THEN ANY EVENT)'))

    assert found.any_event_type
    assert found.event_types == {"buy", "view"}


@pytest.mark.parametrize(
    ("text", "depends"),
    [
        ("profile@a = 1", False),
        ("profile@a < now()", True),
        ("age(profile@a) > 18", True),
        ("year(profile@a) = 2024", False),
        ('DID("buy")', False),
        ('DID("buy" LAST 1 DAY)', True),
        ('DID("buy" SINCE now() - 1 DAY)', True),
        ('DID("buy" SINCE "2024-01-01")', False),
        ('SEQUENCE("a" THEN "b" WITHIN 1 DAY)', False),
        ('SEQUENCE("a" THEN "b" LAST 1 DAY)', True),
        ('COUNT("buy" WHERE event@x < now()) > 1', True),
    ],
)
def test_time_alone_may_change_what_looks_at_it(text: str, *, depends: bool) -> None:
    assert reads(parse(text)).depends_on_time is depends


@pytest.mark.parametrize(
    ("text", "look_back"),
    [
        ("profile@a = 1", timedelta()),
        ('DID("buy" LAST 90 DAYS)', timedelta(days=90)),
        ('DID("buy" LAST 90 DAYS) AND COUNT("buy" LAST 2 MONTHS) > 1', timedelta(days=90)),
        ('DID("buy" SINCE now() - 2 MONTHS)', timedelta(days=62)),
        ('DID("buy" FROM now() - 1 YEAR TO now())', timedelta(days=366)),
        ('SEQUENCE("a" THEN "b" LAST 1 WEEK)', timedelta(days=7)),
        ('DID("buy" LAST 90 DAYS) OR DID("buy")', None),
        ('DID("buy" SINCE "2024-01-01")', None),
        ('DID("buy" BEFORE now() - 1 DAY)', None),
    ],
)
def test_longest_look_back_is_known(text: str, look_back: timedelta | None) -> None:
    assert reads(parse(text)).look_back == look_back
