"""Write many rows in one statement, whatever their number.

The rows travel as JSON documents, which PostgreSQL turns into record sets.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import psycopg
from django.db import connection, models

from apps.core import storable

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
    statement = _update(model, frozenset(columns) - kept) if known else _insert(model, kept)
    if known and new:
        statement = f"WITH known AS ({statement}) {_insert(model, kept)}"
    _run(statement, columns, *filter(None, (known, new)))


def insert_new(model: type[models.Model], rows: Sequence[models.Model]) -> None:
    """Insert the rows whose primary key does not exist yet, in one statement."""
    upsert(model, rows, keep=_attributes(model))


def update(model: type[models.Model], rows: Sequence[models.Model], columns: Iterable[str]) -> None:
    """Write some columns of rows that exist, in one statement; what else has changed in memory is left alone."""
    if rows:
        written = {str(model._meta.pk.column), *columns}
        _run(_update(model, frozenset(written)), {column: _attributes(model)[column] for column in written}, rows)


def _run(statement: str, attributes: Attributes, *sets: Sequence[models.Model]) -> None:
    """Execute a statement, with a document of each set of rows beside it.

    Django's cursor writes them into it: they would be quoted here, and read through once more there.
    """
    documents = [
        storable.dumps([{column: row.__dict__[name] for column, name in attributes.items()} for row in rows])
        for rows in sets
    ]
    connection.ensure_connection()
    wrapped = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    cursor: Any = psycopg.Cursor(connection.connection)
    with wrapped(cursor) as ours:
        ours.execute(statement, documents)


@cache
def _attributes(model: type[models.Model]) -> Attributes:
    return {str(field.column): field.attname for field in model._meta.concrete_fields}


@cache
def _insert(model: type[models.Model], keep: frozenset[str]) -> str:
    quote = connection.ops.quote_name
    table, key = quote(model._meta.db_table), str(model._meta.pk.column)
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
    changes = ", ".join(f"{quote(column)} = row.{quote(column)}" for column in sorted(columns - {key}))
    records = _records(model, columns)
    return f"UPDATE {table} SET {changes} FROM {records} WHERE {table}.{quote(key)} = row.{quote(key)}"  # noqa: S608 - names come from the model


def _records(model: type[models.Model], columns: Collection[str]) -> str:
    """Write what makes rows of a document, with these columns of a model."""
    fields = [field for field in model._meta.concrete_fields if field.column in columns]
    types = ", ".join(f"{connection.ops.quote_name(str(field.column))} {field.db_type(connection)}" for field in fields)
    return f"jsonb_to_recordset(%s::jsonb) AS row({types})"
