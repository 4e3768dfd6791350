"""A shop sends an order with a broken total: it waits in quarantine, somebody fixes it, and then it counts, once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from apps.collector import accept
from apps.events.models import Event, EventType, QuarantinedEvent, Source
from apps.profiles.models import Profile
from tests.factories import SourceFactory, track_body

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def operator() -> Client:
    """Somebody who defines what orders are."""
    client = Client()
    client.force_login(User.objects.create_superuser("olga", "olga@example.com"))
    client.post(
        reverse("admin:events_eventtype_add"),
        {
            "type": "order-placed",
            "name": "Order placed",
            "is_enabled": "on",
            "schema": '{"required": ["total"], "properties": {"total": {"type": "number"}}}',
            "condition": "event@properties.total > 0",
            "policy": "quarantine",
            "profile-target": ["stats.spent", "traits.last_order"],
            "profile-operation": ["add", "last_time"],
            "profile-source": ["properties.total", ""],
            "profile-when": ["", ""],
        },
    )
    return client


def order(shop: Client, source: Source, total: Any, *, number: int, at: datetime) -> Any:
    event = {
        "type": "order-placed",
        "id": f"order-{number}",
        "time": {"create": at.isoformat()},
        "properties": {"total": total},
    }
    body = track_body(source, events=[event])
    return shop.post("/track", body, content_type="application/json").json()


def fix(operator: Client, waiting: QuarantinedEvent, properties: str) -> Any:
    page = reverse("admin:events_quarantinedevent_change", args=[waiting.pk])
    return operator.post(
        page, {"properties": properties, "context": "", "events_quarantinedevent_save_and_replay": "1"}
    )


def ingest() -> None:
    while accept.ingest(100, at=datetime.now(UTC)):
        pass


def test_a_quarantined_event_is_fixed_and_replayed(client: Client, operator: Client) -> None:
    source, now = SourceFactory(), datetime.now(UTC)
    yesterday = now - timedelta(days=1)

    first = order(client, source, 20, number=1, at=now)
    second = order(client, source, "12,50 EUR", number=2, at=yesterday)

    assert first["warnings"] == []
    assert [warning["code"] for warning in second["warnings"]] == ["quarantined", "quarantined"]
    waiting = QuarantinedEvent.objects.get()
    assert Profile.objects.get().stats == {"spent": 20}

    assert fix(operator, waiting, '{"total": -1}').status_code == 200, "the condition does not hold"
    assert fix(operator, waiting, '{"total": 12.5}').status_code == 302
    ingest()

    profile = Profile.objects.get()
    assert profile.stats == {"spent": 32.5}
    assert profile.traits["last_order"] == now.isoformat(), "the fixed order happened before the other"
    fixed = Event.objects.get(message_id="order-2")
    assert (fixed.time, fixed.received_at, fixed.profile_id) == (yesterday, waiting.received_at, profile.id)

    # Whatever is done again now, by the operator or by the shop, changes nothing.
    operator.post(
        reverse("admin:events_quarantinedevent_changelist"), {"action": "replay", "_selected_action": [waiting.pk]}
    )
    order(client, source, "12,50 EUR", number=2, at=yesterday)
    order(client, source, 20, number=1, at=now)
    ingest()

    assert Profile.objects.get().stats == {"spent": 32.5}
    assert Event.objects.filter(type="order-placed").count() == 2
    assert not QuarantinedEvent.objects.exists()


def test_a_bad_schema_is_fixed_and_all_that_waits_is_replayed_at_once(client: Client, operator: Client) -> None:
    source, now = SourceFactory(), datetime.now(UTC)
    for number in range(5):
        order(client, source, f"{number + 1}", number=number, at=now)
    assert QuarantinedEvent.objects.count() == 5

    row = EventType.objects.get(type="order-placed")
    row.schema, row.condition = {"properties": {"total": {"type": ["number", "string"]}}}, ""
    row.save()
    waiting = [str(pk) for pk in QuarantinedEvent.objects.values_list("pk", flat=True)]
    operator.post(
        reverse("admin:events_quarantinedevent_changelist"), {"action": "replay", "_selected_action": waiting}
    )
    ingest()

    assert Profile.objects.get().stats == {"spent": 15}
    assert not QuarantinedEvent.objects.exists()
