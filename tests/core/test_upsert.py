"""Many rows in one statement."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.bridges.models import Connection
from apps.core.upsert import insert_new, update, upsert
from apps.profiles.models import Alias, Profile
from tests.bridges.factories import ConnectionFactory
from tests.factories import NOON, AliasFactory, ProfileFactory

pytestmark = pytest.mark.django_db
TEXT = st.text(st.characters(exclude_characters="\x00", codec="utf-8"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("are_held", [True, False])
@pytest.mark.parametrize(("n_known", "n_new"), [(1, 300), (300, 1), (0, 2), (2, 0)])
def test_new_rows_are_inserted_and_known_ones_updated_in_one_statement(
    django_assert_num_queries: Any, are_held: bool, n_known: int, n_new: int
) -> None:
    known, new = ProfileFactory.create_batch(n_known, name="Anna"), ProfileFactory.build_batch(n_new, name="Ben")
    for each in known:
        each.name = "Anne"

    with django_assert_num_queries(1):
        upsert(Profile, [*known, *new], are_held=are_held)

    assert set(Profile.objects.filter(name="Anne")) == set(known)
    assert set(Profile.objects.filter(name="Ben")) == set(new)


@pytest.mark.parametrize("are_held", [True, False])
def test_columns_to_keep_stay_as_they_are_stored(are_held: bool) -> None:
    known, new = ProfileFactory(name="Anna", country="NO"), ProfileFactory.build(name="Ben", country="NO")
    known.name, known.country = "Anne", "SE"

    upsert(Profile, [known, new], keep=["name"], are_held=are_held)

    assert set(Profile.objects.values_list("name", "country")) == {("Anna", "SE"), ("Ben", "NO")}


def test_an_update_writes_its_columns_and_leaves_all_others_as_they_are_stored() -> None:
    known = ProfileFactory(name="Anna", country="NO", last_seen_at=NOON)
    known.name, known.country, known.last_seen_at = "Anne", "SE", NOON + timedelta(days=1)

    update(Profile, [known], ["name"])

    assert Profile.objects.values_list("name", "country", "last_seen_at").get() == ("Anne", "NO", NOON)


def test_insert_new_leaves_known_rows_alone() -> None:
    alias = AliasFactory()
    stranger = ProfileFactory()

    insert_new(
        Alias,
        [
            Alias(id=alias.id, profile=stranger, origin_id=stranger.id, created_at=NOON),
            AliasFactory.build(profile=stranger),
        ],
    )

    assert Alias.objects.get(id=alias.id).profile_id == alias.profile_id
    assert Alias.objects.count() == 2


def test_no_rows_need_no_statement(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        upsert(Profile, [])


def test_a_table_with_secrets_is_refused() -> None:
    with pytest.raises(TypeError, match=r"bridges\.Connection has encrypted columns"):
        upsert(Connection, [ConnectionFactory.build()])


@settings(max_examples=30)
@given(tree=JSON, text=TEXT)
def test_what_is_written_is_what_is_read(tree: Any, text: str) -> None:
    profile, known = ProfileFactory.build(name=text, traits={"x": tree}), ProfileFactory()
    known.name, known.traits = text, {"x": tree}

    upsert(Profile, [profile, known], are_held=True)

    for found in Profile.objects.filter(id__in=[profile.id, known.id]):
        assert (found.name, found.traits, found.created_at, found.email) == (text, {"x": tree}, NOON, None)
