"""What templates may refer to, and what was probably meant."""

import pytest

from apps.conditions.nearest import Hints
from apps.conditions.parse import parse_field
from apps.flows.definition.references import Known
from apps.segments import catalogue
from tests.factories import ComputedTraitFactory, EventFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "text",
    [
        "profile@data.pii.firstname",
        "profile@data.contact",
        "profile@traits.anything",
        "profile@segments",
        "profile@visits.count",
        "profile@data.contact.app.other.irc",
        "event@id",
        "event@type",
        "event@properties.order.id",
        "session@utm.campaign",
        "session@language",
        "flow@key",
        "payload@a.b",
        "memory@x",
        "payload@...",
        "profile@email",
        "profile@data.preferences.colors.0",
    ],
)
def test_what_there_is_may_be_named(text: str) -> None:
    assert Known().refusal(parse_field(text)) == ""


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("profile@data.pii.fistname", "profile@data.pii.firstname"),
        ("profile@trait.plan", ""),
        ("profile@computed.orders_cuont", "profile@computed.orders_count"),
        ("event@property.price", ""),
        ("session@langauge", "session@language"),
        ("flow@kay", "flow@key"),
    ],
)
def test_what_there_is_not_is_refused_with_what_was_probably_meant(text: str, meant: str) -> None:
    ComputedTraitFactory(key="orders_count")

    refused = Known().refusal(parse_field(text))

    assert refused.startswith(f"There is no field {text}.")
    assert f"Did you mean {meant}" in refused


def test_a_property_that_nobody_was_seen_with_is_a_doubt() -> None:
    EventFactory(type="order", properties={"order_id": "1", "customer": {"city": "Ulm"}, "items": [{"a": 1}]})
    catalogue.sampled.forget()

    for known in ("event@properties.order_id", "event@properties.customer", "event@properties.items.0.a", "event@type"):
        assert Known().doubt(parse_field(known)) == ""
    assert Known().doubt(parse_field("event@properties.ordr_id")).endswith("Did you mean event@properties.order_id?")


def test_what_was_meant_is_told_of_some_as_it_takes_long_to_find_out() -> None:
    known = Known()

    told = [known.refusal(parse_field("profile@data.pii.firstnam")) for _ in range(Hints.MOST + 1)]

    assert told[-2].endswith("Did you mean profile@data.pii.firstname?")
    assert told[-1] == "There is no field profile@data.pii.firstnam."
