"""Configuration in memory: fresh enough, read by one, and there while the database is not."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from django.db import DatabaseError

from apps.core.snapshot import Snapshot

PATIENCE_SECS = 10.0
ALWAYS_OLD = -1.0


class Reader:
    """A database that counts how often it is asked, and can be away or silent."""

    def __init__(self) -> None:
        self.n_reads = 0
        self.is_away = False
        self.answers = Event()
        self.answers.set()
        self.is_asked = Event()

    def __call__(self) -> int:
        self.n_reads += 1
        self.is_asked.set()
        assert self.answers.wait(PATIENCE_SECS)
        if self.is_away:
            raise DatabaseError("away")
        return self.n_reads


@pytest.fixture
def reader() -> Reader:
    return Reader()


def test_a_value_is_read_once_while_it_is_fresh(reader: Reader) -> None:
    snapshot = Snapshot(reader, refresh_secs=60)

    assert [snapshot.get(), snapshot.get()] == [1, 1]
    assert snapshot.get(max_age_secs=ALWAYS_OLD) == 2


def test_an_old_or_forgotten_value_is_read_again(reader: Reader) -> None:
    aged, forgotten = Snapshot(reader, refresh_secs=ALWAYS_OLD), Snapshot(reader, refresh_secs=60)

    assert [aged.get(), aged.get()] == [1, 2]
    assert forgotten.get() == 3
    forgotten.forget()
    assert forgotten.get() == 4


def test_the_old_value_stays_while_the_database_is_away(reader: Reader) -> None:
    snapshot = Snapshot(reader, refresh_secs=ALWAYS_OLD)
    assert snapshot.get() == 1

    reader.is_away = True

    assert snapshot.get() == 1
    assert snapshot.get(max_age_secs=0) == 1


def test_without_an_old_value_its_absence_is_an_error(reader: Reader) -> None:
    reader.is_away = True

    with pytest.raises(DatabaseError):
        Snapshot(reader, refresh_secs=60).get()


def test_while_one_reads_the_others_go_on_with_the_old_value(reader: Reader) -> None:
    snapshot = Snapshot(reader, refresh_secs=ALWAYS_OLD)
    snapshot.get()
    reader.answers.clear()
    reader.is_asked.clear()

    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(snapshot.get)
        assert reader.is_asked.wait(PATIENCE_SECS)
        assert snapshot.get() == 1
        reader.answers.set()
        assert reading.result(PATIENCE_SECS) == 2


def test_the_first_value_is_read_by_one_and_waited_for_by_all(reader: Reader) -> None:
    snapshot = Snapshot(reader, refresh_secs=60)
    reader.answers.clear()

    with ThreadPoolExecutor(4) as pool:
        reading = [pool.submit(snapshot.get) for _ in range(4)]
        assert reader.is_asked.wait(PATIENCE_SECS)
        reader.answers.set()

        assert {each.result(PATIENCE_SECS) for each in reading} == {1}
