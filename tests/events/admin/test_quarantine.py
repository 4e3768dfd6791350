"""People fix events in quarantine and send them through the pipeline again."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from apps.events.models import InboxItem, QuarantinedEvent
from tests.events.factories import QuarantinedEventFactory
from tests.factories import EventTypeFactory, SourceFactory

LIST = "admin:events_quarantinedevent_changelist"


@pytest.fixture
def waiting(db: None) -> QuarantinedEvent:
    """An order without a total that is a number."""
    EventTypeFactory(type="order-placed", policy="quarantine", schema={"properties": {"total": {"type": "number"}}})
    return set_aside("order-placed")


def set_aside(type_: str) -> QuarantinedEvent:
    made: QuarantinedEvent = QuarantinedEventFactory(
        type=type_,
        source_id=SourceFactory().id,
        properties={"total": "five"},
        problems=[{"field": "properties.total", "message": "It is wrong."}],
    )
    return made


def fix(admin: Client, row: QuarantinedEvent, properties: str, **extra: Any) -> Any:
    return admin.post(
        reverse("admin:events_quarantinedevent_change", args=[row.pk]),
        {"properties": properties, "context": "", **extra},
    )


def test_a_fixed_event_is_saved_and_waits(admin: Client, waiting: QuarantinedEvent) -> None:
    fix(admin, waiting, '{"total": 5}')

    waiting.refresh_from_db()
    assert (waiting.properties, waiting.problems) == ({"total": 5}, [])
    assert not InboxItem.objects.exists()


def test_it_can_be_replayed_with_the_same_click(admin: Client, waiting: QuarantinedEvent) -> None:
    response = fix(admin, waiting, '{"total": 5}', events_quarantinedevent_save_and_replay="1")

    assert response.status_code == 302
    assert not QuarantinedEvent.objects.exists()
    assert InboxItem.objects.get().dialect == InboxItem.Dialect.REPLAY


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ('{"total": "six"}', "properties.total: The value is not of type &quot;number&quot;"),
        ('{"total": 6', "Line 1, column 12"),
        ('{"note": "a\\u0000b"}', "properties.note contains a NUL character"),
    ],
)
def test_what_is_still_wrong_is_named_and_not_saved(
    admin: Client, waiting: QuarantinedEvent, properties: str, message: str
) -> None:
    page = fix(admin, waiting, properties).content.decode()

    assert message in page
    waiting.refresh_from_db()
    assert waiting.properties == {"total": "five"}


def test_many_are_replayed_or_discarded_at_once(admin: Client, waiting: QuarantinedEvent) -> None:
    others = [set_aside("order-placed") for _ in range(3)]

    admin.post(reverse(LIST), {"action": "replay", "_selected_action": [row.pk for row in others[:2]]})
    admin.post(reverse(LIST), {"action": "discard", "_selected_action": [others[2].pk]})

    assert InboxItem.objects.count() == 2
    assert [row.pk for row in QuarantinedEvent.objects.all()] == [waiting.pk]


def test_the_list_is_searched_by_type_and_id(admin: Client, waiting: QuarantinedEvent) -> None:
    other = set_aside("something-else")

    by_type = admin.get(reverse(LIST), {"q": "Order Placed"}).content.decode()
    by_id = admin.get(reverse(LIST), {"q": str(other.pk)}).content.decode()

    assert str(waiting.pk) in by_type
    assert str(other.pk) not in by_type
    assert str(other.pk) in by_id
    assert str(waiting.pk) not in by_id


def test_who_may_only_look_fixes_nothing(client: Client, waiting: QuarantinedEvent) -> None:
    user = User.objects.create_user("mark", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_quarantinedevent"))
    client.force_login(user)

    page = client.get(reverse("admin:events_quarantinedevent_change", args=[waiting.pk]))
    response = fix(client, waiting, '{"total": 5}')
    client.post(reverse(LIST), {"action": "replay", "_selected_action": [waiting.pk]})

    assert page.status_code == 200
    assert response.status_code == 403
    assert QuarantinedEvent.objects.get().properties == {"total": "five"}
