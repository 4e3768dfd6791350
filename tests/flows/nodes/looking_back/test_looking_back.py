"""What happened before is fetched, listed, counted, and searched for an order."""

from datetime import timedelta
from typing import Any

import pytest

from apps.flows.engine.moves import Ask, Fail, Go
from apps.flows.testing import NOON, refused, visit

STARTED = {"type": "order", "id": "3", "time": NOON.isoformat()}
EVENTS = [STARTED, {"type": "order", "id": "2", "properties": {}}, {"type": "order", "id": "1"}]
YEAR_AGO = (NOON - timedelta(days=365)).isoformat()


def test_an_earlier_event_is_asked_for_and_put_into_the_payload() -> None:
    settings = {"event": "order", "nth": 2, "into": "order"}

    assert visit("get-event", settings) == Ask(
        "past_event", {"since": YEAR_AGO, "type": "order", "match": None, "most": 3}
    )
    found = visit("get-event", settings, event=STARTED, answer=EVENTS, payload={"a": 1})
    assert found == Go("found", payload={"a": 1, "order": EVENTS[2]})
    assert visit("get-event", {"event": "order"}, event=STARTED, answer=EVENTS).payload == {"event": EVENTS[1]}
    assert visit("get-event", {"event": "order"}, event=None, answer=EVENTS).payload == {"event": STARTED}
    assert visit("get-event", settings, event=STARTED, answer=EVENTS[:2]) == Go("not_found")
    assert visit("get-event", settings, answer=[]) == Go("not_found")


def test_how_far_back_is_by_the_clock_of_the_world() -> None:
    move = visit("get-event", {"event": "order", "within": "1 day"}, behind=timedelta(days=2))

    assert isinstance(move, Ask)
    assert move.about["since"] == (NOON + timedelta(days=1)).isoformat()


def test_an_earlier_session_is_another_one() -> None:
    sessions = [{"id": "b"}, {"id": "a"}]

    assert visit("get-session", {"within": "365 days"}) == Ask("past_session", {"since": YEAR_AGO, "most": 2})
    assert visit("get-session", {}, session={"id": "b"}, answer=sessions) == Go(
        "found", payload={"session": {"id": "a"}}
    )
    assert visit("get-session", {}, session={"id": "c"}, answer=sessions).payload == {"session": {"id": "b"}}
    assert visit("get-session", {"nth": 2}, session={"id": "b"}, answer=sessions) == Go("not_found")


def test_what_is_made_of_past_events_goes_into_the_payload() -> None:
    settings = {"value": 'SUM(event@properties.total OF "order" LAST 90 DAYS)', "into": "spent"}

    assert visit("count-events", settings) == Ask("counted", {"value": settings["value"]})
    for found in (12.5, 0, None, "text"):
        assert visit("count-events", settings, held={"value": found}) == Go(payload={"spent": found})


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("", "filled in"),
        ('COUNT("order"', "Expected"),
        ('COUNT("order") > 1', "Expected"),
        ('COUNT("order") > 1 AND COUNT("b")', "no condition"),
        ("profile@traits.plan", "made of past events"),
        ('SUM(event@propertis.total OF "order")', "no field"),
    ],
)
def test_what_counts_nothing_is_refused_when_it_is_saved(value: str, message: str) -> None:
    found = refused("count-events", {"value": value})

    assert list(found) == ["value"]
    assert message in found["value"]


def test_the_latest_types_are_a_list_the_oldest_first() -> None:
    answer = [{"type": "c"}, {"type": "b"}, {"type": "a"}]

    assert visit("event-sequence", {"most": 3}) == Ask(
        "past_event", {"since": YEAR_AGO, "type": "", "match": None, "most": 3}
    )
    assert visit("event-sequence", {}, answer=answer) == Go(payload={"sequence": ["a", "b", "c"]})


def test_the_latest_types_may_be_those_since_the_session_began() -> None:
    settings = {"is_of_session": True}
    began = {"started_at": (NOON - timedelta(minutes=5)).isoformat()}

    move = visit("event-sequence", settings, session=began, behind=timedelta(minutes=1))

    assert isinstance(move, Ask)
    assert move.about["since"] == began["started_at"]
    shorter = visit("event-sequence", {**settings, "within": "1 minute"}, session=began)
    assert isinstance(shorter, Ask)
    assert shorter.about["since"] == (NOON - timedelta(minutes=1)).isoformat()
    assert visit("event-sequence", settings) == Fail("The run has no session.")


def test_values_of_past_events_are_counted_the_most_first() -> None:
    values = ["a", "b", ["b", "c"], None, {"x": 1}, True, 3, "x" * 201, ""]
    events = [{"properties": {"v": value}} for value in values]
    settings = {"event": "t", "path": "properties.v"}

    found = visit("event-values", settings, answer=events)

    assert isinstance(found, Go)
    assert list(found.payload["values"].items()) == [("b", 2), ("3", 1), ("a", 1), ("c", 1), ("true", 1)]
    assert visit("event-values", {**settings, "most": 1}, answer=events).payload == {"values": {"b": 2}}
    assert list(refused("event-values", {**settings, "path": "type"})) == ["path"]


@pytest.mark.parametrize(
    ("items", "settings", "port"),
    [
        ("b c", {}, "true"),
        ("a d", {}, "true"),
        ("d a", {}, "false"),
        ("b b", {}, "true"),
        ("c c", {}, "false"),
        ("a * b", {}, "true"),
        ("a d", {"has_gaps": False}, "false"),
        ("b * b d", {"has_gaps": False}, "true"),
        ("a c", {"where": "begins"}, "true"),
        ("b c", {"where": "begins"}, "false"),
        ("a b", {"where": "begins", "has_gaps": False}, "true"),
        ("a d", {"where": "ends"}, "true"),
        ("a c", {"where": "ends"}, "false"),
        ("b d", {"where": "ends", "has_gaps": False}, "true"),
        ("c b d e", {"has_gaps": False}, "false"),
    ],
)
def test_a_list_is_searched_for_items_in_their_order(items: str, settings: dict[str, Any], port: str) -> None:
    said = {"items": [{"text": text} for text in items.split()], **settings}

    assert visit("match-sequence", said, payload={"sequence": ["a", "b", "c", "b", "d"]}) == Go(port)
    assert visit("match-sequence", said, payload={"sequence": []}) == Go("false")
    assert visit("match-sequence", said) == Fail("There is no list.")
