"""Locks that hold until a transaction ends, and are never waited for in a circle."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID

import pytest
from django.db import connection, connections, transaction

from apps.core import locks
from apps.core.ids import new_id

PATIENCE_SECS = 20.0


def held() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")
        return int(cursor.fetchone()[0])


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as running:
        yield running


@pytest.mark.django_db
def test_each_key_is_locked_once_until_the_transaction_ends() -> None:
    first, second = new_id(), new_id()

    with transaction.atomic():
        locks.by_key([first, second, first])
        locks.by_key([first])
        assert held() == 2


@pytest.mark.django_db
def test_no_keys_need_no_statement(django_assert_num_queries: object) -> None:
    with django_assert_num_queries(0):  # type: ignore[operator]
        locks.by_key([])


@pytest.mark.django_db
def test_any_uuid_is_a_key() -> None:
    locks.by_key([UUID(int=0), UUID(int=2**128 - 1)])

    assert held() == 2


@pytest.mark.django_db(transaction=True)
def test_two_that_name_keys_in_opposite_order_do_not_wait_in_a_circle(pool: ThreadPoolExecutor) -> None:
    keys = [new_id() for _ in range(50)]
    together = Barrier(2)

    def lock_often(keys: list[UUID]) -> None:
        try:
            together.wait(PATIENCE_SECS)
            for _ in range(50):
                with transaction.atomic():
                    locks.by_key(keys)
        finally:
            connections.close_all()

    for running in [pool.submit(lock_often, keys), pool.submit(lock_often, keys[::-1])]:
        running.result(PATIENCE_SECS)  # a deadlock raises here


@pytest.mark.django_db(transaction=True)
def test_a_key_is_waited_for_and_a_name_is_not(pool: ThreadPoolExecutor) -> None:
    key, has_begun = new_id(), Barrier(2)

    def ask() -> bool:
        try:
            with transaction.atomic():
                free = locks.try_by_name("maintenance")
                has_begun.wait(PATIENCE_SECS)
                locks.by_key([key])
                return free
        finally:
            connections.close_all()

    with transaction.atomic():
        locks.by_key([key])
        assert locks.try_by_name("maintenance")
        asked = pool.submit(ask)
        has_begun.wait(PATIENCE_SECS)
        assert not asked.done()

    assert asked.result(PATIENCE_SECS) is False
