from datetime import timedelta

import pytest

from apps.core.audit import Actor
from apps.profiles import editing
from apps.profiles.models import Alias, Profile, ProfileChange
from tests.factories import NOON, AliasFactory, ProfileFactory

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(hours=1)
ANNA = Actor("user:7", "anna")


def test_fields_are_set_with_who_set_them_and_when() -> None:
    profile = ProfileFactory(traits={"plan": "free"})

    editing.edit(profile.id, {"traits.plan": "pro", "data.pii.firstname": "Ada"}, actor=ANNA, now=LATER)

    profile.refresh_from_db()
    assert (profile.traits, profile.data["pii"]["firstname"], profile.name) == ({"plan": "pro"}, "Ada", "Ada")
    assert profile.provenance["traits.plan"] == [LATER.isoformat(), "user:7", ""]
    assert profile.updated_at == LATER
    change = ProfileChange.objects.get(path="traits.plan")
    assert (change.before, change.after, change.actor_name) == ("free", "pro", "anna")


def test_null_empties_a_field_and_what_stays_the_same_is_no_change() -> None:
    profile = ProfileFactory(traits={"plan": "free", "size": 4})

    edited = editing.edit(profile.id, {"traits.plan": None, "traits.size": 4}, actor=ANNA, now=LATER)

    assert edited.traits == {"plan": None, "size": 4}
    assert ProfileChange.objects.values_list("path", flat=True).get() == "traits.plan"
    assert edited.provenance["traits.size"][1] == "user:7"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("data.metrics.ltv", "many"),
        ("data.unknown", 1),
        ("primary_id", "C-1"),
        ("consents.email", {"revoke": None}),
        ("stats.views", 1),
        ("traits", {}),
        ("traits.plan.name", 1),
        ("", 1),
        ("traits..x", 1),
    ],
)
def test_all_fields_are_set_or_none(path: str, value: object) -> None:
    profile = ProfileFactory(traits={"plan": "free"})

    with pytest.raises(editing.CannotEdit) as refused:
        editing.edit(profile.id, {"traits.size": 1, path: value}, actor=ANNA, now=LATER)

    assert [problem for problem, _ in refused.value.problems] == [path]
    assert Profile.objects.get().traits == {"plan": "free"}
    assert not ProfileChange.objects.exists()


def test_an_old_id_leads_to_the_living_profile() -> None:
    alias: Alias = AliasFactory()

    assert editing.edit(alias.id, {"traits.plan": "pro"}, actor=ANNA, now=LATER).id == alias.profile_id
