"""What was set up a moment ago works at once, although requests read their configuration from memory."""

import time

import pytest
from rest_framework.test import APIClient

from apps.collector import accept
from apps.events import links, sources
from apps.events.models import Event, InboxItem
from tests.factories import NOON, InboxItemFactory, RedirectFactory, SourceFactory, track_body

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def read_a_second_ago(db: None) -> None:
    """Have the configuration in memory from before the test made any."""
    for snapshot in (sources.current, links.current):
        snapshot.get()
        snapshot._read_at = time.monotonic() - 1


def test_a_request_of_a_new_source_is_taken(client: APIClient) -> None:
    answer = client.post("/track", track_body(SourceFactory(), "page-view"), format="json")

    assert answer.status_code == 200


def test_a_click_on_a_new_link_goes_on(client: APIClient) -> None:
    assert client.get(f"/redirect/{RedirectFactory().id}").status_code == 302


def test_an_accepted_request_of_a_new_source_is_processed_and_not_set_aside() -> None:
    source = SourceFactory()
    body = '{"userId": "17", "event": "Ordered", "type": "track"}'
    InboxItemFactory(source_id=source.id, dialect=InboxItem.Dialect.SDK, body=body, envelope={"call": "track"})

    accept.ingest(10, at=NOON)

    assert not InboxItem.objects.exists()
    assert Event.objects.filter(source_id=source.id, type="ordered").exists()
