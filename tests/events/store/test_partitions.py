"""The months of the event table: made by whoever needs one first."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from django.db import IntegrityError, connection, connections, transaction

from apps.events.models import Event
from apps.events.store import partitions
from tests.factories import EventFactory

OSLO = timezone(timedelta(hours=1))
LONG_AGO = date(1994, 2, 1)


@pytest.mark.parametrize(
    ("time", "month"),
    [
        (datetime(2026, 11, 1, tzinfo=UTC), date(2026, 11, 1)),
        (datetime(2026, 11, 30, 23, 59, 59, 999_999, tzinfo=UTC), date(2026, 11, 1)),
        (datetime(2026, 11, 1, 0, 30, tzinfo=OSLO), date(2026, 10, 1)),
        (datetime(2024, 2, 29, tzinfo=UTC), date(2024, 2, 1)),
    ],
)
def test_a_month_is_that_of_the_time_in_utc(time: datetime, month: date) -> None:
    assert partitions.month_of(time) == month


@pytest.mark.parametrize(
    ("steps", "month"),
    [(0, (2026, 11)), (1, (2026, 12)), (2, (2027, 1)), (14, (2028, 1)), (-10, (2026, 1)), (-11, (2025, 12))],
)
def test_months_are_counted_over_the_years(steps: int, month: tuple[int, int]) -> None:
    assert partitions.next_month(date(2026, 11, 1), steps=steps) == date(*month, 1)


@pytest.fixture
def without_that_month(transactional_db: None) -> Iterator[None]:
    yield
    partitions.drop_before(partitions.next_month(LONG_AGO))


@pytest.mark.usefixtures("without_that_month")
def test_an_old_month_is_made_once_when_its_first_event_comes(django_assert_num_queries: Any) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        EventFactory.build(time=datetime(1994, 2, 3, tzinfo=UTC)).save()

    assert partitions.ensure([LONG_AGO]) == [LONG_AGO]
    with django_assert_num_queries(0):
        assert partitions.ensure([LONG_AGO]) == []
    partitions.look_again()
    assert partitions.ensure([LONG_AGO]) == []

    EventFactory.build(time=datetime(1994, 2, 28, 23, 59, 59, tzinfo=UTC)).save()
    assert Event.objects.count() == 1


@pytest.mark.usefixtures("without_that_month")
def test_a_month_that_was_rolled_back_is_made_again() -> None:
    with transaction.atomic():
        assert partitions.ensure([LONG_AGO]) == [LONG_AGO]
        transaction.set_rollback(True)

    assert partitions.ensure([LONG_AGO]) == [LONG_AGO]


@pytest.mark.django_db
def test_a_month_has_the_indexes_of_the_table() -> None:
    partitions.ensure([LONG_AGO])

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FILTER (WHERE tablename = 'events_event'), count(*) FILTER (WHERE tablename = %s) "
            "FROM pg_indexes",
            [partitions.name_of(LONG_AGO)],
        )
        of_the_table, of_the_month = cursor.fetchone()
    assert of_the_table == of_the_month > 1


@pytest.mark.django_db(transaction=True)
def test_processes_that_need_a_month_at_the_same_time_make_it_once(monkeypatch: pytest.MonkeyPatch) -> None:
    class NoGuard:  # what threads of one process share, processes do not
        __enter__ = __exit__ = staticmethod(lambda *args: None)

    months = [date(1995, month, 1) for month in (1, 2, 3)]
    monkeypatch.setattr(partitions, "_guard", NoGuard())
    monkeypatch.setattr(partitions, "_months", partitions._Months())

    def ensure(_: int) -> list[date]:
        try:
            return partitions.ensure(months)
        finally:
            connections.close_all()

    try:
        with ThreadPoolExecutor(8) as pool:
            made = [month for found in pool.map(ensure, range(8)) for month in found]
        assert sorted(made) == months
        assert set(months) <= set(partitions.existing())
    finally:
        partitions.drop_before(date(1996, 1, 1))
