"""What there is to ask about: named, of the right kind, with values that several people share, in few statements."""

from typing import Any

import pytest
from django.test.utils import CaptureQueriesContext

from apps.conditions.parse import parse_field
from apps.segments import catalogue, language, seen_fields
from tests.events.factories import UnplannedTypeFactory
from tests.factories import ComputedTraitFactory, EventFactory, ProfileFactory, SegmentFactory

pytestmark = pytest.mark.django_db


def test_free_fields_are_known_by_what_is_in_them_lately() -> None:
    for number in range(3):
        ProfileFactory(
            traits={"plan": "pro", "score": number, "tags": ["a", "b"], "mixed": number or "none", "on": True}
        )

    fields = catalogue.people().fields

    kinds = {name: fields[f"profile@traits.{name}"].kind for name in ("plan", "score", "tags", "mixed", "on")}
    assert kinds == {"plan": "text", "score": "number", "tags": "list of texts", "mixed": "", "on": "yes or no"}
    assert fields["profile@traits.tags"].values == ("a", "b")


def test_values_are_those_that_several_people_share_and_never_names() -> None:
    for number in range(4):
        traits = {"plan": "pro" if number else "secret", "nickname": "Bob", "home_address": "Here", "user_id": "17"}
        ProfileFactory(traits=traits, data={"pii": {"firstname": "Anna"}, "preferences": {"colors": ["red"]}})
        EventFactory(
            type="purchase", profile_id=ProfileFactory().id, properties={"email": "x@y.example", "colour": "red"}
        )

    fields = catalogue.people().fields

    assert fields["profile@traits.plan"].values == ("pro",)
    assert fields["profile@data.preferences.colors"].values == ("red",)
    assert fields["event@properties.colour"].values == ("red",)
    for path in ("traits.nickname", "traits.home_address", "traits.user_id", "data.pii.firstname"):
        assert fields[f"profile@{path}"].values == (), path
    assert fields["event@properties.email"].values == ()


def test_one_person_with_many_events_does_not_make_a_value() -> None:
    anna = ProfileFactory()
    EventFactory.create_batch(5, type="purchase", profile_id=anna.id, properties={"wish": "a boat"})

    assert catalogue.people().fields["event@properties.wish"].values == ()


def test_keys_that_are_ids_do_not_fill_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seen_fields, "MAX_FIELDS", 5)
    ProfileFactory(traits={f"key-{number}": number for number in range(100)})

    found = [path for path in catalogue.people().fields if path.startswith("profile@traits.key")]

    assert 0 < len(found) < 30


def test_odd_keys_are_written_so_that_they_can_be_read() -> None:
    ProfileFactory(traits={"favourite colour": "red", "": 1, "a.b": 2, '"': 3})

    paths = [path for path in catalogue.people().fields if path.startswith("profile@traits")]

    assert 'profile@traits["favourite colour"]' in paths
    for path in paths:
        language.parse(f"{path} = 1", catalogue=catalogue.people())


def test_all_that_is_offered_can_be_asked() -> None:
    ComputedTraitFactory(key="orders")
    SegmentFactory(key="vip", kind="list")
    EventFactory(type="purchase", properties={"amount": 5})

    for text in catalogue.people().fields:
        root = parse_field(text).root
        language.parse(f"DID(ANY EVENT WHERE {text} = 1)" if root == "event" else f"{text} = 1")
    assert {parse_field(text).root for text in catalogue.events().fields} == {"event"}
    assert catalogue.people().fields["profile@segments"].values == ("vip",)


def test_looking_takes_few_statements_however_many_types(django_assert_max_num_queries: Any) -> None:
    for number in range(30):
        EventFactory(type=f"type-{number}")

    with django_assert_max_num_queries(10) as asked:
        found = catalogue.people()
        catalogue.people()

    assert isinstance(asked, CaptureQueriesContext)
    assert "type-29" in found.event_types


def test_types_are_known_though_the_platform_itself_said_all_that_came_lately(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seen_fields, "N_LATEST", 2)
    EventFactory(type="old-thing")
    EventFactory.create_batch(2, type="segment-entered")
    UnplannedTypeFactory(type="old-thing")

    assert {"old-thing", "segment-entered"} <= set(catalogue.people().event_types)
