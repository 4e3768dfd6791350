"""What the tables of profiles promise by themselves."""

import random
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from apps.profiles.models import Alias, Profile
from tests.factories import NOON, AliasFactory, IdentifierFactory, ProfileFactory

HOUR = timedelta(hours=1)
pytestmark = pytest.mark.django_db


def test_customer_numbers_and_addresses_may_be_of_any_length() -> None:
    """A tree index has no room for such; senders may write them all the same."""
    random_text = "".join(random.Random(17).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=20_000))

    ProfileFactory(primary_id=random_text, email=random_text)

    assert Profile.objects.filter(primary_id=random_text, email=random_text).count() == 1


@pytest.mark.parametrize("factory", [AliasFactory, IdentifierFactory])
def test_an_id_leads_to_one_profile(factory: type[AliasFactory] | type[IdentifierFactory]) -> None:
    row = factory()

    with pytest.raises(IntegrityError), transaction.atomic():
        factory(id=row.id)


def test_what_leads_to_a_profile_goes_with_it() -> None:
    alias = AliasFactory()

    alias.profile.delete()

    assert not Alias.objects.exists()


def test_locked_profiles_are_locked_in_the_order_of_their_ids() -> None:
    profiles = ProfileFactory.create_batch(5)

    found = list(Profile.objects.all().locked([profile.id for profile in profiles[::-1]]))

    assert found == sorted(profiles, key=lambda profile: profile.id)


@pytest.mark.parametrize(
    ("begun", "current", "previous"),
    [
        ([0], 0, None),
        ([0, 2], 2, 0),
        ([2, 0], 2, 0),  # one that becomes known late
        ([0, 4, 2], 4, 2),
        ([2, 4, 0], 4, 2),
    ],
)
def test_the_current_visit_is_the_latest_to_begin(begun: list[int], current: int, previous: int | None) -> None:
    profile = ProfileFactory.build()

    for hours in begun:
        profile.start_visit(at=NOON + hours * HOUR)

    assert profile.visit_count == len(begun)
    assert profile.visit_started_at == NOON + current * HOUR
    assert profile.previous_visit_at == (None if previous is None else NOON + previous * HOUR)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"name": "Anna", "email": "a@b.example"}, "Anna"),
        ({"email": "a@b.example"}, "a@b.example"),
        ({"primary_id": "17"}, "17"),
    ],
)
def test_a_profile_is_called_by_the_best_name_that_is_known(values: dict[str, str], text: str) -> None:
    assert str(ProfileFactory.build(**values)) == text
