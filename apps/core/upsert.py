"""Write many rows in one statement, whatever their number."""

from collections.abc import Iterable, Sequence
from functools import cache

from django.db import connection, models

from apps.core import storable


def upsert(model: type[models.Model], rows: Sequence[models.Model], *, keep: Iterable[str] = ()) -> None:
    """Insert the rows, and update those whose primary key exists; columns named in `keep` keep their stored value.

    One statement with one parameter: the rows travel as a JSON document, which PostgreSQL turns into a record set.
    """
    if not rows:
        return
    statement, attributes = _statement(model, frozenset(keep))
    document = [{column: row.__dict__[attribute] for column, attribute in attributes} for row in rows]
    with connection.cursor() as cursor:
        cursor.execute(statement, [storable.dumps(document)])


def insert_new(model: type[models.Model], rows: Sequence[models.Model]) -> None:
    """Insert the rows whose primary key does not exist yet, in one statement."""
    upsert(model, rows, keep=[str(field.column) for field in model._meta.concrete_fields])


def update(model: type[models.Model], rows: Sequence[models.Model], columns: Sequence[str]) -> None:
    """Write some columns of rows that exist, in one statement; what else has changed in memory is left alone."""
    if not rows:
        return
    quote = connection.ops.quote_name
    fields = [field for field in model._meta.concrete_fields if field.primary_key or field.name in columns]
    types = ", ".join(f"{quote(str(field.column))} {field.db_type(connection)}" for field in fields)
    changes = ", ".join(f"{quote(str(field.column))} = row.{quote(str(field.column))}" for field in fields)
    table, key = quote(model._meta.db_table), quote(str(model._meta.pk.column))
    document = [{field.column: getattr(row, field.attname) for field in fields} for row in rows]
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET {changes} "  # noqa: S608 - names come from the model
            f"FROM jsonb_to_recordset(%s::jsonb) AS row({types}) WHERE {table}.{key} = row.{key}",
            [storable.dumps(document)],
        )


@cache
def _statement(model: type[models.Model], keep: frozenset[str]) -> tuple[str, list[tuple[str, str]]]:
    quote = connection.ops.quote_name
    attributes = {str(field.column): field.attname for field in model._meta.concrete_fields}
    key = str(model._meta.pk.column)
    columns = ", ".join(map(quote, attributes))
    types = ", ".join(
        f"{quote(str(field.column))} {field.db_type(connection)}" for field in model._meta.concrete_fields
    )
    changed = [quote(column) for column in attributes if column != key and column not in keep]
    action = "UPDATE SET " + ", ".join(f"{column} = EXCLUDED.{column}" for column in changed) if changed else "NOTHING"
    statement = (
        f"INSERT INTO {quote(model._meta.db_table)} ({columns}) "  # noqa: S608 - names come from the model
        f"SELECT {columns} FROM jsonb_to_recordset(%s::jsonb) AS row({types}) "
        f"ON CONFLICT ({quote(key)}) DO {action}"
    )
    return statement, list(attributes.items())
