"""Marketers define computed traits in a form, see what they would say before they save, and how far the counting is."""

import re
from typing import Any

import pytest
from django.contrib.admin.utils import quote
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from apps.core import jobs
from apps.core.ids import new_id
from apps.core.models import Task
from apps.events.computed_traits import definitions, previews
from apps.events.models import ComputedTrait, Event
from apps.events.store import partitions
from apps.profiles.models import Profile, ScoreScale
from tests.factories import NOON, ComputedTraitFactory, ProfileFactory, SourceFactory

ORDERED = "order-completed"
LIST = reverse("admin:events_computedtrait_changelist")
ADD = reverse("admin:events_computedtrait_add")
PREVIEW = reverse("admin:events_computedtrait_preview")


def form(**fields: Any) -> dict[str, Any]:
    """Return what a browser posts."""
    chosen = {"name": "Revenue", "key": "revenue", "description": "", "is_enabled": "on", "days": ""}
    return {**chosen, "function": "sum", "path": "properties.total", "event_types": [ORDERED], **fields}


def page_of(row: ComputedTrait, page: str = "change") -> str:
    return reverse(f"admin:events_computedtrait_{page}", args=[quote(row.pk)])


def saved(**parts: Any) -> ComputedTrait:
    row = ComputedTraitFactory.build(**parts)
    definitions.save(row)
    return row


def ordered(profile: Profile, total: Any, type: str = ORDERED) -> None:
    partitions.ensure([partitions.month_of(NOON)])
    at = {"time": NOON, "received_at": NOON, "processed_at": NOON}
    source_id = SourceFactory().id
    properties = {"total": total}
    Event.objects.create(
        id=new_id(), type=type, profile_id=profile.id, source_id=source_id, properties=properties, **at
    )


def somebody(*permissions: str) -> Client:
    user = User.objects.create_user("somebody", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


def test_a_trait_that_is_added_is_counted_in_the_background(admin: Client) -> None:
    anna = ProfileFactory()
    ordered(anna, 24.9)

    response = admin.post(ADD, form(event_types=["Order Completed", "my-own-type"]), follow=True)

    row = ComputedTrait.objects.get()
    assert (row.function, row.event_types, row.days) == ("sum", ["my-own-type", ORDERED], None)
    task = Task.objects.get()
    assert task.requested_by == "admin"
    assert reverse("admin:core_task_change", args=[task.pk]) in response.content.decode()
    assert "1 profiles wait" in response.content.decode()
    jobs.run_task(task_id=str(task.pk))
    anna.refresh_from_db()
    assert anna.computed == {"revenue": 24.9}
    assert "up to date" in admin.get(LIST).content.decode()


def test_the_list_says_in_words_what_a_trait_is(admin: Client) -> None:
    saved(key="orders", event_types=[ORDERED, "checkout-completed"], days=30)
    saved(key="off", is_enabled=False, function="last", path="properties.total", days=1)

    shown = admin.get(LIST).content.decode()

    assert "Number of events: order-completed or checkout-completed, in the last 30 days" in shown
    assert "Last value of properties.total: events of all types, today" in shown
    assert "profile@computed.orders" in shown
    assert "off</span>" in shown


def test_a_change_of_words_counts_nothing_anew(admin: Client) -> None:
    row = saved(key="revenue", function="sum", path="properties.total", event_types=[ORDERED])

    admin.post(page_of(row), form(name="Turnover"))

    row.refresh_from_db()
    assert row.name == "Turnover"
    assert not Task.objects.exists()


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"key": "Big Spender"}, "key", "Use small letters, digits and underscores"),
        ({"path": ""}, "path", "Expected a dotted path"),
        ({"path": "total"}, "path", "begins with one of properties."),
        ({"function": "count"}, "path", "leave the path empty"),
        ({"condition": "event@properties.total >"}, "condition", "Line 1, column"),
        ({"days": "0"}, "days", "greater than or equal to 1"),
        ({"days": "9999"}, "days", "less than or equal to 3650"),
        ({"event_types": ["x" * 200]}, "event_types", "Select a valid choice"),
    ],
)
def test_a_mistake_stands_beside_its_field(admin: Client, fields: dict[str, Any], field: str, message: str) -> None:
    response = admin.post(ADD, form(**fields))

    assert message in str(response.context["adminform"].form.errors[field])
    assert not ComputedTrait.objects.exists()


def test_the_key_of_a_trait_never_changes(admin: Client) -> None:
    row = saved(key="revenue", function="sum", path="properties.total")

    admin.post(page_of(row), form(key="another"))

    assert ComputedTrait.objects.get().key == "revenue"


def test_a_preview_says_what_the_form_would_without_saving_it(admin: Client) -> None:
    anna, bert = ProfileFactory(name="Anna"), ProfileFactory(name="Bert")
    ordered(anna, 24.9)
    ordered(anna, 0.1)
    ordered(bert, "many")

    shown = admin.post(PREVIEW, form()).content.decode()

    assert "Sum of properties.total: order-completed, at any time" in shown
    assert "Anna" in shown
    assert '<span class="cdp-int">25</span>' in shown
    assert "Bert" in shown
    assert not ComputedTrait.objects.exists()


def test_a_preview_of_a_changed_trait_shows_the_change(admin: Client) -> None:
    ordered(ProfileFactory(), 24.9)
    row = saved(key="revenue", function="sum", path="properties.total")

    shown = admin.post(PREVIEW, form(pk=row.pk, function="count", path="")).content.decode()

    assert '<span class="cdp-int">1</span>' in shown


def test_a_preview_of_scores_says_that_there_are_none_yet(admin: Client) -> None:
    ordered(ProfileFactory(), 24.9)

    assert "no scores yet" in admin.post(PREVIEW, form(function="rfm")).content.decode()


def test_a_preview_leaves_giants_out(admin: Client) -> None:
    ordered(ProfileFactory(name="Giant", event_count=previews.MAX_EVENTS + 1), 24.9)

    assert "Giant" not in admin.post(PREVIEW, form()).content.decode()


def test_a_preview_counts_only_what_meets_the_condition(admin: Client) -> None:
    anna = ProfileFactory()
    ordered(anna, 24.9)
    ordered(anna, 0.1)

    shown = admin.post(PREVIEW, form(condition="event@properties.total > 1")).content.decode()

    assert "if event@properties.total &gt; 1" in shown
    assert "24.9" in shown


def test_a_preview_of_a_form_with_mistakes_names_them(admin: Client) -> None:
    shown = admin.post(PREVIEW, form(path="")).content.decode()

    assert "Expected a dotted path" in shown


def test_who_may_not_see_people_gets_no_preview(db: None) -> None:
    client = somebody("add_computedtrait", "change_computedtrait", "view_computedtrait")

    assert client.post(PREVIEW, form()).status_code == 403


def test_who_may_only_look_changes_nothing(db: None) -> None:
    row = saved(key="orders")
    client = somebody("view_computedtrait", "view_profile")

    assert client.get(page_of(row)).status_code == 200
    assert client.post(page_of(row), form()).status_code == 403
    assert client.post(page_of(row, "count_anew")).status_code == 403
    assert client.post(PREVIEW, form(pk=row.pk)).status_code == 403


def test_a_trait_is_counted_anew_when_that_is_confirmed(admin: Client) -> None:
    row = saved(key="orders")

    assert "counted again" in admin.get(page_of(row, "count_anew")).content.decode()
    assert not Task.objects.exists()
    admin.post(page_of(row, "count_anew"))

    assert ComputedTrait.objects.get().version > row.version
    assert Task.objects.count() == 1


def test_a_deleted_trait_is_cleared_in_the_background(admin: Client) -> None:
    row, other = saved(key="orders"), saved(key="revenue", function="rfm", path="properties.total")
    ScoreScale.objects.create(trait="revenue", made_at=NOON)

    admin.post(page_of(row, "delete"), {"post": "yes"})
    admin.post(LIST, {"action": "delete_selected", "_selected_action": [other.pk], "post": "yes"})

    assert not ComputedTrait.objects.exists()
    assert not ScoreScale.objects.exists()
    assert Task.objects.count() == 2


def test_the_page_of_a_trait_shows_how_far_the_counting_is(admin: Client) -> None:
    ProfileFactory.create_batch(3)
    row = saved(key="orders")
    task = jobs.start_task("computed-traits", params={}, requested_by="anna")

    shown = admin.get(page_of(row)).content.decode()

    assert "3 profiles wait" in shown
    assert reverse("admin:core_task_progress", args=[task.pk]) in shown


def test_links_lead_to_a_trait_whose_key_looks_like_one_that_is_quoted(admin: Client) -> None:
    trait = ComputedTraitFactory(key="revenue_24", name="Revenue of a day")
    page = admin.get(reverse("admin:profiles_profile_change", args=[ProfileFactory.create().pk])).content.decode()
    address = re.search(r'<a href="([^"]+)"[^>]*>Revenue of a day</a>', page)
    assert address

    assert admin.get(address[1]).status_code == 200
    asked = admin.get(page_of(trait, "count_anew")).content.decode()
    assert f'href="{address[1]}"' in asked


def test_the_page_of_a_profile_shows_what_was_computed(admin: Client) -> None:
    rfm = {"recency": 5, "frequency": 4, "monetary": 3, "text": "543", "last": NOON.isoformat(), "count": 7, "sum": 99}
    values = {"rfm": rfm, "first_time": NOON.isoformat(), "distinct": ["jazz", 5], "average": 7 / 3, "last": False}
    for function in values:
        path = "" if function == "first_time" else "properties.total"
        row = saved(key=function, function=function, path=path, name=f"Trait {function}")
    anna = ProfileFactory(computed=values, computed_version=row.version)
    saved(key="newer")

    shown = admin.get(reverse("admin:profiles_profile_change", args=[anna.pk])).content.decode()

    assert "Trait distinct" in shown
    assert "543</span> 7 events, 99 in all" in shown
    assert "2026-11-23 12:00:00" in shown
    assert 'jazz</span>, <span class="cdp-int">5' in shown
    assert "2.33" in shown
    assert "being counted" in shown
