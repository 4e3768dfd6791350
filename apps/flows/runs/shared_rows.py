"""Rows that runs of different people share are locked while one of them is advanced.

Runs of a batch may come to a second such row while a first one is held for them. So rows are waited for in the order of
their ids alone, whatever table they are of; one that comes before those that are held is taken if it is free, and else
its runs ask again in the next batch, before any other. No two batches wait for each other.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

from django.db import connection, models

from apps.core.fetch import fetch
from apps.core.ids import NIL

Row = TypeVar("Row", bound=models.Model)


@dataclass(frozen=True, slots=True)
class Table(Generic[Row]):
    """Such rows of one model, and its statements: `make` those that there are not, and lock the `free` ones."""

    model: type[Row]
    make: str
    free: str

    def hold(
        self, ids: Collection[UUID], *, held: set[UUID], now: datetime, theirs: Collection[UUID] = ()
    ) -> dict[UUID, Row]:
        """Lock rows, but for those that somebody else has, and that must not be waited for.

        `held` are those that the batch has locked by now. For `theirs` nobody else asks.
        """
        last = max(held, default=NIL)
        shared = set(ids) - set(theirs)
        earlier = {id for id in shared if id <= last}
        rows = self.wait_for(set(ids) - earlier, now=now)
        if earlier:
            rows |= fetch(self.model, [*(earlier & held), *self._free(earlier - held)])
        held |= shared & rows.keys()
        return rows

    def wait_for(self, ids: Collection[UUID], *, now: datetime) -> dict[UUID, Row]:
        """Make those that there are not, and lock all."""
        if not ids:
            return {}
        with connection.cursor() as cursor:
            cursor.execute(self.make, {"now": now, "ids": list(ids)})
        return fetch(self.model, ids, locks=True)

    def _free(self, ids: Collection[UUID]) -> list[UUID]:
        """Lock those that there are, and that nobody else has."""
        with connection.cursor() as cursor:
            cursor.execute(self.free, [list(ids)])
            return [id for (id,) in cursor.fetchall()]
