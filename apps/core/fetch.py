"""Read rows by their primary keys in one statement, as `upsert` writes them; and make new ones."""

from collections.abc import Callable, Collection, Sequence
from functools import cache
from typing import Any, TypeVar

import orjson
from django.db import connection, models
from django.db.models.base import ModelState

from apps.core.fields import Json

Row = TypeVar("Row", bound=models.Model)
Key = TypeVar("Key")
Converter = Any  # (value, expression, connection) -> value, as fields have it


def fetch(model: type[Row], ids: Collection[Key], *, locks: bool = False) -> dict[Key, Row]:
    """Return {id: row} of the rows that exist; with `locks`, locked in the order of their ids.

    The statement is made once: the ORM's would be composed anew for each batch, which takes longer than to run it.
    """
    if not ids:
        return {}
    statement, names, trees, converters = _statement(model, locks=locks)
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(ids)])
        found = cursor.fetchall()
    key, alias = names.index(model._meta.pk.attname), connection.alias  # asked for once: both take a while
    rows = {}
    for values in found:
        values = list(values)
        for place in trees:
            if values[place] is not None:
                values[place] = orjson.loads(values[place])
        for place, convert in converters:
            values[place] = convert(values[place], None, connection)
        rows[values[key]] = _row(model, names, values, alias)
    return rows


def _row(model: type[Row], names: list[str], values: Sequence[Any], alias: str) -> Row:
    """Make a row of all that is stored of it; `from_db` sets field after field, and takes three times as long."""
    row = model.__new__(model)
    row.__dict__.update(zip(names, values, strict=True))
    row._state = state = ModelState()
    state.adding, state.db = False, alias
    return row


def new(model: type[Row], **values: Any) -> Row:
    """Make a row that is not stored yet, with these values of its columns, and defaults for the others.

    Django's own constructor looks at each field, and takes four times as long.
    """
    fixed, made = _defaults(model)
    row = model.__new__(model)
    row.__dict__.update(fixed)
    for name, make in made:
        if name not in values:
            row.__dict__[name] = make()
    row.__dict__.update(values)
    row._state = ModelState()
    return row


@cache
def _defaults(model: type[models.Model]) -> tuple[dict[str, Any], list[tuple[str, Callable[[], Any]]]]:
    """Return the defaults that are values, and what makes those that each row has of its own."""
    fields = model._meta.concrete_fields
    made = [(field.attname, field.default) for field in fields if field.has_default() and callable(field.default)]
    names = dict(made)
    return {field.attname: field.get_default() for field in fields if field.attname not in names}, made


@cache
def _statement(
    model: type[models.Model], *, locks: bool
) -> tuple[str, list[str], list[int], list[tuple[int, Converter]]]:
    """Return what is to be executed, the names of what it gives, and which of that is JSON, or else to be converted."""
    quote = connection.ops.quote_name
    fields = model._meta.concrete_fields
    columns = ", ".join(quote(str(field.column)) for field in fields)
    key = quote(str(model._meta.pk.column))
    key_type = model._meta.pk.rel_db_type(connection)
    locking = f" ORDER BY {key} FOR NO KEY UPDATE" if locks else ""
    statement = f"SELECT {columns} FROM {quote(model._meta.db_table)} WHERE {key} = ANY(%s::{key_type}[])" + locking  # noqa: S608 - names come from the model
    trees = [place for place, field in enumerate(fields) if isinstance(field, Json)]
    converters = [
        (place, field.from_db_value)
        for place, field in enumerate(fields)
        if place not in trees and hasattr(field, "from_db_value")
    ]
    return statement, [field.attname for field in fields], trees, converters
