"""Lists of large tables: paged by key, forth and back, without losing or repeating a row."""

import re
from datetime import timedelta
from html import unescape
from itertools import chain

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from apps.core.admin import browser
from apps.events.models import Event, InboxItem
from apps.sessions.models import Session
from tests.factories import NOON, InboxItemFactory, SessionFactory

pytestmark = pytest.mark.django_db
SIZE = 5
SESSIONS = reverse("admin:cdp_sessions_session_changelist")
INBOX = reverse("admin:events_inboxitem_changelist")


def page(client: Client, address: str) -> tuple[list[str], dict[str, str]]:
    """Return the keys of the rows and the links to other pages."""
    answer = client.get(address)
    assert answer.status_code == 200, address
    keys = [str(row.pk) for row in answer.context["cl"].result_list]
    links = {
        name: unescape(found)
        for found, name in re.findall(r'href="([^"]*)">(?:← )?(newer|older)', answer.content.decode())
    }
    return keys, links


def walk(client: Client, address: str, direction: str) -> tuple[list[list[str]], str]:
    """Follow the links until there is no more, and return the pages and the last address."""
    pages = []
    base = address.partition("?")[0]
    while True:
        keys, links = page(client, address)
        pages.append(keys)
        if direction not in links:
            return pages, address
        address = base + links[direction]


@pytest.fixture
def client(admin_client: Client, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr(browser.Browser, "list_per_page", SIZE)
    return admin_client


@pytest.mark.parametrize("n_rows", [0, 1, SIZE, SIZE + 1, 2 * SIZE, 3 * SIZE + 2])
def test_paging_forth_and_back_shows_each_row_once(client: Client, n_rows: int) -> None:
    for number in range(n_rows):  # many began at the same time: the position between them is the id's
        SessionFactory(started_at=NOON + timedelta(minutes=number // 3))
    expected = [str(pk) for pk in Session.objects.order_by("-started_at", "-id").values_list("pk", flat=True)]

    forth, last = walk(client, SESSIONS, "older")
    back, _ = walk(client, last, "newer")

    assert list(chain(*forth)) == expected
    assert all(len(keys) == SIZE for keys in forth[:-1])
    assert list(chain(*back[::-1])) == expected


def test_rows_that_arrive_meanwhile_move_no_page(client: Client) -> None:
    InboxItemFactory.create_batch(SIZE + 2)
    _, links = page(client, INBOX)
    before, _ = page(client, INBOX + links["older"])

    InboxItemFactory.create_batch(3)

    assert page(client, INBOX + links["older"])[0] == before


def test_filters_and_searches_are_kept(client: Client) -> None:
    InboxItemFactory.create_batch(SIZE + 2, dead_at=NOON)
    InboxItemFactory.create_batch(5)

    pages, last = walk(client, f"{INBOX}?state=dead", "older")

    assert [len(keys) for keys in pages] == [SIZE, 2]
    assert "state=dead" in last


@pytest.mark.parametrize("name", ["before", "after"])
@pytest.mark.parametrize(
    "position", ["", "x", ",", "2026-11-23", "2026-11-23T12:00:00+00:00,x", "2026-13-01T00:00:00Z,1", "1" * 400]
)
def test_a_broken_position_is_none(client: Client, name: str, position: str) -> None:
    SessionFactory()

    assert len(page(client, f"{SESSIONS}?{name}={position}")[0]) == 1


def test_a_list_cannot_be_ordered_otherwise(client: Client) -> None:
    SessionFactory.create_batch(3)

    assert page(client, f"{SESSIONS}?o=1.-2") == page(client, SESSIONS)


def test_small_tables_are_counted_and_large_ones_estimated(monkeypatch: pytest.MonkeyPatch) -> None:
    InboxItemFactory.create_batch(20)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE events_inboxitem")
    InboxItemFactory.create_batch(3)
    rows = InboxItem.objects.all()

    assert browser.estimated_count(rows, is_filtered=False) == 23
    monkeypatch.setattr(browser, "EXACT_BELOW", 10)
    assert browser.estimated_count(rows, is_filtered=False) == 20
    assert browser.estimated_count(rows.filter(dialect="track"), is_filtered=True) == 11
    assert browser.estimated_count(Event.objects.all(), is_filtered=False) == 0


@pytest.mark.parametrize("action", ["add", "change", "delete"])
def test_nothing_can_be_changed_even_by_administrators(client: Client, action: str) -> None:
    session = SessionFactory()
    args = [] if action == "add" else [session.pk]

    answer = client.post(reverse(f"admin:cdp_sessions_session_{action}", args=args), {"post": "yes", "country": "XX"})

    assert answer.status_code == 403
    assert Session.objects.get().country == ""


def test_only_pages_of_the_past_lead_back(client: Client) -> None:
    InboxItemFactory.create_batch(3)

    assert page(client, INBOX)[1] == {}
