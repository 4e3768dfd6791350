"""What keeps the event tables in shape, by the clock or by `manage.py partitions`."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection, connections, transaction
from pytest_django import Settings

from apps.core.ids import new_id
from apps.events.models import ArrivalCount, Event, MessageKey, QuarantinedEvent, RefusedEvent
from apps.events.store import partitions
from apps.events.store.maintenance import maintain
from tests.events.factories import QuarantinedEventFactory, RefusedEventFactory
from tests.factories import NOON

# A partition is detached concurrently, which no transaction may surround.
pytestmark = pytest.mark.django_db(transaction=True)


def key(number: int, at: datetime) -> MessageKey:
    return MessageKey.objects.create(key=f"00000000-0000-0000-0000-{number:012}", received_at=at)


def quarantined(at: datetime) -> QuarantinedEvent:
    made: QuarantinedEvent = QuarantinedEventFactory(time=at, received_at=at)
    return made


def refused(at: datetime) -> RefusedEvent:
    made: RefusedEvent = RefusedEventFactory(received_at=at)
    return made


@pytest.fixture(autouse=True)
def no_months_left() -> None:
    """Begin with a table without partitions, whatever tests before have made."""
    partitions.drop_before(date(2100, 1, 1))


def test_months_are_made_ahead_once(settings: Settings) -> None:
    settings.PARTITIONS_AHEAD_MONTHS = 2

    made = maintain(now=NOON).made

    assert made == partitions.existing() == [date(2026, 11, 1), date(2026, 12, 1), date(2027, 1, 1)]
    assert maintain(now=NOON).made == []


def test_events_are_kept_for_ever_unless_told_otherwise() -> None:
    partitions.ensure([date(1997, 1, 1)])

    maintain(now=NOON)

    assert date(1997, 1, 1) in partitions.existing()


def test_months_older_than_the_retention_are_dropped(settings: Settings) -> None:
    settings.EVENT_RETENTION_MONTHS = 2
    partitions.ensure([date(2026, 8, 1), date(2026, 9, 1)])

    maintained = maintain(now=NOON)

    assert maintained.dropped == [date(2026, 8, 1)]
    assert partitions.existing()[0] == date(2026, 9, 1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('events_event_2026_08')")
        assert cursor.fetchone() == (None,)


def test_a_month_that_was_dropped_is_made_again_when_its_events_arrive(settings: Settings) -> None:
    settings.EVENT_RETENTION_MONTHS = 1
    partitions.ensure([date(2026, 1, 1)])
    maintain(now=NOON)

    assert partitions.ensure([date(2026, 1, 1)]) == [date(2026, 1, 1)]


def test_a_drop_that_was_interrupted_half_way_is_finished(settings: Settings) -> None:
    settings.EVENT_RETENTION_MONTHS = 1
    partitions.ensure([date(2026, 1, 1)])
    with ThreadPoolExecutor(1) as reader, connection.cursor() as cursor:
        reader.submit(read_events_and_linger).result()
        cursor.execute("SET statement_timeout = 200")
        with pytest.raises(OperationalError):
            maintain(now=NOON)
        cursor.execute("RESET statement_timeout")
        reader.submit(connections.close_all).result()

    assert maintain(now=NOON).dropped == [date(2026, 1, 1)]


def read_events_and_linger() -> None:
    """Read in a transaction that stays open: what is to be detached has to wait for it."""
    transaction.set_autocommit(False)
    assert not Event.objects.exists()


def test_a_drop_that_was_interrupted_after_detaching_stands_in_nobodys_way() -> None:
    partitions.ensure([date(2026, 1, 1)])
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE events_event DETACH PARTITION events_event_2026_01 CONCURRENTLY")
    partitions.look_again()

    assert partitions.ensure([date(2026, 1, 1)]) == [date(2026, 1, 1)]


def test_old_message_keys_are_forgotten_when_told_so(settings: Settings) -> None:
    key(1, NOON - timedelta(days=400))
    key(2, NOON - timedelta(days=1))

    assert maintain(now=NOON).n_keys == 0

    settings.MESSAGE_KEY_RETENTION_DAYS = 90
    assert maintain(now=NOON).n_keys == 1
    assert MessageKey.objects.get().received_at == NOON - timedelta(days=1)


def test_refused_events_are_kept_for_a_while(settings: Settings) -> None:
    settings.REFUSED_RETENTION_DAYS = 30
    refused(NOON - timedelta(days=31))
    young = refused(NOON - timedelta(days=29))

    assert maintain(now=NOON).n_refused == 1
    assert RefusedEvent.objects.get() == young


def test_events_in_quarantine_wait_for_a_while(settings: Settings) -> None:
    quarantined(NOON - timedelta(days=91))
    young = quarantined(NOON - timedelta(days=89))

    settings.QUARANTINE_RETENTION_DAYS = 0
    assert maintain(now=NOON).n_quarantined == 0

    settings.QUARANTINE_RETENTION_DAYS = 90
    assert maintain(now=NOON).n_quarantined == 1
    assert QuarantinedEvent.objects.get() == young


def test_the_command_says_what_it_did(settings: Settings) -> None:
    settings.PARTITIONS_AHEAD_MONTHS = 0
    refused(datetime.now(UTC) - timedelta(days=100))
    out = StringIO()

    call_command("partitions", stdout=out)

    assert out.getvalue() == "Made 1 partition, dropped 0; forgot 0 message keys, 1 refused and 0 quarantined events.\n"


def test_arrivals_are_kept_for_the_weeks_of_which_is_learned() -> None:
    source_id = new_id()
    for weeks in (9, 11):
        ArrivalCount.objects.create(source_id=source_id, at=NOON - timedelta(weeks=weeks), taken=1)

    maintain(now=NOON)

    assert [row.at for row in ArrivalCount.objects.all()] == [NOON - timedelta(weeks=9)]
