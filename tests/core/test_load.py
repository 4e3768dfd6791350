"""Whether others work with the database just now, and how long work gives way to them."""

import threading

import pytest
from django.db import connection, transaction

from apps.core import load
from tests.live import wait_for


@pytest.mark.django_db(transaction=True)
def test_only_the_transactions_of_others_are_work() -> None:
    began, may_end = threading.Event(), threading.Event()

    def work() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            began.set()
            may_end.wait(60)
        connection.close()

    other = threading.Thread(target=work)
    wait_for(lambda: not load.is_busy(), "the end of what tests before have left")
    with transaction.atomic():
        assert not load.is_busy()
        other.start()
        assert began.wait(60)
    assert load.is_busy()
    may_end.set()
    other.join()
