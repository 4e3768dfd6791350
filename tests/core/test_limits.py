"""Questions that may take only so long."""

import pytest
from django.db import DataError, connection, transaction

from apps.core.limits import TooSlow, at_most

pytestmark = pytest.mark.django_db


def ask(sql: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


def test_what_takes_too_long_is_stopped_and_the_transaction_around_it_goes_on() -> None:
    with transaction.atomic():
        with pytest.raises(TooSlow), at_most(0.01):
            ask("SELECT pg_sleep(30)")
        assert ask("SELECT 1") == 1


def test_the_limit_ends_with_the_block() -> None:
    before = ask("SHOW statement_timeout")

    with at_most(5):
        assert ask("SHOW statement_timeout") == "5s"

    assert ask("SHOW statement_timeout") == before


def test_other_errors_stay_what_they_are() -> None:
    with pytest.raises(DataError), at_most(5):
        ask("SELECT 1 / 0")
