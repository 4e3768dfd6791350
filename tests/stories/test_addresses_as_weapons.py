"""An address is shared only when several customers have it: one who makes a customer up takes it from nobody."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from apps.events.models import Event, Source
from apps.profiles.models import Identifier, IdentityConflict, Profile
from tests.shop import Shop, person

pytestmark = pytest.mark.django_db
EMAIL = "anna@example.com"


@pytest.fixture
def anna(shop: Shop) -> Shop:
    """A shop whose customer 17 has an address."""
    shop.call("identify", userId="17", traits={"email": EMAIL})
    return shop


def is_recognised(shop: Shop, device: str) -> bool:
    shop.call("identify", anonymousId=device, traits={"email": EMAIL})
    return Event.objects.filter(type="identify").latest("processed_at").profile_id == person(primary_id="17").id


@pytest.mark.parametrize("type_", ["sign-up", "sign-in", "identification"])
def test_who_makes_a_customer_up_takes_an_address_from_nobody(anna: Shop, type_: str) -> None:
    properties: dict[str, Any] = {"pk": "evil-1", "email": {"main": EMAIL}}
    for session in ("one", "two"):
        anna.track({"type": type_, "properties": properties}, session=session)

    assert is_recognised(anna, "new device")
    assert IdentityConflict.objects.get().refusal == "two_customers"


def test_an_address_of_several_customers_recognises_nobody(anna: Shop) -> None:
    for number in ("18", "19"):
        anna.call("identify", userId=number, traits={"email": EMAIL})
    assert is_recognised(anna, "new device")

    anna.call("identify", userId="20", traits={"email": EMAIL})

    assert not is_recognised(anna, "another device")
    assert is_recognised_again(anna)


def is_recognised_again(shop: Shop) -> bool:
    """Have an operator take the mark off, and look."""
    user = User.objects.create_superuser("operator")
    client = Client()
    client.force_login(user)
    conflict = IdentityConflict.objects.latest("at")
    action = {"action": "recognise_again", "_selected_action": [str(conflict.pk)]}
    answer = client.post(reverse("admin:profiles_identityconflict_changelist"), action, follow=True)
    assert "1 identifiers recognise people again" in answer.content.decode()
    assert not IdentityConflict.objects.exists()
    return is_recognised(shop, "a third device")


def test_a_source_that_trusts_ids_is_believed_at_once(anna: Shop) -> None:
    Source.objects.update(trusts_ids=True)

    anna.call("identify", userId="18", traits={"email": EMAIL})

    assert not is_recognised(anna, "new device")


@pytest.mark.parametrize("now", [None, "new@example.com"])
def test_an_address_that_its_owner_gave_up_is_that_of_the_customer_who_takes_it(anna: Shop, now: str | None) -> None:
    anna.call("identify", userId="17", traits={"email": now})

    anna.call("identify", userId="18", traits={"email": EMAIL})

    anna.call("identify", anonymousId="new device", traits={"email": EMAIL})
    ben = person(primary_id="18")
    assert Event.objects.filter(type="identify").latest("processed_at").profile_id == ben.id
    assert not IdentityConflict.objects.exists()
    assert not Identifier.objects.filter(is_shared=True).exists()
    assert Profile.objects.count() == 2
