"""A person merges two profiles: what other apps hold of them follows."""

from collections.abc import Mapping
from uuid import UUID

import pytest
from django.utils import timezone

from apps.core.audit import Actor
from apps.events.resolution import by_hand
from apps.profiles import ledger
from tests.factories import ProfileFactory
from tests.registries import declared

pytestmark = pytest.mark.django_db
ANNA = Actor("user:1", "admin")


def test_what_another_app_holds_of_people_follows_them() -> None:
    told: list[Mapping[UUID, UUID]] = []
    kept, gone = ProfileFactory(primary_id="17"), ProfileFactory()

    with declared(ledger.followers, "letters", told.append):
        by_hand.merge(gone.pk, kept.pk, actor=ANNA, now=timezone.now())

    assert told == [{gone.pk: kept.pk}]


def test_one_profile_is_not_merged_with_itself() -> None:
    kept, gone = ProfileFactory(primary_id="17"), ProfileFactory()
    by_hand.merge(gone.pk, kept.pk, actor=ANNA, now=timezone.now())

    with pytest.raises(by_hand.CannotMerge, match="one profile already"):
        by_hand.merge(gone.pk, kept.pk, actor=ANNA, now=timezone.now())
