"""Searchable traits, tags, the journey, and what is blotted out on the way."""

from typing import Any

import pytest

from apps.collector.payload import Batch, PayloadEvent
from apps.collector.stages.traits import traits
from apps.core.snapshot import Snapshot
from apps.events.event_types import planned
from apps.events.event_types.compiling import compile as compile_rules
from tests.factories import NOON, payload

RULES = {
    "id": "paid",
    "journey": {"first_visit": "awareness", "later_visits": "purchase"},
    "tags": ["entity:payment"],
    "traits": {"data.card": "card.number", "data.value": "value"},
    "redact": {"card.number": "last4", "card.cvv": "drop"},
}


@pytest.fixture(autouse=True)
def rules(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = {"paid": compile_rules(RULES)}
    monkeypatch.setattr(planned, "current", Snapshot(lambda: compiled, of=(), refresh_secs=60))


def passed(type_: str, properties: dict[str, Any], **values: Any) -> PayloadEvent:
    event = PayloadEvent(type=type_, properties=properties, tags=["mine"], **values)
    traits(Batch([payload(event)], NOON))
    return event


def test_card_numbers_are_blotted_out_before_they_become_traits() -> None:
    event = passed("paid", {"value": 5, "card": {"number": "4111 1111 1111 1234", "cvv": "737"}})

    assert event.properties == {"value": 5, "card": {"number": "1234"}}
    assert event.traits == {"data": {"card": "1234", "value": 5}}
    assert event.tags == ["mine", "entity:payment"]


@pytest.mark.parametrize(
    ("visit_count", "journey"), [(None, None), (0, "awareness"), (1, "awareness"), (2, "purchase")]
)
def test_the_journey_depends_on_the_visit(visit_count: int | None, journey: str | None) -> None:
    assert passed("paid", {}, visit_count=visit_count).journey == journey


def test_an_unknown_type_is_left_as_it_is() -> None:
    event = passed("unknown", {"value": 5})

    assert (event.properties, event.traits, event.tags, event.journey) == ({"value": 5}, {}, ["mine"], None)
