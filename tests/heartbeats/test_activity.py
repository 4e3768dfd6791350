"""Who is active when: by our own clock, however an event comes, and by no event of the platform."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from apps.collector import accept
from apps.events.store.emitting import Emission, emit
from apps.profiles.models import Profile
from apps.segments.platform_events import ENTERED
from apps.sessions.models import Session
from tests.factories import EventTypeFactory, track_body
from tests.heartbeats.beating import ago, process
from tests.shop import TRACK, Shop, person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("alone")]


def asked(query: str, *values: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return [row[0] for row in cursor.fetchall()]


def test_they_are_when_something_arrives_whenever_it_happened(shop: Shop) -> None:
    shop.call("track", userId="anna", event="seen", time=shop.now - timedelta(days=90))
    arrived = shop.now
    shop.call("track", userId="bo", event="seen", time=shop.now + timedelta(minutes=1))

    assert person(primary_id="anna").last_active_at == arrived
    assert person(primary_id="bo").last_active_at == shop.now


def test_what_arrives_in_another_order_makes_nobody_less_active(shop: Shop) -> None:
    shop.track("page-view", session="anna")
    latest = shop.now
    shop.now -= timedelta(hours=5)
    waited = shop.message(TRACK, track_body(shop.source, "page-view", session="anna"))
    accept.history([waited], at=latest + timedelta(seconds=1))

    assert Profile.objects.get().last_active_at == Session.objects.get().last_active_at == latest


def test_what_is_sent_again_is_no_activity(shop: Shop) -> None:
    shop.call("track", userId="anna", event="seen", messageId="1", time=shop.now)
    arrived = shop.now
    shop.later(days=1)
    shop.call("track", userId="anna", event="seen", messageId="1", time=arrived)

    assert person(primary_id="anna").last_active_at == arrived


@pytest.mark.parametrize("type", [ENTERED.type, "of-an-operator"])
def test_what_the_platform_says_is_none(shop: Shop, type: str) -> None:
    EventTypeFactory(type="of-an-operator")
    shop.now = ago(days=3)
    shop.track("page-view", session="anna")
    anna, session = Profile.objects.get(), Session.objects.get()

    emit(
        [Emission(type, anna.id, "key", timezone.now(), {"segment": "vip"}, session.id)],
        is_silent=False,
        now=timezone.now(),
    )
    process()

    assert anna.last_active_at == shop.now
    assert Profile.objects.get().last_active_at == Session.objects.get().last_active_at == shop.now


def test_their_hours_are_those_of_their_activity_and_of_open_sessions_alone(shop: Shop) -> None:
    shop.track("page-view", session="anna")
    hour = shop.now.replace(minute=0, second=0, microsecond=0)
    assert asked("SELECT last_active_hour FROM profiles_profile") == [hour]
    assert asked("SELECT open_hour FROM cdp_sessions_session") == [hour]

    Session.objects.update(status=Session.Status.ENDED)

    assert asked("SELECT open_hour FROM cdp_sessions_session") == [None]


@pytest.mark.parametrize("table", ["profiles_profile", "cdp_sessions_session"])
def test_within_an_hour_no_index_is_written(shop: Shop, table: str) -> None:
    """An update that changes no column of an index stays on its page (HOT)."""
    columns = asked(
        "SELECT DISTINCT a.attname FROM pg_index AS i CROSS JOIN unnest(i.indkey) AS k "
        "JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k WHERE i.indrelid = %s::regclass",
        table,
    )

    assert {"last_active_at", "last_seen_at", "status"}.isdisjoint(columns)
    assert {"last_active_hour", "open_hour"} & set(columns)


@pytest.mark.django_db(transaction=True)
def test_rows_that_were_there_before_are_as_active_as_they_were_seen_and_nobody_in_the_future(shop: Shop) -> None:
    shop.now = ago(days=3)
    shop.track("page-view", session="anna")
    shop.track("page-view", session="bo")
    seen = list(Profile.objects.order_by("id").values_list("last_seen_at", flat=True))
    before = [("profiles", "0002_storage"), ("cdp_sessions", "0002_storage")]
    latest = MigrationExecutor(connection).loader.graph.leaf_nodes()
    try:
        MigrationExecutor(connection).migrate(before)
        asked(
            "UPDATE profiles_profile SET last_seen_at = now() + interval '1 year' "
            "WHERE id = (SELECT max(id::text)::uuid FROM profiles_profile) RETURNING id"
        )
    finally:
        MigrationExecutor(connection).migrate(latest)

    first, last = Profile.objects.order_by("id").values_list("last_active_at", flat=True)
    assert first == seen[0]
    assert last == pytest.approx(timezone.now(), abs=timedelta(seconds=60))
    assert list(Session.objects.order_by("started_at").values_list("last_active_at", flat=True)) == seen
