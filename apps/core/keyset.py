"""Order by a key that no two rows share, and go on after the last row that was read: the way through any large table.

No cursor is held between two pages: a pooler that shares connections by transactions would hand it to somebody else,
and a transaction around a long download would keep one connection, and all old rows, until its end.
"""

from collections.abc import Iterator, Sequence
from operator import attrgetter, itemgetter
from typing import Any, Final, TypeVar

from django.db.models import Model, Q, QuerySet

Row = TypeVar("Row")
PAGE: Final = 2_000


def beyond(key: Sequence[str], values: Sequence[Any], side: str = "gt") -> Q:
    """Compare row-wise: (a, b) > (x, y) is a > x, or a = x and b > y. With `side="lt"` the other way round.

    The first column is compared once more on its own, as an index needs it.
    """
    condition, equal = Q(), Q()
    for name, value in zip(key, values, strict=True):
        condition |= equal & Q(**{f"{name}__{side}": value})
        equal &= Q(**{name: value})
    return Q(**{f"{key[0]}__{side}e": values[0]}) & condition


def rows(found: QuerySet[Any, Row], *key: str, size: int = PAGE) -> Iterator[Row]:
    """Yield all rows in the order of the key, read page by page; of `values()` the key must be a part.

    The key's columns must be unique together, and none of them null.
    """
    ordered = found.order_by(*key)
    page = list(ordered[:size])
    yield from page
    while len(page) == size:
        page = list(ordered.filter(beyond(key, _key_of(page[-1], key, found)))[:size])
        yield from page


def _key_of(row: Any, key: Sequence[str], found: QuerySet[Any, Any]) -> list[Any]:
    if isinstance(row, Model):
        return [attrgetter(name)(row) for name in key]
    if isinstance(row, dict):
        return [row[name] for name in key]
    names = found.query.values_select
    return [itemgetter(names.index(name))(row) for name in key]
