"""Whoever deletes a segment or a source is told what follows, and types its name."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from apps.core.models import AuditEntry
from apps.events.models import Source
from apps.segments.models import Membership, Segment
from tests.factories import EventFactory, MembershipFactory, RedirectFactory, SegmentFactory, SourceFactory

pytestmark = pytest.mark.django_db


def page_of(row: Any) -> str:
    return reverse(f"admin:{row._meta.label_lower.replace('.', '_')}_delete", args=[row.pk])


def read(client: Client, row: Any) -> str:
    return client.get(page_of(row)).content.decode()


def test_a_segment_says_how_many_are_in_it_and_lists_nobody(
    admin_client: Client, django_assert_max_num_queries: Any
) -> None:
    row = SegmentFactory(kind="list", name="Guests")
    memberships = MembershipFactory.create_batch(3, segment=row)
    with django_assert_max_num_queries(14):
        text = read(admin_client, row)

    assert "3 people are in it" in text
    assert str(memberships[0].profile_id) not in text

    answer = admin_client.post(page_of(row), {"post": "yes", "name": "guests"}, follow=True)
    assert "Type the name to delete it: Guests" in answer.content.decode()
    assert Segment.objects.filter(pk=row.pk).exists()

    admin_client.post(page_of(row), {"post": "yes", "name": " Guests "})
    assert not Segment.objects.filter(pk=row.pk).exists()
    assert not Membership.objects.exists()
    assert AuditEntry.objects.filter(action="deleted", object_id=row.pk).count() == 1


def test_a_segment_that_others_ask_about_names_them(admin_client: Client) -> None:
    row = SegmentFactory(key="pros", kind="list")
    SegmentFactory(name="Readers", condition='profile@segments CONTAINS "pros"')

    for text in (
        read(admin_client, row),
        admin_client.post(page_of(row), {"post": "yes", "name": row.name}).content.decode(),
    ):
        assert "Other segments ask about it: Readers." in text
    assert Segment.objects.filter(pk=row.pk).exists()


def test_a_source_says_what_stops_and_can_be_switched_off_instead(admin_client: Client) -> None:
    row = SourceFactory(name="Shop")
    RedirectFactory(source=row)
    EventFactory(source_id=row.id)

    text = read(admin_client, row)
    for words in ("The latest event came", "is refused (401)", "1 tracked link of it", "stay.", "Switch it off"):
        assert words in text

    admin_client.post(page_of(row), {"switch_off": "yes"})
    row.refresh_from_db()
    assert row.is_enabled is False
    noted = AuditEntry.objects.get(object_id=row.pk)
    assert (noted.action, noted.details["fields"]) == ("changed", ["is_enabled"])
    assert "Switch it off" not in read(admin_client, row)

    admin_client.post(page_of(row), {"post": "yes", "name": "Shop"})
    assert not Source.objects.filter(pk=row.pk).exists()


def test_what_may_not_be_deleted_is_not_deleted_along(client: Client) -> None:
    row = RedirectFactory().source
    user = User.objects.create(username="half", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_source", "delete_source"]))
    client.force_login(user)

    assert "may not be deleted by you: tracked link" in read(client, row)
    assert client.post(page_of(row), {"post": "yes", "name": row.name}).status_code == 403
    assert Source.objects.filter(pk=row.pk).exists()


def test_nothing_of_the_kind_is_deleted_in_bulk(admin_client: Client) -> None:
    for row in (SegmentFactory(), SourceFactory()):
        address = reverse(f"admin:{row._meta.label_lower.replace('.', '_')}_changelist")
        admin_client.post(address, {"action": "delete_selected", "_selected_action": str(row.pk), "post": "yes"})
        assert type(row).objects.filter(pk=row.pk).exists()
