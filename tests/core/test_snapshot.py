"""Configuration in memory: fresh enough, read by one, and there while the database is not."""

import gc
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from django.db import DatabaseError, OperationalError, connection, transaction

from apps.core.memory import forget_all
from apps.core.snapshot import Snapshot, rows_changed
from apps.profiles.models import BlockedIdentifier, MergeRule
from tests.live import wait_for

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
            raise OperationalError("away")
        return self.n_reads


@pytest.fixture
def reader() -> Reader:
    return Reader()


def test_a_value_is_read_once_while_it_is_fresh(reader: Reader) -> None:
    snapshot = Snapshot(reader, of=(), refresh_secs=60)

    assert [snapshot.get(), snapshot.get()] == [1, 1]


def test_an_old_or_forgotten_value_is_read_again(reader: Reader) -> None:
    aged, forgotten = Snapshot(reader, of=(), refresh_secs=ALWAYS_OLD), Snapshot(reader, of=(), refresh_secs=60)

    assert [aged.get(), aged.get()] == [1, 2]
    assert forgotten.get() == 3
    forgotten.forget()
    assert forgotten.get() == 4


def test_the_old_value_stays_while_the_database_is_away(reader: Reader) -> None:
    snapshot = Snapshot(reader, of=(), refresh_secs=ALWAYS_OLD)
    assert snapshot.get() == 1

    reader.is_away = True

    assert snapshot.get() == 1
    snapshot.forget()
    assert snapshot.get() == 1


def test_whoever_needs_the_latest_is_not_given_an_old_value(reader: Reader) -> None:
    snapshot = Snapshot(reader, of=(), refresh_secs=60)
    assert [snapshot.get(), snapshot.latest(), snapshot.get()] == [1, 2, 2]

    reader.is_away = True

    with pytest.raises(DatabaseError):
        snapshot.latest()
    assert snapshot.get() == 2


def test_the_latest_is_what_was_read_after_it_was_asked_for(reader: Reader) -> None:
    """Who is reading just now may have looked before the change was committed."""
    snapshot = Snapshot(reader, of=(), refresh_secs=60)
    reader.answers.clear()

    with ThreadPoolExecutor(4) as pool:
        reading = pool.submit(snapshot.get)
        assert reader.is_asked.wait(PATIENCE_SECS)
        asking = [pool.submit(snapshot.latest) for _ in range(3)]
        wait_for(lambda: all(each.running() for each in asking), "those who ask")
        reader.answers.set()

        assert reading.result(PATIENCE_SECS) == 1
        assert min(each.result(PATIENCE_SECS) for each in asking) == 2
    assert reader.n_reads <= 4


def test_a_value_that_could_not_be_read_is_tried_again_by_the_next(reader: Reader) -> None:
    snapshot = Snapshot(reader, of=(), refresh_secs=60)
    reader.is_away = True
    with pytest.raises(DatabaseError):
        snapshot.get()

    reader.is_away = False

    assert snapshot.get() == 2


def test_who_cannot_read_the_latest_makes_nobody_go_on_with_what_was_forgotten(reader: Reader) -> None:
    snapshot = Snapshot(reader, of=(), refresh_secs=60)
    snapshot.get()
    snapshot.forget()
    reader.is_away = True
    with pytest.raises(DatabaseError):
        snapshot.latest()

    reader.is_away = False

    assert snapshot.get() == 3


def test_the_old_value_hides_no_error_but_of_the_database() -> None:
    answers = iter([1])
    snapshot = Snapshot(lambda: next(answers), of=(), refresh_secs=60)
    snapshot.get()
    snapshot.forget()

    for _ in range(2):
        with pytest.raises(StopIteration):
            snapshot.get()


def test_threads_wait_for_one_failure_not_each_for_its_own(reader: Reader) -> None:
    snapshot = Snapshot(reader, of=(), refresh_secs=60)
    snapshot.get()
    reader.is_away = True
    reader.answers.clear()

    with ThreadPoolExecutor(9) as pool:
        reading = [pool.submit(snapshot.latest)]
        wait_for(lambda: reader.n_reads == 2, "the first to read")
        reading += [pool.submit(snapshot.latest) for _ in range(8)]
        wait_for(lambda: all(each.running() for each in reading), "those who ask")
        reader.answers.set()

        assert {type(each.exception(PATIENCE_SECS)) for each in reading} == {OperationalError}
    assert reader.n_reads <= 4


def test_without_an_old_value_its_absence_is_an_error(reader: Reader) -> None:
    reader.is_away = True

    with pytest.raises(DatabaseError):
        Snapshot(reader, of=(), refresh_secs=60).get()


def test_while_one_reads_the_others_go_on_with_the_old_value(reader: Reader) -> None:
    snapshot = Snapshot(reader, of=(), refresh_secs=ALWAYS_OLD)
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
    snapshot = Snapshot(reader, of=(), refresh_secs=60)
    reader.answers.clear()

    with ThreadPoolExecutor(4) as pool:
        reading = [pool.submit(snapshot.get) for _ in range(4)]
        assert reader.is_asked.wait(PATIENCE_SECS)
        reader.answers.set()

        assert {each.result(PATIENCE_SECS) for each in reading} == {1}


def test_what_was_forgotten_while_it_was_read_is_read_again(reader: Reader) -> None:
    """The reader may have looked before the change was committed."""
    snapshot = Snapshot(reader, of=(), refresh_secs=60)
    reader.answers.clear()

    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(snapshot.get)
        assert reader.is_asked.wait(PATIENCE_SECS)
        snapshot.forget()
        reader.answers.set()
        reading.result(PATIENCE_SECS)

    assert snapshot.get() == 2


def test_nobody_goes_on_with_what_was_forgotten(reader: Reader) -> None:
    snapshot = Snapshot(reader, of=(), refresh_secs=60)
    snapshot.get()
    snapshot.forget()
    reader.answers.clear()

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(snapshot.get)
        assert reader.is_asked.wait(PATIENCE_SECS)
        second = pool.submit(snapshot.get)
        reader.answers.set()

        assert first.result(PATIENCE_SECS) == second.result(PATIENCE_SECS) == 2


def block(pattern: str) -> BlockedIdentifier:
    return BlockedIdentifier.objects.create(pattern=pattern)


def bulk_update() -> None:
    row = BlockedIdentifier.objects.get(pattern="old")
    row.pattern = "new"
    BlockedIdentifier.objects.bulk_update([row], ["pattern"])


WRITES: dict[str, Callable[[], object]] = {
    "create": lambda: block("new"),
    "save": lambda: BlockedIdentifier.objects.get(pattern="old").save(),
    "delete": lambda: BlockedIdentifier.objects.get(pattern="old").delete(),
    "get or create": lambda: BlockedIdentifier.objects.get_or_create(pattern="new"),
    "delete many": lambda: BlockedIdentifier.objects.all().delete(),
    "update many": lambda: BlockedIdentifier.objects.update(note="Nobody"),
    "update some": lambda: BlockedIdentifier.objects.filter(pattern="old").exclude(kind="x").update(note="Nobody"),
    "create many": lambda: BlockedIdentifier.objects.bulk_create([BlockedIdentifier(pattern="new")]),
    "change many": bulk_update,
    "SQL": lambda: rows_changed(BlockedIdentifier),
}


@pytest.mark.django_db
@pytest.mark.parametrize("name", WRITES)
def test_whoever_writes_rows_sees_them_in_memory_at_once(name: str, reader: Reader) -> None:
    block("old")
    snapshot = Snapshot(reader, of=(BlockedIdentifier, MergeRule), refresh_secs=60)
    assert snapshot.get() == 1

    WRITES[name]()

    assert snapshot.get() == 2


@pytest.mark.django_db
def test_other_models_are_no_reason_to_read_again(reader: Reader) -> None:
    snapshot = Snapshot(reader, of=(MergeRule,), refresh_secs=60)
    snapshot.get()

    block("new")

    assert snapshot.get() == 1


@pytest.mark.django_db(transaction=True)
def test_what_others_cannot_see_yet_is_not_forgotten_yet(reader: Reader) -> None:
    snapshot = Snapshot(reader, of=(BlockedIdentifier,), refresh_secs=60)
    snapshot.get()

    with transaction.atomic():
        block("new")
        assert snapshot.get() == 1
    assert snapshot.get() == 2

    with transaction.atomic():
        block("newer")
        transaction.set_rollback(True)
    assert snapshot.get() == 2


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_was_in_nobodys_memory() -> None:
    snapshot = Snapshot(BlockedIdentifier.objects.count, of=(BlockedIdentifier,), refresh_secs=60)

    def elsewhere() -> int:
        try:
            return snapshot.get()
        finally:
            connection.close()

    with transaction.atomic():
        block("new")
        assert snapshot.get() == 1
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(elsewhere).result(PATIENCE_SECS) == 0
        transaction.set_rollback(True)

    assert snapshot.get() == 0


@pytest.mark.django_db(transaction=True)
def test_what_a_savepoint_took_back_is_no_reason_to_keep_nothing(reader: Reader) -> None:
    snapshot = Snapshot(reader, of=(BlockedIdentifier,), refresh_secs=60)

    with transaction.atomic():
        with transaction.atomic():
            block("new")
            assert [snapshot.get(), snapshot.get()] == [1, 2]
            transaction.set_rollback(True)
        assert [snapshot.get(), snapshot.get()] == [3, 3]


@pytest.mark.django_db(transaction=True)
def test_it_is_forgotten_whatever_others_do_once_it_commits(reader: Reader) -> None:
    snapshot = Snapshot(reader, of=(BlockedIdentifier,), refresh_secs=60)
    snapshot.get()

    def fail() -> None:
        raise RuntimeError

    @transaction.atomic
    def write() -> None:
        transaction.on_commit(fail)
        block("new")

    with pytest.raises(RuntimeError):
        write()

    assert snapshot.get() == 2


def test_all_memory_is_forgotten_together(reader: Reader) -> None:
    snapshot = Snapshot(reader, of=(), refresh_secs=60)
    snapshot.get()

    forget_all()

    assert snapshot.get() == 2


def test_a_snapshot_that_nobody_holds_is_gone(reader: Reader) -> None:
    snapshot = Snapshot(reader, of=(BlockedIdentifier,), refresh_secs=60)
    trace = weakref.ref(snapshot)

    del snapshot
    gc.collect()

    assert trace() is None
