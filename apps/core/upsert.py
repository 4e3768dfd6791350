"""Write many rows in one statement, whatever their number.

The rows travel as JSON documents, which PostgreSQL turns into record sets.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import psycopg
from django.db import connection, models

from apps.core import storable
from apps.core.fields import EncryptedText

Attributes = Mapping[str, str]  # {column: attribute of a row}


def upsert(
    model: type[models.Model], rows: Sequence[models.Model], *, keep: Iterable[str] = (), are_held: bool = False
) -> None:
    """Insert the rows, and update those whose primary key exists; columns named in `keep` keep their stored value.

    With `are_held` the caller holds what it has read of them, locked: that is updated and not inserted first, as what
    the database computes of a row would be computed twice.
    """
    if not rows:
        return
    known = [row for row in rows if not row._state.adding] if are_held else []
    new = [row for row in rows if row._state.adding] if are_held else rows
    columns, kept = _attributes(model), frozenset(keep)
    key = str(model._meta.pk.column)
    statement = _update(model, frozenset(columns) - kept) if known else _insert(model, kept, key)
    if known and new:
        statement = f"WITH known AS ({statement}) {_insert(model, kept, key)}"
    _run(statement, columns, *filter(None, (known, new)))


def insert_new(model: type[models.Model], rows: Sequence[models.Model], *, by: str = "") -> int:
    """Insert the rows whose primary key, or unique column `by`, does not exist yet, in one statement; count them."""
    if not rows:
        return 0
    columns = _attributes(model)
    return _run(_insert(model, frozenset(columns), by or str(model._meta.pk.column)), columns, rows)


def update(model: type[models.Model], rows: Sequence[models.Model], columns: Iterable[str]) -> None:
    """Write some columns of rows that exist, in one statement; what else has changed in memory is left alone."""
    if rows:
        written = {str(model._meta.pk.column), *columns}
        _run(_update(model, frozenset(written)), {column: _attributes(model)[column] for column in written}, rows)


def executed(statement: str, *documents: str) -> psycopg.Cursor[Any]:
    """Execute a statement whose parameters are documents of JSON, and return the cursor that has its rows.

    Django's cursor writes them into it: they would be quoted here, and read through once more there.
    """
    connection.ensure_connection()
    wrapped: Any = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    cursor: psycopg.Cursor[Any] = psycopg.Cursor(connection.connection)
    with connection.wrap_database_errors:
        wrapped(cursor).execute(statement, documents)
    return cursor


def _run(statement: str, attributes: Attributes, *sets: Sequence[models.Model]) -> int:
    """Execute a statement, with a document of each set of rows beside it, and return how many rows it wrote."""
    documents = [
        storable.dumps([{column: row.__dict__[name] for column, name in attributes.items()} for row in rows])
        for rows in sets
    ]
    return int(executed(statement, *documents).rowcount)


@cache
def _attributes(model: type[models.Model]) -> Attributes:
    """Raises TypeError for a table with secrets: what is in memory is written as it is, and they would lie open."""
    if any(isinstance(field, EncryptedText) for field in model._meta.concrete_fields):
        raise TypeError(f"{model._meta.label} has encrypted columns: save it.")
    return {str(field.column): field.attname for field in model._meta.concrete_fields}


@cache
def _insert(model: type[models.Model], keep: frozenset[str], key: str) -> str:
    quote = connection.ops.quote_name
    table = quote(model._meta.db_table)
    attributes = _attributes(model)
    columns = ", ".join(map(quote, attributes))
    changed = [quote(column) for column in attributes if column != key and column not in keep]
    action = "UPDATE SET " + ", ".join(f"{column} = EXCLUDED.{column}" for column in changed) if changed else "NOTHING"
    return (
        f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {_records(model, attributes)} "  # noqa: S608 - names come from the model
        f"ON CONFLICT ({quote(key)}) DO {action}"
    )


@cache
def _update(model: type[models.Model], columns: frozenset[str]) -> str:
    quote = connection.ops.quote_name
    table, key = quote(model._meta.db_table), str(model._meta.pk.column)
    changes = [f"{quote(column)} = row.{quote(column)}" for column in sorted(columns - {key})]
    changes += [f"{quote(column)} = {table}.{quote(column)}" for column in sorted(_always(model) - columns)]
    records = _records(model, columns)
    return f"UPDATE {table} SET {', '.join(changes)} FROM {records} WHERE {table}.{quote(key)} = row.{quote(key)}"  # noqa: S608 - names come from the model


def _always(model: type[models.Model]) -> frozenset[str]:
    """Return the columns that a model wants to be set with any others, be it to what they are."""
    return frozenset(getattr(model, "ALWAYS_SET", ()))


def _records(model: type[models.Model], columns: Collection[str]) -> str:
    """Write what makes rows of a document, with these columns of a model."""
    fields = [field for field in model._meta.concrete_fields if field.column in columns]
    types = ", ".join(f"{connection.ops.quote_name(str(field.column))} {field.db_type(connection)}" for field in fields)
    return f"jsonb_to_recordset(%s::jsonb) AS row({types})"
