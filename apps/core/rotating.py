"""Encrypt anew, with the newest key, what older keys have encrypted: all such columns of all tables, page by page."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from django.apps import apps as django_apps
from django.db import connection
from django.db.models import Model

from apps.core import encryption, keyset
from apps.core.encryption import Unreadable
from apps.core.fields import EncryptedText, Sealed

PAGE: Final = 500


@dataclass
class Rotated:
    """What a column has: how many texts, how many of an older key and encrypted anew, and those that no key opens."""

    column: str  # table.column
    n_texts: int = 0
    n_older: int = 0  # of an older key, which is still there
    n_renewed: int = 0
    unreadable: list[str] = field(default_factory=list)  # ids of rows


def rotate() -> Iterator[Rotated]:
    """Renew column after column, and yield what became of each; again, it finds nothing more to do.

    Whoever changes a secret meanwhile wins: a text is replaced only while it is what was read.
    """
    for model, column in _columns():
        yield _gone_through(model, column, renews=True)


def look() -> Iterator[Rotated]:
    """Say of each column what it has, and change nothing."""
    for model, column in _columns():
        yield _gone_through(model, column, renews=False)


def _columns() -> Iterator[tuple[type[Model], EncryptedText]]:
    for model in django_apps.get_models():
        for column in model._meta.concrete_fields:
            if isinstance(column, EncryptedText):
                yield model, column


def _gone_through(model: type[Model], column: EncryptedText, *, renews: bool) -> Rotated:
    table, key = model._meta.db_table, str(model._meta.pk.column)
    done = Rotated(f"{table}.{column.column}")
    found = model._base_manager.values_list("pk", column.attname)
    page: list[tuple[object, str, str]] = []
    for pk, sealed in keyset.rows(found, "pk", size=PAGE):
        if not isinstance(sealed, Sealed):
            continue
        done.n_texts += 1
        if encryption.is_of_newest_key(sealed.token):
            continue
        try:
            page.append((pk, sealed.token, encryption.encrypt(encryption.decrypt(sealed.token))))
            done.n_older += 1
        except Unreadable:
            done.unreadable.append(str(pk))
        if len(page) == PAGE:
            done.n_renewed += _replace(table, key, str(column.column), page) if renews else 0
            page = []
    if page and renews:
        done.n_renewed += _replace(table, key, str(column.column), page)
    return done


def _replace(table: str, key: str, column: str, page: list[tuple[object, str, str]]) -> int:
    quote = connection.ops.quote_name
    statement = (
        f"UPDATE {quote(table)} AS row SET {quote(column)} = page.renewed"  # noqa: S608 - names come from the model
        " FROM (SELECT unnest(%s::text[]) AS key, unnest(%s::text[]) AS old, unnest(%s::text[]) AS renewed) AS page"
        f" WHERE row.{quote(key)}::text = page.key AND row.{quote(column)} = page.old"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            statement, [[str(pk) for pk, _, _ in page], [old for _, old, _ in page], [new for *_, new in page]]
        )
        return int(cursor.rowcount)
