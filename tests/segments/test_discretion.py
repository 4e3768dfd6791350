"""Those who may not see personal data do not read them in conditions, nor from who is in a segment."""

from typing import Any

import pytest
from django.contrib.admin.utils import quote
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import reverse

from apps.core import roles
from apps.events.models import EventType
from apps.profiles.models import Profile
from apps.segments.models import Segment
from tests.factories import (
    NOON,
    ComputedTraitFactory,
    ConsentTypeFactory,
    EventFactory,
    EventTypeFactory,
    MembershipFactory,
    ProfileFactory,
    SegmentFactory,
)

pytestmark = pytest.mark.django_db
TELLING = {
    "an address": ('profile@data.contact.email.main = "klara@shop.example"', "klara@shop.example"),
    "one of several addresses": ('profile@email IN ["klara@shop.example", "b@shop.example"]', "klara@shop.example"),
    "a name, in part": ('profile@name CONTAINS "Klara" AND profile@visits.count > 2', "Klara"),
    "a birthday": ('profile@data.pii.birthday BETWEEN "1991-02-21" AND "1991-02-22"', "1991-02-21"),
    "what an event says": ('DID("sale-completed" WHERE event@properties.email = "klara@shop.example")', "klara@"),
    "an aggregate": ('LAST(event@properties.phone OF "sale-completed") = "4917012345"', "4917012345"),
    "items": ('ANY(profile@traits.children WHERE item@name = "Klara")', "Klara"),
    "a key": ('profile@traits["klara@shop.example"] EXISTS', "klara@shop.example"),
}


def client_of(role: str) -> Client:
    roles.load()
    user = User.objects.create(username=role, is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def klara() -> Profile:
    return ProfileFactory(name="Klara Evans", email="klara@shop.example")


@pytest.fixture
def analyst() -> Client:
    return client_of("Analyst")


def segment_of(condition: str, *members: Profile, **named: Any) -> Segment:
    row: Segment = SegmentFactory(condition=condition, evaluated_at=NOON, **named)
    for person in members:
        MembershipFactory(segment=row, profile_id=person.pk)
    return row


def get(client: Client, name: str, *args: Any, **params: str) -> Any:
    return client.get(reverse(f"admin:{name}", args=args), params)


def text_of(client: Client, name: str, *args: Any, **params: str) -> str:
    answer = get(client, name, *args, **params)
    assert answer.status_code == 200
    return str(answer.content.decode())


@pytest.mark.parametrize(("condition", "value"), TELLING.values(), ids=TELLING)
def test_the_values_of_a_condition_are_hidden_on_all_pages_of_a_segment(
    condition: str, value: str, klara: Profile, analyst: Client
) -> None:
    row = segment_of(condition, klara)
    pages = [("segments_overview", row.pk), ("segments_segment_change", row.pk), ("segments_segment_changelist",)]

    for name, *args in pages:
        text = text_of(analyst, name, *args)
        assert value not in text
        assert str(klara.pk) not in text
    marketer = client_of("Marketer")
    assert value in text_of(marketer, "segments_overview", row.pk)
    assert value in text_of(marketer, "segments_segment_change", row.pk)


def test_what_tells_of_nobody_is_read_beside_what_does(analyst: Client) -> None:
    row = segment_of('profile@name CONTAINS "Klara" AND profile@country = "DE" AND CONSENTED("letters")')

    for name in ("segments_overview", "segments_segment_change"):
        shown = text_of(analyst, name, row.pk).replace("&quot;", '"')
        assert 'profile@name CONTAINS ••• AND profile@country = "DE" AND CONSENTED("letters")' in shown


@pytest.mark.parametrize(
    "condition",
    [*(condition for condition, _ in TELLING.values()), 'CONSENTED("letters")', 'profile@segments CONTAINS "klaras"'],
)
def test_who_is_in_a_segment_that_tells_personal_data_is_not_told(
    condition: str, klara: Profile, analyst: Client
) -> None:
    ConsentTypeFactory(id="letters")
    segment_of('profile@name = "Klara Evans"', klara, key="klaras", name="The Klaras")
    row = segment_of(condition, klara, key="telling", name="Telling one")
    open_to_all = segment_of("profile@visits.count > 2", klara, key="regulars", name="Regular one")
    people, events = "profiles_profile_changelist", "events_event_changelist"

    for name, args in (("segments_members", [row.pk]), ("segments_why", [row.pk, klara.pk])):
        assert get(analyst, name, *args).status_code == 403
    assert get(analyst, "segments_overlap", row.pk, other=str(open_to_all.pk)).status_code == 403
    assert get(analyst, "segments_overlap", open_to_all.pk, other=str(row.pk)).status_code == 403
    person = text_of(analyst, "profiles_profile_change", klara.pk)
    assert ("Telling one" in person, "Regular one" in person) == (False, True)
    for params in ({"segment": "telling"}, {"condition": 'profile@segments CONTAINS "telling"'}):
        assert str(klara.pk) not in text_of(analyst, people, **params)
    assert "may hold personal data" in text_of(analyst, people, condition='profile@segments CONTAINS "telling"')
    assert "may hold personal data" in text_of(analyst, people, condition='profile@segments STARTS WITH "tell"')
    assert get(analyst, events, condition='profile@segments CONTAINS "telling"').status_code == 200
    marketer = client_of("Marketer")
    assert get(marketer, "segments_why", row.pk, klara.pk).status_code == 200
    assert str(klara.pk) in text_of(marketer, people, segment="telling")


def test_segments_that_tell_of_nobody_stay_open(klara: Profile, analyst: Client) -> None:
    regulars = segment_of("profile@visits.count > 2", klara, key="regulars")
    segment_of('profile@segments CONTAINS "regulars"', klara, key="again")
    listed = SegmentFactory(kind="list", condition="", key="listed")
    MembershipFactory(segment=listed, profile_id=klara.pk)

    assert str(klara.pk) in text_of(analyst, "segments_overview", regulars.pk)
    assert get(analyst, "segments_why", regulars.pk, klara.pk).status_code == 200
    for key in ("regulars", "again", "listed"):
        assert str(klara.pk) in text_of(analyst, "profiles_profile_changelist", segment=key)
        asked = f'profile@segments CONTAINS "{key}"'
        assert "may hold personal data" not in text_of(analyst, "profiles_profile_changelist", condition=asked)


def test_who_may_change_segments_and_not_see_personal_data_does_not_store_the_mask(klara: Profile) -> None:
    user = User.objects.create(username="cleaner", is_staff=True)
    roles.load()
    user.groups.add(Group.objects.get(name="Analyst"), Group.objects.create(name="Segments"))

    user.user_permissions.add(Permission.objects.get(codename="change_segment"))
    client = Client()
    client.force_login(user)
    telling, plain = segment_of('profile@name = "Klara Evans"'), segment_of("profile@visits.count > 2")
    sent = {"name": "Renamed", "condition": "profile@visits.count > 5", "is_enabled": "on"}

    answers = [
        client.post(reverse("admin:segments_segment_change", args=[row.pk]), sent).status_code
        for row in (telling, plain)
    ]

    assert answers == [403, 302]
    telling.refresh_from_db()
    assert telling.condition == 'profile@name = "Klara Evans"'


def test_conditions_of_event_types_and_computed_traits_are_read_without_values(analyst: Client) -> None:
    EventTypeFactory(type="greeted", condition='event@properties.email = "klara@shop.example"')
    trait = ComputedTraitFactory(condition='event@properties.email = "klara@shop.example"')

    for name, pk in (
        ("events_eventtype_change", EventType.objects.get(type="greeted").pk),
        ("events_computedtrait_change", trait.pk),
    ):
        assert "klara@shop.example" not in text_of(analyst, name, quote(pk))


@pytest.mark.parametrize(
    ("condition", "is_answered"),
    [
        ('event@type = "sale-completed" AND event@properties.value > 50', True),
        ("event@properties.revenue BETWEEN 10 AND 60", True),
        ('event@properties.total = "60"', False),
        ('event@properties.value STARTS WITH "6"', False),
        ('event@properties.value IN ["klara@shop.example"]', False),
        ("event@properties.phone > 50", False),
    ],
)
def test_analysts_ask_about_amounts_as_numbers(condition: str, is_answered: bool, analyst: Client) -> None:
    EventFactory(type="sale-completed", properties={"value": 60, "revenue": 60})

    text = text_of(analyst, "events_event_changelist", condition=condition)

    assert ("may hold personal data" not in text) == is_answered


def test_sums_of_amounts_may_be_asked_of_people_and_are_seen(klara: Profile, analyst: Client) -> None:
    asked = 'SUM(event@properties.revenue OF "sale-completed") >= 100'
    EventFactory(type="sale-completed", properties={"revenue": 160}, profile_id=klara.pk)
    row = segment_of(asked, klara)

    assert str(klara.pk) in text_of(analyst, "profiles_profile_changelist", condition=asked)
    assert "160" in text_of(analyst, "segments_why", row.pk, klara.pk)


def test_what_is_refused_is_named(analyst: Client) -> None:
    ConsentTypeFactory(id="letters")

    text = text_of(analyst, "profiles_profile_changelist", condition='CONSENTED("letters")').replace("&quot;", '"')

    assert 'CONSENTED("letters") may hold personal data, which you may not see, and so not ask about either.' in text


@pytest.mark.parametrize(
    ("condition", "is_answered"),
    [
        ("", True),
        ("event@properties.value > 50", True),
        ('event@properties.email = "klara@shop.example"', False),
    ],
)
def test_counts_of_what_tells_personal_data_are_not_asked_about(
    condition: str, is_answered: bool, analyst: Client
) -> None:
    ComputedTraitFactory(key="orders", function="count", path="", condition=condition)

    text = text_of(analyst, "profiles_profile_changelist", condition="profile@computed.orders > 0")

    assert ("may hold personal data" not in text) == is_answered
