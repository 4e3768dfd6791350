"""Somebody sends traits without end: the person stays small, and nobody else waits for them."""

import time
from datetime import timedelta
from typing import Any

import orjson
import pytest
from rest_framework.test import APIClient

from apps.api.scopes import Scope
from apps.core.audit import Actor
from apps.events.models import Event, EventType
from apps.events.resolution import by_hand
from apps.profiles import editing
from apps.profiles.identifiers import identifier_id
from apps.profiles.models import Profile
from apps.sessions.models import Session
from tests.factories import ANNA, NOON, IdentifierFactory, ProfileFactory
from tests.programs import program
from tests.shop import Shop, person

pytestmark = pytest.mark.django_db
NAMES = [f"trait-{number:04}" for number in range(3_000)]


def identify(shop: Shop, traits: dict[str, Any], user: str = "17") -> list[dict[str, str]]:
    shop.call("identify", userId=user, traits=traits)
    return Event.objects.filter(type="identify").latest("processed_at").problems or []


def test_a_person_has_only_so_many_traits_and_the_event_names_what_was_left_out(shop: Shop) -> None:
    assert identify(shop, dict.fromkeys(NAMES[:1_999], 1)) == []

    problems = identify(shop, dict.fromkeys(NAMES[1_990:], 2))

    traits = person(primary_id="17").traits
    assert (len(traits), traits[NAMES[1_995]], traits[NAMES[1_999]]) == (2_000, 2, 2)
    assert [problem["field"] for problem in problems[:50]] == [f"traits.{name}" for name in NAMES[2_000:2_050]]
    assert problems[50:] == [{"field": "", "message": "950 further fields were left out."}]
    assert "2000 traits" in problems[0]["message"]
    assert len(person(primary_id="17").provenance) < 2_100
    assert len(Event.objects.filter(type="identify").latest("processed_at").properties) == 1_010  # which keeps all


BIG = {"a text": "x" * 100_000, "a list": ["x" * 999] * 100, "an object": {"deep": {"er": "x" * 100_000}}}


@pytest.mark.parametrize("big", BIG.values(), ids=BIG)
def test_a_person_holds_only_so_many_bytes(shop: Shop, big: Any) -> None:
    assert [len(identify(shop, {name: big, "n": name})) for name in NAMES[:4]] == [0, 0, 1, 1]

    assert set(person(primary_id="17").traits) == {NAMES[0], NAMES[1], "n"}
    assert person(primary_id="17").traits["n"] == NAMES[3]  # what is small still fits
    assert identify(shop, {NAMES[0]: "short", NAMES[9]: "y" * 50_000}) == []  # what was given up is free again


def test_who_has_no_room_left_can_let_go_of_what_is_small(shop: Shop, settings: Any) -> None:
    EventType.objects.create(type="left", name="Left", overrides={"profile": {"traits.plan": {"delete": None}}})
    identify(shop, {"plan": "a"})
    held = person(primary_id="17")
    settings.MAX_PROFILE_BYTES = len(orjson.dumps([held.data, held.traits, held.interests, held.stats]))

    shop.call("track", userId="17", event="left")

    assert not Event.objects.get(type="left").problems
    assert person(primary_id="17").traits == {}


@pytest.mark.parametrize("text", ["漢字" * 2_000, '"\n' * 3_000, "\u0001" * 900, {"é": ["ü", None, 1.5, True] * 300}])
def test_what_was_taken_is_not_left_out_later(shop: Shop, text: Any) -> None:
    for number in range(4):
        identify(shop, {f"{name} \n {number}": text for name in NAMES[number * 10 : number * 10 + 10]})
    held = person(primary_id="17").traits

    assert identify(shop, {"n": 1}) == [] or "n" not in person(primary_id="17").traits
    shop.call("track", userId="17", event="tiny")
    assert not Event.objects.get(type="tiny").problems
    assert held.items() <= person(primary_id="17").traits.items()


def test_interests_and_lists_end_where_the_room_does(shop: Shop, settings: Any) -> None:
    settings.MAX_TRAITS_PER_PROFILE, settings.MAX_PROFILE_BYTES = 3, 5_000
    overrides = {"profile": {"traits.seen": {"append": "properties.text"}}}
    EventType.objects.create(type="seen", name="Seen", overrides=overrides)
    for name in NAMES[:5]:
        shop.call("track", userId="17", event="increase-interest", properties={"interest": name, "value": 1})
        shop.call("track", userId="17", event="seen", properties={"text": "x" * 2_000})

    found = person(primary_id="17")
    assert list(found.interests) == NAMES[:3]
    assert len(found.traits["seen"]) == 2
    latest = Event.objects.filter(type="increase-interest").latest("time")
    assert [problem["field"] for problem in latest.problems or ()] == [f"interests.{NAMES[4]}"]


def test_people_who_become_one_have_the_room_of_one_and_keep_what_was_said_last(shop: Shop) -> None:
    for user, names in (("17", NAMES[:1_500]), ("18", NAMES[1_500:])):
        identify(shop, dict.fromkeys(names, user), user)
    old, new = Profile.objects.order_by("primary_id").values_list("id", flat=True)

    merge = by_hand.merge(old, new, actor=ANNA, now=shop.later(seconds=1))

    traits = Profile.objects.get().traits
    assert len(traits) == 2_000
    assert set(NAMES[1_500:]) <= traits.keys()
    shop.undo(merge)
    assert [len(profile.traits) for profile in Profile.objects.all()] == [1_500, 1_500]


def test_who_edits_by_hand_is_told(shop: Shop) -> None:
    identify(shop, dict.fromkeys(NAMES[:2_000], 1))
    profile = person(primary_id="17")

    with pytest.raises(editing.CannotEdit, match="at most 2000 traits"):
        editing.edit(profile.id, {"traits.more": 1}, actor=Actor("user:1", "Clerk"), now=shop.later(days=1))


def test_somebody_of_twenty_megabytes_is_cut_down_once_and_then_as_fast_as_anybody(shop: Shop) -> None:
    said = [(NOON - timedelta(days=1)).isoformat(), "01890000-0000-7000-8000-000000000000", str(shop.source.id)]
    traits = {f"trait-{number:06}": "x" * 190 for number in range(100_000)}
    provenance = {f"traits.{name}": said for name in traits}
    giant = ProfileFactory(
        primary_id="17",
        data={"pii": {"firstname": "Anna"}},
        traits=traits,
        provenance=provenance | {"data.pii.firstname": said},
    )
    IdentifierFactory(id=identifier_id("user", "17"), kind="user", profile=giant)

    shop.call("track", userId="17", event="tiny")  # which reads all of it, for the last time

    problem = (Event.objects.get(type="tiny").problems or [])[0]
    assert "held more than one may" in problem["message"]
    began = time.perf_counter()
    for number in range(20):
        shop.call("track", userId="17", event="tiny", properties={"n": number})
        shop.call("track", userId="somebody else", event="tiny", properties={"n": number})
    assert time.perf_counter() - began < 10  # it was five seconds for each of them
    found = person(primary_id="17")
    assert 0 < len(found.traits) <= 2_000
    assert len(found.provenance) <= len(found.traits) + 10
    assert found.data["pii"]["firstname"] == "Anna"


def test_a_session_has_only_so_much_room_for_what_clients_say_of_themselves(shop: Shop) -> None:
    for number in range(5):
        context = {f"part-{number}": "x" * 30_000, "page": {"url": f"https://shop.example/{number}"}}
        shop.track("page-view", session="anna", context=context, properties={f"part-{number}": "x" * 90_000})

    session = Session.objects.get()
    assert (set(session.context), session.properties) == ({"part-4", "page", "part-0"}, {})
    assert session.context["page"]["url"] == "https://shop.example/4"
    problems = Event.objects.filter(type="page-view").latest("time").problems or []
    assert [problem["field"] for problem in problems] == ["session.properties.part-4"]


def test_lists_of_people_come_without_who_said_what(client: APIClient, shop: Shop) -> None:
    identify(shop, {"plan": "pro"})

    [listed] = program(Scope.PROFILES_READ).get("/api/profiles").json()["results"]

    assert listed["traits"] == {"plan": "pro"}
    assert "provenance" not in listed
    one = program(Scope.PROFILES_READ).get(f"/api/profiles/{listed['id']}").json()
    assert "traits.plan" in one["provenance"]
