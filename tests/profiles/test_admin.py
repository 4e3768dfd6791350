"""Finding people, and what they did."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from apps.core.admin.browser import Browser
from apps.core.ids import new_id
from apps.events.store.timeline import PAGE
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
    for term in ("user", "device", str(new_id()), "'; --"):
        assert found(admin_client, q=term) == [], term


@pytest.mark.parametrize(
    "term",
    [
        "jonas",
        "DLER",
        "adler jonas",
        "Müller",
        "muller-lüd",
        "adler144@",
        "jonas.Adler144@Shop",
        "private.example",
        "C-17_",
        "0170 12345",
        "+49 (170) 12345-67",
        "4917012345",
        "jo",
        "c",
        "jonas 17_",
    ],
)
def test_people_are_found_by_any_part_of_name_address_number_or_phone(admin_client: Client, term: str) -> None:
    contact = {
        "email": {"main": "Jonas.Adler144@shop.example", "private": "ja@private.example"},
        "phone": {"mobile": "+49 170 1234567"},
    }
    pii = {"firstname": "Jonas", "lastname": "Adler", "display_name": "Jonas Adler Müller-Lüdenscheidt"}
    jonas = ProfileFactory(primary_id="C-17_9", data={"pii": pii, "contact": contact})
    jonas.summarise()
    jonas.save()
    ProfileFactory(name="Ben Berg", email="ben@other.example", data={"contact": {"phone": {"main": "0301"}}})

    assert found(admin_client, q=term) == [jonas]


@pytest.mark.parametrize("term", ["onasx", "%", "_", "\\", "b%n", "o", "ad", "onas 99", "99", "017099"])
def test_what_nobody_is_called_finds_nobody(admin_client: Client, term: str) -> None:
    ProfileFactory(name="Jonas Badler", email="jonas@shop.example")

    assert found(admin_client, q=term) == []
    assert "Nothing fits" in admin_client.get(PEOPLE, {"q": term}).content.decode()


def test_who_was_seen_last_comes_first_on_all_pages(admin_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Browser, "list_per_page", 3)
    people = [ProfileFactory(last_seen_at=NOON - timedelta(minutes=17 * (number * 7 % 10))) for number in range(10)]
    pages, address = [], PEOPLE
    while address != PEOPLE or not pages:
        cl = admin_client.get(address).context["cl"]
        pages.append(cl.result_list)
        address = PEOPLE + cl.older
    last = cl

    assert [row for rows in pages for row in rows] == sorted(people, key=lambda row: row.last_seen_at, reverse=True)
    assert admin_client.get(PEOPLE + last.newer).context["cl"].result_list == pages[-2]


def test_no_list_that_is_read_by_its_key_offers_another_order(admin_client: Client) -> None:
    ProfileFactory()

    assert "?o=" not in admin_client.get(PEOPLE).content.decode()


def test_the_search_of_the_sidebar_finds_people_and_pages(admin_client: Client) -> None:
    anna = ProfileFactory(name="Anna Segmentova", email="anna@shop.example")
    ProfileFactory(name="Ben Berg")

    shown = admin_client.get(reverse("admin:search"), {"q": "segment"}).content.decode()

    assert "Anna Segmentova" in shown
    assert reverse("admin:profiles_profile_change", args=[anna.id]) in shown
    assert reverse("admin:segments_segment_changelist") in shown
    assert "Ben Berg" not in shown
    assert "Nobody and nothing" in admin_client.get(reverse("admin:search"), {"q": "zzz"}).content.decode()


def analyst() -> Client:
    user = User.objects.create(username="analyst", is_staff=True)
    user.groups.add(Group.objects.get(name="Analyst"))
    client = Client()
    client.force_login(user)
    return client


def test_those_who_may_not_see_personal_data_find_nobody_by_it_and_see_who_is_known() -> None:
    known = ProfileFactory(name="Anna Adler", email="anna@shop.example", primary_id="C-17", is_anonymous=False)
    client = analyst()

    for term in ("Anna", "anna@shop.example", "C-17", "adler"):
        assert found(client, q=term) == [], term
        assert "Anna" not in client.get(reverse("admin:search"), {"q": term}).content.decode()
    assert found(client, q=str(known.id)) == [known]
    shown = client.get(PEOPLE).content.decode()
    assert f"Customer …{str(known.id)[-6:]}" in shown
    assert "known" in shown
    assert "anonymous</span>" not in shown
    for page in ("change", "history", "delete"):
        answer = client.get(reverse(f"admin:profiles_profile_{page}", args=[known.id]))
        assert "Anna" not in answer.content.decode(), page
    EventFactory(profile_id=known.id)
    assert f"Customer …{str(known.id)[-6:]}" in client.get(reverse("admin:events_event_changelist")).content.decode()


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
