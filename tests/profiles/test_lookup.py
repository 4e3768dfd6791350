"""Whom texts name."""

from typing import Any

import pytest

from apps.core.ids import new_id
from apps.profiles.identifiers import identifier_id
from apps.profiles.lookup import named, people_of
from apps.profiles.models import Identifier, Profile
from tests.factories import NOON, AliasFactory, ProfileFactory

pytestmark = pytest.mark.django_db
Kind = Identifier.Kind


def known_by(profile: Profile, kind: str, value: str) -> None:
    Identifier.objects.create(id=identifier_id(kind, value), kind=kind, profile_id=profile.id, created_at=NOON)


def test_each_way_to_write_a_name_names_the_same_person() -> None:
    anna = ProfileFactory()
    known_by(anna, Kind.PHONE, "+4930901820")
    known_by(anna, Kind.EMAIL, "anna@example.com")
    texts = ["+49 30 901820", "+4930901820", "Anna@Example.com", "anna@example.com"]

    assert people_of(texts) == {text: {anna.id} for text in texts}


def test_one_text_and_many_are_resolved_alike() -> None:
    anna, ben = ProfileFactory(), ProfileFactory()
    known_by(anna, Kind.USER, "C-1")
    old = AliasFactory(profile=ben).id
    texts = ["C-1", str(old), str(ben.id), "nobody"]

    assert {text: named(text) for text in texts} == people_of(texts)


def test_an_id_of_nobody_names_nobody_in_a_list(django_assert_num_queries: Any) -> None:
    stranger = str(new_id())

    with django_assert_num_queries(5):
        assert people_of([stranger, *map(str, range(50))])[stranger] == set()
