"""The bar above lists: a condition filters, a mistake is said, and nobody asks about what they may not see."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from apps.core.admin import browser
from apps.core.admin.conditions import asked
from tests.factories import EventFactory, ProfileFactory

pytestmark = pytest.mark.django_db
PROFILES = reverse("admin:profiles_profile_changelist")
EVENTS = reverse("admin:events_event_changelist")


@pytest.fixture
def analyst(db: None) -> Client:
    """Somebody who sees people and events, and nobody's name."""
    user = User.objects.create(username="analyst", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_profile", "view_event"]))
    client = Client()
    client.force_login(user)
    return client


def listed(client: Client, address: str, condition: str, **params: str) -> tuple[list[Any], dict[str, Any], str]:
    """Return the rows, what is wrong, and the page."""
    answer = client.get(address, {"condition": condition, **params})
    assert answer.status_code == 200
    changes = answer.context["cl"]
    return list(changes.result_list), changes.asked.error, answer.content.decode()


def test_people_are_found_by_what_they_are_and_did(admin_client: Client) -> None:
    anna, ben = ProfileFactory(traits={"plan": "pro"}, visit_count=3), ProfileFactory(traits={"plan": "free"})
    EventFactory(profile_id=anna.id, type="purchase", properties={"amount": 60})
    EventFactory(profile_id=ben.id, type="purchase", properties={"amount": 20})

    for condition, expected in {
        'profile@traits.plan = "pro"': [anna],
        'profile@traits.plan IN ["pro", "free"]': [ben, anna],
        'DID("purchase" WHERE event@properties.amount > 50)': [anna],
        "profile@visits.count >= 3 OR profile@visits.count = 0": [ben, anna],
        'profile@segments CONTAINS "vip"': [],
    }.items():
        rows, error, _ = listed(admin_client, PROFILES, condition)
        assert (rows, error) == (expected, {}), condition


def test_conditions_and_filters_and_search_go_together(admin_client: Client) -> None:
    known = ProfileFactory(is_anonymous=False, visit_count=3)
    ProfileFactory(is_anonymous=True, visit_count=3)
    ProfileFactory(is_anonymous=False, visit_count=1)

    rows, _, page = listed(admin_client, PROFILES, "profile@visits.count > 2", kind="known")

    assert rows == [known]
    assert 'name="kind" value="known"' in page
    assert 'href="?kind=known">Clear' in page


def test_events_are_found_by_what_they_say(admin_client: Client) -> None:
    profile = ProfileFactory(name="Anna Adler", is_anonymous=False)
    large = EventFactory(type="purchase", properties={"amount": 60}, profile_id=profile.id)
    EventFactory(type="purchase", properties={"amount": 20})

    rows, error, page = listed(admin_client, EVENTS, 'event@type = "purchase" AND event@properties.amount > 50')

    assert (rows, error) == ([large], {})
    assert "Anna Adler" in page


def test_pages_of_a_condition_follow_each_other(admin_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser.Browser, "list_per_page", 2)
    people = [ProfileFactory(visit_count=number) for number in range(6)]
    condition = "profile@visits.count >= 1"

    first = admin_client.get(PROFILES, {"condition": condition}).context["cl"]
    second = admin_client.get(PROFILES + first.older).context["cl"]
    back = admin_client.get(PROFILES + second.newer).context["cl"]

    assert [*first.result_list, *second.result_list] == people[:1:-1]
    assert list(back.result_list) == list(first.result_list)
    assert (first.result_count, first.is_counted) == (5, True)


@pytest.mark.parametrize(
    ("address", "condition", "message"),
    [
        (PROFILES, "profile@visits.count >", "ends too early"),
        (PROFILES, "profile@visitz.count > 1", "Did you mean profile@visits.count?"),
        (PROFILES, "event@properties.amount > 1", "cannot be asked about here"),
        (EVENTS, "profile@visits.count > 1", "There is no field profile@visits.count"),
        (EVENTS, 'DID("purchase")', "which have no past events"),
    ],
)
def test_a_mistake_is_said_and_the_list_does_not_pass_for_empty(
    admin_client: Client, address: str, condition: str, message: str
) -> None:
    ProfileFactory()
    EventFactory()

    rows, _, page = listed(admin_client, address, condition)

    assert rows == []
    assert message in page.replace("&#x27;", "'")
    assert "Nothing is shown, as the condition was not answered." in page


def test_a_condition_that_takes_too_long_is_stopped_and_that_is_said(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    ProfileFactory()
    monkeypatch.setattr(asked, "PAGE_SECS", 0.1)
    monkeypatch.setattr(asked, "to_sql", lambda *_, **__: ("pg_sleep(%s) IS NOT NULL", [20]))

    rows, _, page = listed(admin_client, PROFILES, "profile@visits.count >= 0")

    assert rows == []
    assert "was stopped" in page


def test_rows_are_shown_though_counting_all_takes_too_long(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = ProfileFactory()
    monkeypatch.setattr(asked.Asked, "counted", lambda *_: None)

    rows, _, page = listed(admin_client, PROFILES, "profile@visits.count >= 0")

    assert rows == [anna]
    assert "counting all takes too long" in page


@pytest.mark.parametrize(
    "condition",
    [
        'profile@email = "anna@example.com"',
        'profile@data.contact.email.main STARTS WITH "a"',
        'profile@traits.nickname = "Anna"',
        'DID("sign-up" WHERE event@properties.email = "anna@example.com")',
        "FIRST(event@context.ip OF ANY EVENT) EXISTS",
        'ANY(profile@data.preferences.colors WHERE item@... = "red")',
    ],
)
def test_whoever_may_not_see_personal_data_may_not_ask_about_it(analyst: Client, condition: str) -> None:
    ProfileFactory(email="anna@example.com", data={"contact": {"email": {"main": "anna@example.com"}}})

    rows, error, page = listed(analyst, PROFILES, condition)

    assert rows == []
    assert "may hold personal data, which you may not see" in error["message"]
    assert "may hold personal data" in page


def test_what_tells_of_nobody_may_be_asked_by_all_who_see_the_list(analyst: Client) -> None:
    anna = ProfileFactory(visit_count=5, country="DE")
    event = EventFactory(type="purchase", properties={"currency": "EUR"}, profile_id=anna.id)

    for condition in (
        'profile@visits.count > 4 AND profile@country = "DE"',
        'DID("purchase" WHERE event@type = "purchase")',
    ):
        assert listed(analyst, PROFILES, condition)[:2] == ([anna], {})
    rows, error, _ = listed(analyst, EVENTS, 'event@properties.currency = "EUR"')
    assert (rows, error) == ([event], {})


def test_the_bar_holds_what_was_asked_and_escapes_it(admin_client: Client) -> None:
    evil = 'profile@traits.plan = "</textarea><script>alert(1)</script>"'

    _, _, page = listed(admin_client, PROFILES, evil)

    assert "<script>alert(1)" not in page
    assert "&lt;/textarea&gt;&lt;script&gt;alert(1)" in page
