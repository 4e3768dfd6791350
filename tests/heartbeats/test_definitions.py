"""How a heartbeat is saved: what is wrong is said of the field, and when it counts from."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import override_settings
from django.utils import timezone

from apps.core import schedules
from apps.core.mistakes import DefinitionError
from apps.heartbeats import definitions
from apps.heartbeats.models import Heartbeat, HeartbeatRun, Silence
from tests.factories import ConsentTypeFactory, EventTypeFactory, SegmentFactory
from tests.heartbeats.beating import ago, beat
from tests.heartbeats.factories import HeartbeatFactory
from tests.shop import Shop

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 30, 12, 0, 30, tzinfo=UTC)


def refused(**values: Any) -> tuple[str, str]:
    with pytest.raises(DefinitionError) as caught:
        HeartbeatFactory(**values)
    return caught.value.field, caught.value.message


@pytest.mark.parametrize(
    ("values", "field", "says"),
    [
        ({"strategy": "inactive"}, "strategy", "There are inactive-profile, inactive-session, session-not-closed."),
        ({"wait_period": timedelta(0)}, "wait_period", "At least one minute"),
        ({"wait_period": timedelta(hours=-1)}, "wait_period", "At least one minute"),
        ({"wait_period": timedelta(days=4_000)}, "wait_period", "At most ten years"),
        ({"wait_period": "soon"}, "wait_period", "Write it as"),
        ({"wait_period": None}, "wait_period", "Write it as"),
        ({"event_type": "visit-started"}, "event_type", "The platform itself says visit-started"),
        ({"event_type": "segment-entered"}, "event_type", "The platform itself says segment-entered"),
        ({"event_type": "session-closed"}, "event_type", "The platform itself says session-closed"),
        ({"event_type": "page-view"}, "event_type", "senders say it"),
        ({"event_type": "profile-inactiv"}, "event_type", "Did you mean profile-inactive?"),
        ({"event_type": "nothing-like-it"}, "event_type", "Say profile-inactive, or make the type first."),
        ({"schedule": "0 0 30 2 *"}, "schedule", "Such a day never comes."),
        ({"schedule": "0 0 31 4,6 *"}, "schedule", "Such a day never comes."),
        ({"schedule": "61 * * * *"}, "schedule", "61 * * * * is no schedule"),
        ({"schedule": "@daily"}, "schedule", "Five fields are needed"),
        ({"schedule": "*/5 * * * * *"}, "schedule", "Five fields are needed"),
        ({"schedule": "every day at five o'clock"}, "schedule", "is no schedule"),
        ({"condition": "profile@events.count >"}, "condition", "Line 1"),
        ({"condition": 'event@type = "a"'}, "condition", "event@type"),
        ({"condition": 'profile@segments CONTAINS "vipp"'}, "condition", "no segment vipp. Did you mean vip?"),
        ({"max_per_run": 0}, "max_per_run", "At least one"),
        ({"rearm": "sometimes"}, "rearm", "not a valid choice"),
        ({"name": ""}, "name", "blank"),
    ],
)
def test_what_is_wrong_is_said_of_the_field(values: dict[str, Any], field: str, says: str) -> None:
    SegmentFactory(key="vip")

    assert refused(**values)[0] == field
    assert says in refused(**values)[1]
    assert not Heartbeat.objects.exists()


def test_a_name_is_taken_once() -> None:
    HeartbeatFactory(name="Gone")

    assert refused(name="Gone") == ("name", "There is another heartbeat of that name.")


def test_what_is_closed_has_to_be_closed_again_when_it_was_opened_again() -> None:
    field, says = refused(strategy="session-not-closed", rearm="once")

    assert (field, "has to end again" in says) == ("rearm", True)


def test_a_type_that_an_operator_made_may_be_said() -> None:
    EventTypeFactory(type="we-miss-you")

    assert HeartbeatFactory(event_type="We miss you").event_type == "we-miss-you"
    assert HeartbeatFactory(event_type="").event_type == "profile-inactive"


@pytest.mark.parametrize(
    ("text", "wait"),
    [("15 minutes", timedelta(minutes=15)), ("1h30m", timedelta(hours=1.5)), ("180 days", timedelta(days=180))],
)
def test_a_wait_period_is_read_as_people_write_it(text: str, wait: timedelta) -> None:
    assert definitions.wait_period_of(text) == wait


@pytest.mark.parametrize("text", ["", "soon", "0", "0 days", "-3 days", "30 seconds", "3 months", "9999 days"])
def test_what_is_no_wait_period_is_refused(text: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        definitions.wait_period_of(text)

    assert caught.value.field == "wait_period"
    assert "offset" not in caught.value.message


def test_it_runs_next_by_the_time_zone_of_the_platform() -> None:
    assert schedules.next_after("30 4 * * *", NOW) == datetime(2026, 12, 1, 4, 30, tzinfo=UTC)
    with override_settings(TIME_ZONE="Europe/Berlin"):
        assert schedules.next_after("30 4 * * *", NOW) == datetime(2026, 12, 1, 3, 30, tzinfo=UTC)
    assert schedules.next_after("0 0 29 2 *", NOW) == datetime(2028, 2, 29, tzinfo=UTC)


def test_it_counts_from_when_it_is_switched_on_and_from_each_change_of_what_it_means() -> None:
    row = HeartbeatFactory.build(first_run=Heartbeat.FirstRun.RIPENING, is_enabled=False)
    definitions.save(row, now=NOW)
    assert (row.counted_from, row.due_at) == (None, None)

    row.is_enabled = True
    assert definitions.save(row, now=NOW)
    assert (row.counted_from, row.due_at) == (NOW, datetime(2026, 11, 30, 12, 1, tzinfo=UTC))

    later = NOW + timedelta(days=1)
    row.name, row.max_per_run = "Another name", 5
    assert not definitions.save(row, now=later)
    assert row.counted_from == NOW

    row.consent = ConsentTypeFactory()
    assert definitions.save(row, now=later)
    assert Heartbeat.objects.get().counted_from == later


def test_a_run_that_is_under_way_ends_when_the_meaning_changes() -> None:
    row = HeartbeatFactory()
    run = row.runs.create(trigger="cron", started_at=NOW, clock=NOW)
    Heartbeat.objects.update(leases=7)

    row.wait_period *= 2
    definitions.save(row, now=NOW)

    run = HeartbeatRun.objects.get(pk=run.pk)
    assert (run.finished_at, run.error) == (NOW, definitions.CHANGED)
    assert Heartbeat.objects.get().leases == 8  # whoever was at it cannot go on


def test_what_runs_note_stays_when_somebody_saves_an_old_copy() -> None:
    old = HeartbeatFactory()
    Heartbeat.objects.update(seen_until=NOW, seen_through_at=NOW, leases=3, error="Oh.")

    old.name = "New name"
    definitions.save(old, now=timezone.now())

    row = Heartbeat.objects.get()
    assert (row.name, row.seen_until, row.seen_through_at, row.leases, row.error) == ("New name", NOW, NOW, 3, "Oh.")


@pytest.mark.usefixtures("alone")
def test_one_that_is_deleted_takes_its_ledger_along(shop: Shop) -> None:
    shop.now = ago(days=3)
    shop.track("page-view", session="anna")
    row, other = HeartbeatFactory(), HeartbeatFactory()
    assert (beat(row), beat(other)) == (1, 1)

    definitions.delete(row)

    assert list(Silence.objects.values_list("heartbeat_id", flat=True)) == [other.id]
    assert list(HeartbeatRun.objects.values_list("heartbeat_id", flat=True)) == [other.id]


def test_one_on_the_spot_is_known_again_by_what_it_means() -> None:
    def made(**values: Any) -> Heartbeat:
        row = {"strategy": "inactive-profile", "wait_period": timedelta(days=1), "event_type": "", **values}
        return definitions.on_the_spot(Heartbeat(**row))

    assert made().id == made(max_per_run=5, name="x").id
    others = [made(wait_period=timedelta(days=2)), made(includes_bots=True), made(consent=ConsentTypeFactory())]
    assert len({made().id, *(row.id for row in others)}) == 4
