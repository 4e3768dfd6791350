"""Definitions of computed traits: what they may say, and when they make a new version."""

from typing import Any
from uuid import UUID

import pytest

from apps.core.mistakes import DefinitionError
from apps.events.computed_traits import definitions
from apps.events.computed_traits.counter import Counter
from apps.events.computed_traits.definitions import Definitions
from apps.events.models import ComputedTrait
from apps.profiles import aggregates
from apps.profiles.aggregates import States
from apps.profiles.models import ScoreScale
from tests.factories import NOON, ComputedTraitFactory


@pytest.mark.parametrize(
    ("parts", "field", "message"),
    [
        ({"function": "median"}, "function", "Unknown function; known are count, sum,"),
        ({"function": "sum"}, "path", "Expected a dotted path"),
        ({"function": "sum", "path": "total"}, "path", "begins with one of properties., traits., context."),
        ({"function": "sum", "path": "properties"}, "path", "Expected a dotted path"),
        ({"function": "sum", "path": "properties..total"}, "path", "Expected a dotted path"),
        ({"function": "last", "path": "profile.data.pii"}, "path", "Expected a dotted path"),
        ({"function": "count", "path": "properties.total"}, "path", "leave the path empty"),
        ({"condition": "event@properties.total >"}, "condition", "Line 1"),
        ({"condition": "profile@data.pii.age > 18"}, "condition", "event@type, and at nothing else"),
        ({"condition": "event@id EXISTS"}, "condition", "event@type, and at nothing else"),
        ({"condition": "event@properties.until > now()"}, "condition", "nor at the clock"),
    ],
)
def test_a_wrong_definition_names_its_field(parts: dict[str, Any], field: str, message: str) -> None:
    with pytest.raises(DefinitionError, match=message) as caught:
        definitions.compile(ComputedTraitFactory.build(**parts))

    assert caught.value.field == field


def test_traits_are_found_by_event_type() -> None:
    rows = [
        ComputedTraitFactory.build(key="all"),
        ComputedTraitFactory.build(key="orders", event_types=["order-completed", "checkout-completed"]),
    ]

    found = definitions.Definitions(1, tuple(map(definitions.compile, rows)))

    assert [trait.key for trait in found.of_type("order-completed")] == ["all", "orders"]
    assert [trait.key for trait in found.of_type("page-view")] == ["all"]
    assert found.event_types is None
    assert definitions.Definitions(1, found.traits[1:]).event_types == {"order-completed", "checkout-completed"}


def test_only_events_that_meet_the_condition_count() -> None:
    condition = 'event@properties.currency = "EUR" AND event@type != "refund"'
    row = ComputedTraitFactory.build(function="sum", path="properties.total", condition=condition)
    counter = Counter(Definitions(1, (definitions.compile(row),)), today=NOON.date())
    states: States = {}

    for number, (type_, currency) in enumerate(
        [("order", "EUR"), ("order", "USD"), ("refund", "EUR"), ("order", None)]
    ):
        event = {"type": type_, "properties": {"total": 10**number, "currency": currency}}
        counter.count(states, event, time=NOON, event_id=UUID(int=number), version=1)

    assert [aggregates.value(state) for state in states.values()] == [1]
    assert counter.definitions.roots == ("properties",)


@pytest.mark.django_db
def test_a_change_of_meaning_makes_a_new_version() -> None:
    row = ComputedTraitFactory.build(key="orders")
    assert definitions.save(row) is True
    first = definitions.read().version

    row.days = 30
    assert definitions.save(row) is True

    assert definitions.read().version == row.version == first + 1


@pytest.mark.django_db
def test_a_change_of_words_does_not() -> None:
    row = ComputedTraitFactory.build(key="orders")
    definitions.save(row)
    version = row.version

    row.name, row.description = "Orders", "All there ever were."
    assert definitions.save(row) is False

    row.refresh_from_db()
    assert (row.name, row.version, definitions.read().version) == ("Orders", version, version)


@pytest.mark.django_db
def test_a_deleted_trait_takes_its_scale_along_and_its_number_is_not_used_again() -> None:
    row = ComputedTraitFactory.build(key="rfm", function="rfm", path="properties.total")
    definitions.save(row)
    ScoreScale.objects.create(trait="rfm", made_at=NOON)
    version = row.version

    definitions.delete(ComputedTrait.objects.filter(key="rfm"))
    again = ComputedTraitFactory.build(key="rfm", function="rfm", path="properties.total")
    definitions.save(again)

    assert not ScoreScale.objects.exists()
    assert again.version > version + 1


@pytest.mark.django_db
def test_what_is_switched_off_or_broken_is_left_out() -> None:
    ComputedTraitFactory(key="off", is_enabled=False)
    ComputedTraitFactory(key="broken", function="median")
    ComputedTraitFactory(key="fine")

    assert [trait.key for trait in definitions.read().traits] == ["fine"]


@pytest.mark.django_db
def test_a_wrong_definition_is_not_saved() -> None:
    with pytest.raises(DefinitionError):
        definitions.save(ComputedTraitFactory.build(function="sum"))

    assert not ComputedTrait.objects.exists()
