"""At the end of a shop's two years, those who had not bought anything for 180 days are called inactive: once each."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from apps.collector import accept
from apps.events.models import Event
from apps.heartbeats import clock, running
from apps.profiles.models import Profile
from tests.factories import SourceFactory
from tests.heartbeats.factories import HeartbeatFactory
from tests.stories.purchases import NOON, Purchase, purchases, send

pytestmark = pytest.mark.django_db(transaction=True)
LAST_DAY, SILENT_DAYS = date(1998, 6, 30), 180


def silent_by_sql(bought: list[Purchase]) -> set[str]:
    """Ask plain SQL over the file."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE purchases (customer text, day date)")
        cursor.executemany("INSERT INTO purchases VALUES (%s, %s)", [(each.customer, each.day) for each in bought])
        cursor.execute("SELECT customer FROM purchases GROUP BY 1 HAVING max(day) <= %s - %s", [LAST_DAY, SILENT_DAYS])
        return {customer for (customer,) in cursor.fetchall()}


def beat(row: object) -> int:
    said = running.run(row, by="test", now=timezone.now()).n_said
    while accept.ingest(1_000, at=timezone.now()):
        pass
    return said


def test_they_are_those_whom_sql_over_the_file_names() -> None:
    bought = list(purchases())
    # The clock of heartbeats stands at noon of the last day.
    moved = clock.read().stored_until - datetime.combine(LAST_DAY, NOON, tzinfo=UTC)
    send(SourceFactory(), bought, moved=moved)
    expected = silent_by_sql(bought)
    row = HeartbeatFactory(wait_period=timedelta(days=SILENT_DAYS), max_per_run=100_000)

    assert beat(row) == len(expected) > 0

    told = Event.objects.filter(type="profile-inactive")
    names = dict(Profile.objects.values_list("id", "primary_id"))
    assert sorted(names[event.profile_id] for event in told) == sorted(expected)
    for event in told:
        assert event.time == Profile.objects.get(id=event.profile_id).last_seen_at + row.wait_period
    assert beat(row) == 0
    assert told.count() == len(expected)
