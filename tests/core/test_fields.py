"""The JSON column is Django's own to the database, and read by a faster parser."""

import pytest

from apps.core.fields import Json
from apps.profiles.models import Profile
from tests.factories import ProfileFactory


@pytest.mark.django_db
def test_what_is_stored_comes_back() -> None:
    tree = {"a": [1, 2.5, None, True, "é", {}], "b": {"c": 2**53 + 1}}

    ProfileFactory(traits=tree)

    assert Profile.objects.get().traits == tree
    assert list(Profile.objects.filter(traits__b__c=2**53 + 1).values_list("traits__a__4", flat=True)) == ["é"]


def test_migrations_see_djangos_own_column() -> None:
    assert Json(default=dict).deconstruct()[1] == "django.db.models.JSONField"
