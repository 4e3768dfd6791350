"""Finding people, and what they did."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from apps.core.ids import new_id
from apps.events.timeline import PAGE
from apps.profiles.identity import identifier_id
from apps.profiles.models import Identifier, Profile
from tests.factories import NOON, AliasFactory, EventFactory, IdentifierFactory, ProfileFactory

pytestmark = pytest.mark.django_db
PEOPLE = reverse("admin:profiles_profile_changelist")


def found(client: Client, **query: str) -> list[Profile]:
    answer = client.get(PEOPLE, query)
    assert answer.status_code == 200
    return list(answer.context["cl"].result_list)


def test_a_person_is_found_by_any_id_and_by_the_whole_of_it(admin_client: Client) -> None:
    anna = ProfileFactory(email="anna@shop.example", primary_id="C-17")
    ProfileFactory(email="ben@shop.example", primary_id="C-18")
    alias = AliasFactory(profile=anna)
    for kind, value in ((Identifier.Kind.USER, "user-17"), (Identifier.Kind.ANONYMOUS, "device-17")):
        IdentifierFactory(id=identifier_id(kind, value), kind=kind, profile=anna)

    for term in (" Anna@Shop.example ", "C-17", "user-17", "device-17", str(anna.id), str(alias.id)):
        assert found(admin_client, q=term) == [anna], term
    for term in ("anna", "C-1", "user", str(new_id()), "'; --"):
        assert found(admin_client, q=term) == [], term


def test_known_and_anonymous_people_can_be_told_apart(admin_client: Client) -> None:
    known, anonymous = ProfileFactory(is_anonymous=False), ProfileFactory()

    assert found(admin_client, kind="known") == [known]
    assert found(admin_client, kind="anonymous") == [anonymous]
    assert found(admin_client) == [anonymous, known]


def test_further_events_come_as_a_fragment(admin_client: Client) -> None:
    anna = ProfileFactory()
    for minutes in range(PAGE + 1):
        EventFactory(profile_id=anna.id, time=NOON - timedelta(minutes=minutes), properties={"name": f"No {minutes}."})
    address = reverse("admin:profile_timeline", args=[anna.id])

    first = admin_client.get(address).content.decode()
    before = f"{(NOON - timedelta(minutes=PAGE - 1)).isoformat()},{new_id()}"
    second = admin_client.get(address, {"before": before}).content.decode()

    assert "<html" not in first
    assert ("No 0." in first, f"No {PAGE}." in first, "Earlier events" in first) == (True, False, True)
    assert (f"No {PAGE}." in second, "No 0." in second, "Earlier events" in second) == (True, False, False)


def test_further_events_are_for_those_who_may_see_people(admin_client: Client, client: Client) -> None:
    address = reverse("admin:profile_timeline", args=[ProfileFactory().id])

    assert client.get(address).status_code == 302
    client.force_login(User.objects.create(username="nobody", is_staff=True))
    assert client.get(address).status_code == 403
    assert admin_client.get(reverse("admin:profile_timeline", args=[new_id()])).status_code == 404
