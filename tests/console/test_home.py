"""The admin's first page: figures of the last day, and whether something is stuck."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils import timezone
from redis.exceptions import RedisError

from apps.console import home, samples
from apps.core import beats, queue_state
from apps.events.models import Event
from tests.alerts.factories import AlertFactory, IncidentFactory
from tests.factories import NOON, EventFactory, InboxItemFactory, SourceFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("alone")]


@pytest.fixture
def admin_client() -> Client:
    client = Client()
    client.force_login(User.objects.create(username="admin", is_staff=True, is_superuser=True))
    return client


def page(client: Client) -> str:
    answer = client.get("/admin/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_an_empty_installation_says_how_to_begin(admin_client: Client) -> None:
    shown = page(admin_client)

    assert "Add the first source" in shown
    assert "nothing waits" in shown


def test_incidents_that_are_open_and_not_muted_are_shown_to_those_who_operate(admin_client: Client) -> None:
    IncidentFactory(message="It waits.")
    IncidentFactory(message="It is over.", recovered_at=NOON)
    IncidentFactory(message="It has not held.", opened_at=None)
    IncidentFactory(message="It is muted.", alert=AlertFactory(muted_until=timezone.now() + timedelta(hours=1)))
    marketer = User.objects.create(username="ben", is_staff=True)
    marketer.groups.add(Group.objects.get(name="Marketer"))
    client = Client()
    client.force_login(marketer)

    shown = page(admin_client)

    assert "It waits." in shown
    assert "All systems work." not in shown
    for other in ("It is over.", "It has not held.", "It is muted."):
        assert other not in shown
    assert "It waits." not in page(client)


def test_a_source_without_events_waits_for_the_first_one(admin_client: Client) -> None:
    SourceFactory(name="Web shop")

    shown = page(admin_client)

    assert "Web shop" in shown
    assert "waiting for the first event" in shown


def test_the_sources_that_sent_last_come_first_and_those_left_out_are_counted(admin_client: Client) -> None:
    for number in range(home.N_SOURCES):
        SourceFactory(name=f"Quiet {number}")
    for name, sent_at in (("Yesterday's", NOON - timedelta(days=1)), ("Zealous", NOON)):
        EventFactory(source_id=SourceFactory(name=name).id, received_at=sent_at)

    names = [source.name for source in home.dashboard(admin_client.get("/admin/").wsgi_request, {})["sources"]]

    assert names[:3] == ["Zealous", "Yesterday's", "Quiet 0"]
    assert "2 more" in page(admin_client)


def test_figures_compare_with_the_day_before(admin_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "PEOPLE", 10)
    samples.load(now=timezone.now())

    context = home.dashboard(admin_client.get("/admin/").wsgi_request, {})

    events = next(card for card in context["cards"] if card["title"] == "Events")
    said = Event.objects.filter(time__gte=timezone.now() - timedelta(days=1)).exclude(tags__contains=["event:system"])
    assert events["count"] == said.count()  # what the platform says itself is nobody's activity
    assert Event.objects.filter(tags__contains=["event:system"]).exists()
    assert events["count"] >= sum(hour["count"] for hour in context["hours"]) > 0
    assert len(context["hours"]) == 24
    assert max(hour["height"] for hour in context["hours"]) == 100
    assert "page-view" in {row["type"] for row in context["types"]}


@pytest.mark.parametrize(
    ("today", "yesterday", "told"),
    [(110, 100, "+10% on the day before"), (50, 100, "-50% on the day before"), (5, 0, "in the last 24 hours")],
)
def test_a_change_is_told_in_percent_when_there_is_something_to_compare_with(
    today: int, yesterday: int, told: str
) -> None:
    assert home._change(today, yesterday) == told


def test_what_waits_and_what_failed_in_the_inbox_is_shown(admin_client: Client) -> None:
    InboxItemFactory(received_at=timezone.now() - timedelta(hours=2))
    assert "The oldest accepted request waits for 2 hours" in page(admin_client)

    InboxItemFactory(dead_at=NOON)
    assert "1 dead letter" in page(admin_client)


def test_a_queue_without_a_worker_says_so(admin_client: Client) -> None:
    assert "no worker" in page(admin_client)


def test_the_page_opens_while_valkey_is_away(admin_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise RedisError("Connection refused")

    monkeypatch.setattr(queue_state, "read", fail)

    assert "Valkey does not answer" in page(admin_client)


def test_somebody_without_a_role_is_told_to_ask_for_one() -> None:
    client = Client()
    client.force_login(User.objects.create(username="new", is_staff=True))

    assert "Your account has no role yet" in page(client)


def test_the_first_line_says_whether_all_is_well(admin_client: Client) -> None:
    for name in (beats.Name.INGEST, beats.Name.CRON):
        beats.beat(name, at=timezone.now())
    assert "All systems work." in page(admin_client)

    beats.Beat.objects.filter(name="ingest").update(at=timezone.now() - timedelta(hours=3))
    shown = page(admin_client)
    assert "No ingest process was heard for 3 hours" in shown
    assert "manage.py run ingest." in shown
