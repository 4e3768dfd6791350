"""A dry run tells what rules would make of real events, and writes nothing."""

from typing import Any

import pytest

from apps.core.ids import new_id
from apps.core.paths import MISSING
from apps.events.event_types.compiling import compile
from apps.events.event_types.trial import Change, Outcome, diff, try_out
from apps.events.models import Event
from apps.events.store import partitions
from apps.events.store.recent import samples_of
from apps.profiles.models import Profile
from tests.events.factories import QuarantinedEventFactory
from tests.factories import NOON, ProfileFactory, SessionFactory, SourceFactory

pytestmark = pytest.mark.django_db


def stored(properties: dict[str, Any], **parts: Any) -> Event:
    partitions.ensure([partitions.month_of(NOON)])
    at = {"time": NOON, "received_at": NOON, "processed_at": NOON}
    return Event.objects.create(
        id=new_id(), type="order-placed", **{"source_id": SourceFactory().id, **at, **parts}, properties=properties
    )


def tried(**definition: Any) -> list[Outcome]:
    rules = compile({"id": "order-placed", **definition})
    return try_out(rules, samples_of("order-placed", with_profiles=True), now=NOON)


def test_traits_are_shown_before_and_after() -> None:
    stored({"total": 5, "coupon": "X"}, traits={"data": {"total": 4, "old": 1}})

    [outcome] = tried(traits={"data.total": "total", "data.coupon": "coupon"})

    assert outcome.verdict == "passes"
    assert sorted(outcome.traits, key=lambda change: change.path) == [
        Change("data.coupon", MISSING, "X"),
        Change("data.old", 1, MISSING),
        Change("data.total", 4, 5),
    ]


def test_the_profile_is_shown_as_if_the_event_happened_once_more_and_stays_as_it_is() -> None:
    anna = ProfileFactory(traits={"plan": "free"}, stats={"orders": 2}, name="Anna")
    stored({"plan": "pro"}, profile_id=anna.id)

    [outcome] = tried(profile={"traits.plan": {"equals": "properties.plan"}, "stats.orders": {"increment": 1}})

    assert outcome.profile == [Change("traits.plan", "free", "pro"), Change("stats.orders", 2, 3)]
    assert outcome.profile_name == "Anna"
    assert Profile.objects.get().traits == {"plan": "free"}


def test_an_event_that_would_not_be_valid_says_why_and_changes_no_profile() -> None:
    stored({"plan": 5}, profile_id=ProfileFactory().id)

    [outcome] = tried(
        schema={"properties": {"plan": {"type": "string"}}},
        policy="quarantine",
        profile={"traits.plan": {"equals": "properties.plan"}},
    )

    assert outcome.verdict == "is quarantined"
    assert outcome.problems == [{"field": "properties.plan", "message": 'The value is not of type "string"'}]
    assert outcome.profile == []


def test_a_template_shows_what_becomes_of_the_properties() -> None:
    session = SessionFactory(context={"lang": "de"})
    stored({"total": 5}, session_id=session.id)

    [outcome] = tried(reshape={"properties": {"amount": "event@properties.total", "lang": "session@context.lang"}})

    assert outcome.properties == [
        Change("total", 5, MISSING),
        Change("amount", MISSING, 5),
        Change("lang", MISSING, "de"),
    ]


def test_a_value_that_does_not_fit_its_field_is_told() -> None:
    stored({"height": "tall"}, profile_id=ProfileFactory().id)

    [outcome] = tried(profile={"data.pii.attributes.height": {"equals": "properties.height"}})

    assert outcome.problems == [{"field": "data.pii.attributes.height", "message": "Expected a number, not a text."}]


def test_events_in_quarantine_are_tried_too() -> None:
    QuarantinedEventFactory(source_id=SourceFactory().id, properties={"total": "5"}, payload={"session_ref": "s-1"})

    [outcome] = tried(schema={"properties": {"total": {"type": ["string", "number"]}}}, policy="quarantine")

    assert (outcome.is_quarantined, outcome.verdict) == (True, "passes")


def test_who_may_not_see_people_sees_none() -> None:
    stored({}, profile_id=ProfileFactory().id)

    [sample] = samples_of("order-placed", with_profiles=False)

    assert sample.profile is None


def test_diff_goes_down_to_the_fields_and_takes_a_list_for_one_value() -> None:
    before = {"a": {"b": 1, "c": [1]}, "gone": {"x": 1}, "same": 1, "true": 1}
    after = {"a": {"b": 2, "c": [1, 2]}, "same": 1, "true": True, "new.key": {"y": {}}}

    assert list(diff(before, after)) == [
        Change("a.b", 1, 2),
        Change("a.c", [1], [1, 2]),
        Change("gone.x", 1, MISSING),
        Change("true", 1, True),
        Change("new\\.key.y", MISSING, {}),
    ]
