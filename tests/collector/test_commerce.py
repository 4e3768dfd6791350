"""Segment's and RudderStack's names of e-commerce mean ours: their traits, metrics and amounts are the same."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.collector import accept
from apps.conditions.type_names import event_type
from apps.events.computed_traits import definitions
from apps.events.models import Event, Source
from apps.profiles.models import Profile
from apps.segments import counting, language
from tests.commerce import EVENTS, TRAITS
from tests.factories import ComputedTraitFactory, SourceFactory

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def source(db: None) -> Source:
    return SourceFactory()


@pytest.fixture
def send(client: APIClient, source: Source) -> Any:
    """Send events of one customer in a batch, and let them be processed."""

    def send(events: list[tuple[str, dict[str, Any]]]) -> None:
        batch = [
            {
                "type": "track",
                "userId": "anna",
                "event": name,
                "properties": properties,
                "timestamp": (NOW - timedelta(minutes=len(events) - place)).isoformat(),
            }
            for place, (name, properties) in enumerate(events)
        ]
        body = json.dumps({"writeKey": source.write_key, "batch": batch})
        assert client.post("/v1/batch", body, content_type="application/json").status_code == 200
        accept.ingest(1_000, at=datetime.now(UTC))

    return send


def test_the_whole_specification_has_traits_and_metrics_and_loses_nothing(send: Any) -> None:
    send(list(EVENTS.items()))

    stored = {event.type: event for event in Event.objects.filter(profile_id__isnull=False)}
    assert {name: stored[event_type(name)].properties for name in EVENTS} == EVENTS
    assert {name: stored[event_type(name)].traits for name in EVENTS} == TRAITS
    assert {name for name in EVENTS if stored[event_type(name)].problems or not stored[event_type(name)].journey} == {
        "Products Searched"  # a search is no step of the journey
    }
    profile = Profile.objects.get()
    assert profile.data["metrics"] == {
        "ltv": 20,  # 32.25 came in, 12.25 went back
        "ltcosc": 1,
        "ltcosv": 40.2,
        "ltcocc": 1,
        "ltcocv": 32.25,
        "ltcop": 100,
    }


PAIRS = [
    ("Product Added", "product-added-to-basket"),
    ("Order Canceled", "Order Cancelled"),
    ("Cart Viewed", "basket-viewed"),
]


@pytest.mark.parametrize(("theirs", "ours"), [*PAIRS, *[(ours, theirs) for theirs, ours in PAIRS]])
def test_who_names_one_asks_about_both(send: Any, theirs: str, ours: str) -> None:
    definitions.save(
        ComputedTraitFactory.build(key="spent", function="sum", path="properties.price", event_types=[ours])
    )

    send([(theirs, {"price": "1.50"}), (ours, {"price": 2})])

    assert Profile.objects.get().computed == {"spent": 3.5}
    assert Event.objects.filter(type=theirs).count() == 1
    for name in (theirs, ours):
        for text in (
            f'COUNT("{name}") = 2',
            f'SUM(event@properties.price OF "{name}") = 3.5',
            f'SEQUENCE("{name}" THEN "{name}")',
        ):
            condition = language.parse(text)
            assert counting.count(condition, now=datetime.now(UTC)).value == 1, text


def test_our_own_words_for_orders_mean_what_they_meant(send: Any) -> None:
    send([("order-completed", {"id": "O-1", "status": "done"}), ("checkout-completed", {"id": "C-1", "value": 5})])

    event = Event.objects.get(type="order-completed")
    assert event.traits == {"data": {"ec": {"order": {"id": "O-1", "status": "done"}}}}
    assert Profile.objects.get().data["metrics"] == {"ltcocc": 1, "ltcocv": 5, "ltcop": 0}
