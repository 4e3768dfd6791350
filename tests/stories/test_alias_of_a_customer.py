"""A shop gives its customers other numbers, and says so by `alias`: that is done, or listed, and never passed over."""

import pytest

from apps.core.audit import SYSTEM
from apps.events.models import Event, RefusedEvent, Source
from apps.profiles import erasure
from apps.profiles.models import Identifier, IdentityConflict, Merge, PrivacyRequest, Profile
from tests.shop import Shop, person

pytestmark = pytest.mark.django_db


def believe() -> None:
    Source.objects.update(trusts_ids=True)


@pytest.fixture
def known(shop: Shop) -> Shop:
    """A customer who has the number old-1."""
    shop.call("identify", userId="old-1", traits={"plan": "pro"})
    shop.call("track", userId="old-1", event="before")
    return shop


@pytest.mark.parametrize("new_is_known", [False, True])
def test_a_source_that_trusts_ids_is_believed(known: Shop, new_is_known: bool) -> None:
    believe()
    if new_is_known:
        known.call("identify", userId="new-1", traits={"size": "M"})

    known.call("alias", userId="new-1", previousId="old-1")
    for number in ("old-1", "new-1"):
        known.call("track", userId=number, event="later")

    assert (Profile.objects.count(), Merge.objects.get().identifier_kind) == (1, "user")
    profile = Profile.objects.get()
    assert profile.traits.items() >= {"plan": "pro"}.items()
    assert Event.objects.filter(type="later", profile_id=profile.id).count() == 2
    assert not IdentityConflict.objects.exists()


@pytest.mark.parametrize("new_is_known", [False, True])
def test_anybody_elses_word_is_a_conflict_that_is_listed(known: Shop, new_is_known: bool) -> None:
    if new_is_known:
        known.call("identify", userId="new-1")

    for _ in range(2):
        known.call("alias", userId="new-1", previousId="old-1")
    known.call("track", userId="old-1", event="later")

    conflict = IdentityConflict.objects.get()
    assert (conflict.refusal, conflict.identifier_kind) == ("two_customers", "user")
    assert {conflict.profile_id, conflict.other_id} == set(Profile.objects.values_list("id", flat=True))
    assert Event.objects.get(type="later").profile_id == person(primary_id="old-1").id
    assert not Identifier.objects.filter(is_shared=True).exists()  # a number stays its customer's


def test_a_number_that_nobody_has_yet_is_given_by_a_source_that_trusts_ids_alone(shop: Shop) -> None:
    shop.call("alias", userId="thief", previousId="18")
    shop.call("track", userId="18", event="later")
    assert Event.objects.get(type="later").profile_id == person(primary_id="18").id

    believe()
    shop.call("alias", userId="20", previousId="19")
    shop.call("track", userId="19", event="later still")
    assert Event.objects.get(type="later-still").profile_id == person(primary_id="20").id


def test_the_previous_id_is_a_device_as_before(shop: Shop) -> None:
    shop.call("track", anonymousId="phone", event="before")
    shop.call("alias", userId="17", previousId="phone")
    shop.call("alias", anonymousId="laptop", previousId="phone")

    assert Profile.objects.get().primary_id == "17"


def test_an_erased_number_does_not_come_back_as_the_previous_one(known: Shop) -> None:
    erased = PrivacyRequest.Kind.ERASE
    erasure.begin(person(primary_id="old-1").id, kind=erased, reference="T-1", actor=SYSTEM, at=known.later(seconds=1))

    known.call("alias", userId="new-1", previousId="old-1")

    assert not Event.objects.filter(type="alias").exists()
    assert RefusedEvent.objects.get().code == "erased"
    assert not Profile.objects.filter(primary_id="new-1").exists()
