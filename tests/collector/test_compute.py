"""The pipeline keeps computed traits: each event counts once, in its window, whenever it arrives."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.collector import accept
from apps.collector.envelope import Envelope
from apps.collector.wire import Message
from apps.events import sources
from apps.events.computed_traits import definitions, recomputing
from apps.events.models import ComputedTrait, Event, Source
from apps.profiles.models import Profile, ScoreScale
from tests.factories import NOON, ComputedTraitFactory, EventTypeFactory, ProfileFactory, SourceFactory, track_body

ORDERED = "order-completed"
TODAY = NOON.date()
pytestmark = pytest.mark.django_db


@pytest.fixture
def source() -> Source:
    """The shop."""
    return SourceFactory()


def define(key: str, function: str = "count", **parts: Any) -> ComputedTrait:
    path = "" if function in ("count", "first_time", "last_time") else "properties.total"
    row = ComputedTraitFactory.build(
        **{"key": key, "function": function, "event_types": [ORDERED], "path": path, **parts}
    )
    definitions.save(row)
    return row


def order(total: Any = None, *, at: datetime = NOON, **parts: Any) -> dict[str, Any]:
    return {"type": ORDERED, "time": {"create": at.isoformat()}, "properties": {"total": total}, **parts}


def send(source: Source, *events: dict[str, Any], at: datetime = NOON) -> None:
    """Let events arrive at noon, or later."""
    policy = sources.find(str(source.id))
    assert policy is not None
    body = json.dumps(track_body(source, events=list(events))).encode()
    accept.history([Message("track", body, Envelope(policy, at))], at=at)


def ago(days: int) -> datetime:
    return NOON - timedelta(days=days)


def computed() -> dict[str, Any]:
    return Profile.objects.get().computed


def test_a_profile_knows_how_many_orders_there_were_and_what_they_were_worth(source: Source) -> None:
    define("orders")
    define("revenue", "sum")
    define("last_total", "last")

    send(source, order(24.9), order(0.1), {"type": "page-view"})
    send(source, order(5))

    assert computed() == {"orders": 3, "revenue": 30, "last_total": 5}


def test_a_repeated_request_counts_once(source: Source) -> None:
    define("orders")
    event = order(5, id="order-17")

    send(source, event)
    send(source, event, event)

    assert Event.objects.filter(type=ORDERED).count() == computed()["orders"] == 1


def test_a_late_event_becomes_the_first_and_does_not_become_the_last(source: Source) -> None:
    define("first_total", "first")
    define("last_total", "last")
    define("since", "first_time")

    send(source, order(2, at=ago(2)))
    send(source, order(1, at=ago(9)))

    assert (computed()["first_total"], computed()["last_total"]) == (1, 2)
    assert computed()["since"][:10] == "2026-11-14"


def test_an_event_older_than_the_window_does_not_count(source: Source) -> None:
    define("recent", days=7)
    define("all")

    send(source, order(at=ago(30)), order(at=ago(3)), order())

    assert computed() == {"recent": 2, "all": 3}
    assert Profile.objects.get().computed_until == TODAY + timedelta(days=7 - 3)


def test_events_that_left_the_window_are_forgotten_with_the_next_event(source: Source) -> None:
    define("recent", days=7)
    send(source, order(at=ago(6)), order(at=ago(1)))

    send(source, order(), at=NOON + timedelta(days=1))

    assert computed() == {"recent": 2}
    assert Profile.objects.get().computed_until == ago(1).date() + timedelta(days=7)


def test_what_is_no_number_does_not_count_and_harms_nothing(source: Source) -> None:
    define("revenue", "sum")

    send(source, order("many"), order(None), order({"amount": 5}), order("7.50"))

    assert computed() == {"revenue": 7.5}


def test_a_trait_of_all_types_counts_what_people_did_and_not_what_the_platform_says(source: Source) -> None:
    define("events", event_types=[])

    send(source, order(), {"type": "anything"})

    assert (computed()["events"], Event.objects.count()) == (2, 5)


def test_events_that_are_flagged_as_invalid_do_not_count(source: Source) -> None:
    define("orders", event_types=["order-placed"])
    EventTypeFactory(type="order-placed", schema={"properties": {"total": {"type": "number"}}})

    send(source, order(5, type="order-placed"), order("many", type="order-placed"))

    assert Event.objects.filter(type="order-placed").count() == 2
    assert computed() == {"orders": 1}


def test_events_that_are_not_stored_do_not_count(source: Source) -> None:
    define("orders")

    send(SourceFactory(is_ephemeral=True), order())

    assert (Event.objects.count(), computed()) == (0, {})


def test_a_profile_made_before_a_trait_leaves_it_to_the_background(source: Source) -> None:
    send(source, order(1))
    define("orders")

    send(source, order(2))
    assert computed() == {}
    recomputing.recount_page(definitions.read(), now=NOON)
    send(source, order(3))

    assert computed() == {"orders": 3}


def test_a_process_with_old_definitions_reads_them_before_it_counts_for_a_newer_profile(source: Source) -> None:
    define("orders")
    send(source, order())
    # Another process defines a trait, and the background is quick.
    definitions.save(ComputedTraitFactory.build(key="revenue", function="sum", path="properties.total"))
    recomputing.recount_page(definitions.read(), now=NOON)

    send(source, order(5))

    assert computed() == {"orders": 2, "revenue": 5}


def test_an_rfm_trait_is_scored_by_the_last_look_at_everybody(source: Source) -> None:
    define("rfm", "rfm")
    limits = {
        "recency": ["2020-01-01T00:00:00+00:00", "2021-01-01T00:00:00+00:00", None, None],
        "frequency": [None, None, 1, 2],
        "monetary": [5, 10, 20, 30],
    }
    ScoreScale.objects.create(trait="rfm", limits=limits, made_at=NOON)

    send(source, order(12), order(12.5))

    found = computed()["rfm"]
    assert (found["recency"], found["frequency"], found["monetary"], found["text"]) == (5, 4, 4, "544")
    assert (found["count"], found["sum"]) == (2, 24.5)


def test_ten_traits_add_no_statement(source: Source) -> None:
    send(source, order(1))
    with CaptureQueriesContext(connection) as without:
        send(source, order(2))
    for number, function in enumerate(("count", "sum", "last", "distinct", "rfm") * 2):
        define(f"trait_{number}", function, days=30 if number % 2 else None)
    recomputing.recount_page(definitions.read(), now=NOON)
    send(source, order(3))

    with CaptureQueriesContext(connection) as with_ten:
        send(source, order(4))

    assert len(with_ten) == len(without)
    assert len(computed()) == 10


def test_conditions_and_mappings_see_what_was_computed() -> None:
    profile = ProfileFactory(computed={"orders": 3}, computed_until=date(2026, 11, 30))

    profile.refresh_from_db()

    assert profile.document["computed"] == {"orders": 3}
    assert profile.computed_until == date(2026, 11, 30)


def test_the_window_is_one_of_days_in_utc(source: Source) -> None:
    define("today", days=1)
    midnight = datetime.combine(TODAY, datetime.min.time(), UTC)

    send(source, order(at=midnight - timedelta(seconds=1)), order(at=midnight))

    assert computed() == {"today": 1}
