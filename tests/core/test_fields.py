"""The JSON column is Django's own to the database, and read by a faster parser."""

from functools import reduce

import pytest
from django.core.exceptions import ValidationError

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


@pytest.mark.django_db
def test_what_cannot_be_stored_is_told_to_people_and_left_out_of_what_programs_made() -> None:
    row = ProfileFactory(traits={"a\x00": ["b\x00", "\ud800", 2**70]})

    assert Profile.objects.get().traits == {"a": ["b", "", float(2**70)]}
    for wrong, why in (({"a": "\x00"}, "NUL"), (reduce(lambda inner, _: [inner], range(2_000), 1), "nested deeper")):
        row.traits = wrong
        with pytest.raises(ValidationError, match=why):
            row.clean_fields()


def test_people_may_write_whole_numbers_of_any_size() -> None:
    field = Json().formfield()

    assert field.clean('{"id": 917959530668910000001, "n": 7}') == {"id": "917959530668910000001", "n": 7}
