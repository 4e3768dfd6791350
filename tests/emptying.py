"""The tables after a test that commits: emptied as Django's `flush` does it, in a tenth of its time.

TRUNCATE makes each table and index anew, and what comes in with migrations (permissions, roles, default event types)
takes a quarter of a second: so rows are deleted where there are any, and what came in stays unless a test changed it.
"""

from typing import Any

from django.db import connection
from django.db.backends.postgresql.operations import DatabaseOperations
from django.test import TransactionTestCase

_operations: Any = DatabaseOperations
_case: Any = TransactionTestCase
_flush = _case._fixture_teardown
_tables: list[str] = []
_brought_in: dict[str, str] = {}  # by table, a digest of its rows


def make_it_quick() -> None:
    """Let all tests that commit be followed by it."""
    _case._fixture_teardown = _empty
    _operations.sql_flush = _sql_flush


def _empty(case: TransactionTestCase) -> None:
    """Leave the tables as `flush` does."""
    found = _found()
    if not _tables or {name: found.get(name) for name in _brought_in} != _brought_in:
        _flush(case)
        _remember()
    elif others := [name for name in found if name not in _brought_in]:
        with connection.cursor() as cursor:
            cursor.execute(";".join(_deletions(others)))


def _remember() -> None:
    _tables[:] = connection.introspection.django_table_names(only_existing=True, include_views=False)
    _brought_in.clear()
    _brought_in.update(dict.fromkeys(_found(), ""))
    _brought_in.update(_found())


def _found() -> dict[str, str]:
    """Return the tables that have rows, with a digest of those that came in with migrations."""
    looks = " UNION ALL ".join(f"SELECT '{name}', ({_look(name)})" for name in _tables)
    if not looks:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(looks)
        return {name: rows for name, rows in cursor.fetchall() if rows}


def _look(name: str) -> str:
    if name in _brought_in:
        return f'SELECT md5(string_agg(each::text, chr(10) ORDER BY each::text)) FROM "{name}" each'
    return f"SELECT 'some' FROM \"{name}\" LIMIT 1"


def _sql_flush(_self: Any, _style: Any, tables: list[str], **_options: Any) -> list[str]:
    return _deletions(tables)


def _deletions(tables: list[str]) -> list[str]:
    deletions = [f'DELETE FROM "{name}"' for name in tables]
    return ["SET session_replication_role = replica", *deletions, "RESET session_replication_role"]
