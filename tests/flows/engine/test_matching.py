"""Values by which events are joined to runs."""

import pytest

from apps.core.paths import MISSING
from apps.flows.engine import matching


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("A-7 ", "A-7"),
        (7, "7"),
        (7.0, "7"),
        (7.5, "7.5"),
        (True, "true"),
        (["a"], '["a"]'),
        (None, None),
        ("", None),
        (" ", None),
        (MISSING, None),
    ],
)
def test_values_are_compared_as_texts(value: object, text: str | None) -> None:
    assert matching.text_of(value) == text


def test_a_text_is_no_longer_than_it_may_be() -> None:
    assert matching.text_of("x" * 9_000) == "x" * matching.MAX_TEXT


@pytest.mark.parametrize(
    ("match", "is_match"),
    [
        ({}, True),
        ({"properties.order.id": "7"}, True),
        ({"properties.order.id": "7", "type": "purchase"}, True),
        ({"properties.order.id": "7", "type": "refund"}, False),
        ({"properties.order.nr": "7"}, False),
        ({"properties..order": "7"}, False),
    ],
)
def test_events_match_where_all_is_said_that_is_wanted(match: dict[str, str], is_match: bool) -> None:
    assert matching.matches(match, {"type": "purchase", "properties": {"order": {"id": 7.0}}}) is is_match
