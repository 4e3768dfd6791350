"""Times come out of the database as they went in."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.db import DataError, connection
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.time_loader import TimeLoader

pytestmark = pytest.mark.django_db


def read(sql: str, *params: object) -> object:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {sql}::timestamptz", params)
        return cursor.fetchone()[0]


@settings(max_examples=100)
@given(
    time=st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)),  # noqa: DTZ001 - the zone is drawn
    zone=st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)
def test_any_time_is_read_as_it_was_written_and_in_utc(time: datetime, zone: timezone) -> None:
    written = time.replace(tzinfo=zone)

    found = read("%s", written)

    assert found == written
    assert isinstance(found, datetime)
    assert found.tzinfo is UTC


def test_nothing_is_nothing() -> None:
    assert read("NULL") is None


@pytest.mark.parametrize("text", ["infinity", "0044-03-15 12:00:00+00 BC", "12000-01-01 00:00:00+00"])
def test_a_time_that_python_does_not_know_is_refused(text: str) -> None:
    with pytest.raises(DataError):
        read("%s", text)


def test_connections_read_times_so() -> None:
    assert connection.connection.adapters.get_loader(1184, 0) is TimeLoader
