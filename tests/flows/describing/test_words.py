"""What a definition says in words: every trigger, rule and goal has a sentence, and nothing makes it fail."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.flows.describing import words
from apps.flows.triggers.entry import Why

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=8), below, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(
    ["kind", "event_type", "condition", "max_age_secs", "segment", "change", "offset_days", "match", "within_secs"]
)
KINDS = st.sampled_from(["event", "segment", "field", "consent", "date", "schedule", "webhook", "manual"])


@pytest.mark.parametrize(
    ("trigger", "said"),
    [
        (
            {"kind": "event", "event_type": "checkout-started", "max_age_secs": 86_400},
            "When checkout-started happens, at most 1 day late.",
        ),
        (
            {"kind": "event", "event_type": "checkout-started", "condition": "event@properties.value > 20"},
            "When checkout-started happens, if event@properties.value > 20.",
        ),
        ({"kind": "segment", "segment": "vip"}, "When somebody enters the segment vip."),
        (
            {"kind": "segment", "segment": "vip", "includes_members": True},
            "When somebody enters the segment vip, and at once whoever is in it.",
        ),
        ({"kind": "segment", "segment": "vip", "change": "left"}, "When somebody leaves the segment vip."),
        ({"kind": "field", "field": "profile@traits.plan"}, "When profile@traits.plan changes."),
        ({"kind": "consent", "consent": "letters"}, "When somebody gives the consent letters."),
        (
            {"kind": "consent", "consent": "letters", "state": "withdrawn"},
            "When somebody withdraws the consent letters.",
        ),
        (
            {"kind": "date", "field": "profile@data.pii.birthday", "offset_days": -3, "at": "09:00", "yearly": True},
            "3 days before the date in profile@data.pii.birthday, each year at 09:00 where they are.",
        ),
        (
            {"kind": "date", "field": "profile@traits.renewal"},
            "On the date in profile@traits.renewal at 09:00 where they are.",
        ),
        (
            {"kind": "date", "field": "profile@traits.renewal", "offset_days": 1, "yearly": True, "leap": "mar1"},
            "1 day after the date in profile@traits.renewal, each year at 09:00 where they are (29 February: 1 March).",
        ),
        (
            {"kind": "schedule", "cron": "0 9 * * 1", "segment": "vip"},
            "At the times of 0 9 * * 1, for everybody in vip.",
        ),
        ({"kind": "schedule", "cron": "0 9 * * 1"}, "At the times of 0 9 * * 1, once, about nobody."),
        ({"kind": "webhook", "event_type": "feed-item"}, "When feed-item arrives, about nobody."),
        ({"kind": "manual"}, "By hand, or by the API."),
        ({"kind": "dance"}, "By dance, which there is not."),
    ],
)
def test_a_trigger_is_a_sentence(trigger: dict[str, Any], said: str) -> None:
    assert words.triggers({"triggers": [trigger]}) == [said]


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({}, "Each person enters every time."),
        ({"frequency": "once"}, "Each person enters once, ever."),
        ({"frequency": "interval", "interval_secs": 2_592_000}, "Each person enters once in 30 days."),
        ({"key": "event@properties.order_id"}, "Each person enters once for each event@properties.order_id."),
    ],
)
def test_how_often_somebody_enters_is_a_sentence(entry: dict[str, Any], said: str) -> None:
    assert words.entry({"entry": entry}) == [said]


def test_limits_consents_exits_and_goals_are_told() -> None:
    document = {
        "entry": {"max_live": 2},
        "consents": ["letters", "calls"],
        "exits": [{"event_type": "sale-completed", "match": {"properties.order_id": "event@properties.order_id"}}],
        "goals": [
            {"name": "Bought", "event_type": "sale-completed", "within_secs": 604_800, "ends_run": True},
            {"id": "g2", "condition": "profile@visits.count > 3", "ends_run": False},
        ],
    }

    assert words.entry(document)[1:] == [
        "At most 2 at once of one person.",
        "Only who agrees to letters and calls; who withdraws it leaves at once.",
    ]
    assert words.ends(document) == [
        "Leaves at once when sale-completed happens where properties.order_id is event@properties.order_id.",
        "Goal “Bought”: sale-completed within 7 days, and ends the run.",
        "Goal “g2”: it is so that profile@visits.count > 3.",
    ]


def test_each_reason_not_to_enter_is_told() -> None:
    told = {words.why_not(each) for each in Why}

    assert len(told) == len(Why)
    assert told.isdisjoint(Why)


@given(st.dictionaries(st.sampled_from(["triggers", "entry", "exits", "goals", "consents"]), ANY_JSON))
def test_whatever_somebody_wrote_is_told(document: Any) -> None:
    assert all(isinstance(line, str) for tell in (words.triggers, words.entry, words.ends) for line in tell(document))


@given(KINDS, st.dictionaries(KEYS, ANY_JSON))
def test_whatever_is_in_a_trigger_is_told(kind: str, parts: dict[str, Any]) -> None:
    assert words.trigger({**parts, "kind": kind}).endswith(".")
    assert all(map(str, words.ends({"exits": [parts], "goals": [parts]})))
