"""Rows by their primary keys."""

from typing import Any

import pytest
from django.utils.timezone import now

from apps.core.fetch import fetch, new
from apps.core.ids import new_id
from apps.profiles.models import Identifier, Profile
from tests.factories import ProfileFactory

pytestmark = pytest.mark.django_db


def test_rows_are_found_as_the_orm_finds_them(django_assert_num_queries: Any) -> None:
    known = ProfileFactory.create_batch(3, traits={"plan": "pro"}, provenance={"traits.plan": ["2024", "me", ""]})

    with django_assert_num_queries(1):
        found = fetch(Profile, [*(profile.id for profile in known), new_id()])

    assert found.keys() == {profile.id for profile in known}
    for profile in Profile.objects.all():
        assert {**found[profile.id].__dict__, "_state": None} == {**profile.__dict__, "_state": None}


def test_a_row_that_was_fetched_can_be_saved() -> None:
    profile = ProfileFactory(name="Anna")
    found = fetch(Profile, [profile.id])[profile.id]
    found.name = "Anne"

    found.save()

    assert Profile.objects.values_list("name").get() == ("Anne",)


@pytest.mark.parametrize("locks", [False, True])
def test_rows_are_locked_if_wanted(django_assert_num_queries: Any, *, locks: bool) -> None:
    with django_assert_num_queries(1) as captured:
        fetch(Profile, [new_id()], locks=locks)

    assert ("ORDER BY" in captured[0]["sql"] and "FOR NO KEY UPDATE" in captured[0]["sql"]) is locks


def test_no_ids_need_no_statement(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert fetch(Profile, []) == {}


@pytest.mark.parametrize("model", [Profile, Identifier])
def test_a_new_row_is_as_the_orm_makes_it(model: type[Profile] | type[Identifier]) -> None:
    id = new_id()

    assert {**new(model, id=id).__dict__, "_state": None} == {**model(id=id).__dict__, "_state": None}


def test_new_rows_share_nothing_and_can_be_saved() -> None:
    values = dict.fromkeys(("created_at", "updated_at", "first_seen_at", "last_seen_at", "last_active_at"), now())
    one, other = new(Profile, id=new_id(), **values), new(Profile, id=new_id(), **values)
    one.traits["plan"] = "pro"

    one.save()
    other.save()

    assert Profile.objects.get(pk=one.pk).traits == {"plan": "pro"}
    assert Profile.objects.get(pk=other.pk).traits == {}
