"""Setting up sources."""

import pytest
from django.test import Client
from django.urls import reverse

from apps.events.models import Event, Source
from tests.factories import EventFactory, RedirectFactory, SourceFactory

pytestmark = pytest.mark.django_db


def page(client: Client, source: Source) -> str:
    answer = client.get(reverse("admin:events_source_change", args=[source.pk]), HTTP_HOST="localhost:8123")
    return answer.content.decode()


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        ("api", "http://localhost:8123/track"),
        ("webhook", "http://localhost:8123/collect/invoice-paid/"),
        ("redirect", "None yet"),
        ("internal", "made by the platform itself"),
    ],
)
def test_a_source_shows_how_to_send_to_it(admin_client: Client, kind: str, shown: str) -> None:
    assert shown in page(admin_client, SourceFactory(kind=kind))


def test_a_source_of_links_shows_one_of_them(admin_client: Client) -> None:
    link = RedirectFactory()

    assert f"http://localhost:8123/redirect/{link.pk}" in page(admin_client, link.source)


def test_a_source_tells_whether_anything_arrives(admin_client: Client) -> None:
    source = SourceFactory()
    assert "waiting for the first event" in page(admin_client, source)

    EventFactory(source_id=source.id)

    assert "2026-11-23 12:00:00" in page(admin_client, source)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("allowed_origins", "shop.example"),
        ("profile_id_path", "customer..id"),
        ("message_id_path", "a..b"),
        ("name", ""),
    ],
)
def test_a_mistake_is_shown_at_its_field(admin_client: Client, field: str, value: str) -> None:
    form = {"name": "Shop", "kind": "webhook", "bots": "refuse", field: value}

    answer = admin_client.post(reverse("admin:events_source_add"), form)

    assert list(answer.context["adminform"].form.errors) == [field]
    assert not Source.objects.exists()


def test_where_the_id_of_a_message_stands_is_said_in_the_form_and_counts_at_once(
    admin_client: Client, alone: None
) -> None:
    form = {"name": "Mails", "kind": "webhook", "bots": "refuse", "is_enabled": "on", "message_id_path": "sg_event_id"}
    admin_client.post(reverse("admin:events_source_add"), form)
    source = Source.objects.get()
    assert 'value="sg_event_id"' in page(admin_client, source)

    for _ in range(2):
        answer = admin_client.post(
            f"/collect/mail-opened/{source.pk}",
            [{"sg_event_id": "a"}, {"sg_event_id": "b"}],
            content_type="application/json",
        )
        assert answer.status_code == 200

    assert sorted(Event.objects.values_list("message_id", flat=True)) == ["a", "b"]
