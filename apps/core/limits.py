"""Questions to the database that may take only so long."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection, transaction
from psycopg.errors import QueryCanceled


class TooSlow(Exception):
    """The answer takes longer than it may."""


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Stop each statement of the block that takes longer; the block is a transaction. Raises TooSlow."""
    milliseconds = max(1, round(seconds * 1000))  # 0 would be no limit at all
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(milliseconds)])
            yield
            cursor.execute("SET LOCAL statement_timeout TO DEFAULT")  # the transaction around this one may go on
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise TooSlow from None
        raise
