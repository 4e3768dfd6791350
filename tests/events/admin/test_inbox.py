"""What failed can be tried again."""

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from apps.events.models import InboxItem
from tests.factories import NOON, InboxItemFactory

pytestmark = pytest.mark.django_db
INBOX = reverse("admin:events_inboxitem_changelist")


def release(client: Client, *items: InboxItem) -> None:
    client.post(INBOX, {"action": "release", "_selected_action": [item.pk for item in items]})


def test_what_was_set_aside_is_given_back(admin_client: Client) -> None:
    failed, other = InboxItemFactory(dead_at=NOON, attempts=1), InboxItemFactory(dead_at=NOON)

    release(admin_client, failed)

    assert list(InboxItem.objects.filter(dead_at=None)) == [failed]
    assert InboxItem.objects.get(pk=other.pk).dead_at == NOON


def test_a_marketer_cannot_give_back_what_they_cannot_see(client: Client) -> None:
    user = User.objects.create(username="mia", is_staff=True)
    user.groups.add(Group.objects.get(name="Marketer"))
    client.force_login(user)
    failed = InboxItemFactory(dead_at=NOON)

    release(client, failed)

    assert InboxItem.objects.get().dead_at == NOON


def test_only_what_failed_can_be_listed(admin_client: Client) -> None:
    failed, _ = InboxItemFactory(dead_at=NOON), InboxItemFactory()

    assert list(admin_client.get(INBOX, {"state": "dead"}).context["cl"].result_list) == [failed]


def test_the_list_tells_what_waits_what_rests_and_what_was_given_up(admin_client: Client) -> None:
    InboxItemFactory()
    InboxItemFactory(retry_at=NOON)
    InboxItemFactory(dead_at=NOON)

    page = admin_client.get(INBOX).content.decode()

    assert [page.count(f">{state}<") for state in ("waits", "to be retried", "dead letter")] == [1, 1, 1]


def test_what_rests_can_be_tried_at_once(admin_client: Client) -> None:
    resting = InboxItemFactory(retry_at=NOON)

    release(admin_client, resting)

    assert InboxItem.objects.get().retry_at is None
