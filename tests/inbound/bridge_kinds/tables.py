"""Bridges that read tables of a shop, as the core reads by them."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import uuid4

from apps.bridges.connection_kind import kinds as connection_kinds
from apps.core.typed_settings import read
from apps.inbound.bridge_kind import Context, Seek, To, kinds
from apps.inbound.received import Received
from apps.inbound.rows.reader import TableReader
from apps.inbound.rows.settings import TableSettings
from tests.systems.shops import Shop


class Bridge:
    """Reads as the core does: what it has returned is stored, with its position."""

    def __init__(self, shop: Shop, **document: Any) -> None:
        self.kind = kinds[shop.kind]
        self.connection = there(shop)
        self.settings = settings_of(**document)
        self.positions: dict[str, Any] = {}
        self.keys: set[str] = set()
        self._reader: TableReader | None = None

    @property
    def context(self) -> Context:
        return Context(uuid4(), "here-1", lambda: json.loads(json.dumps(self.positions)))

    @property
    def reader(self) -> TableReader:
        if self._reader is None:
            reader = self.kind.open(self.connection, self.settings, self.context)
            assert isinstance(reader, TableReader)
            self._reader = reader
        return self._reader

    def some(self, limit: int) -> list[Received]:
        """Read the next ones, and store them."""
        batch = list(self.reader.read(limit, secs=0.2))
        self.positions.update({each.place: json.loads(json.dumps(each.position)) for each in batch})
        return batch

    def read(self) -> list[Received]:
        """Read all that is new, in one round, and store it."""
        self.reader._due = 0.0  # as if it were time to look again
        found: list[Received] = []
        while batch := self.reader.read(500, secs=0.0):
            self.positions.update({each.place: json.loads(json.dumps(each.position)) for each in batch})
            found += batch
        return found

    def new(self) -> list[dict[str, Any]]:
        """Read, and tell what of it is no repetition of what is stored."""
        fresh = [each for each in self.read() if each.key not in self.keys]
        self.keys |= {each.key for each in fresh}
        return [json.loads(each.body) for each in fresh]

    def ids(self) -> list[int]:
        """Tell the ids of that."""
        return [row["id"] for row in self.new()]

    def seek(self, to: To, *, at: datetime | None = None, position: str = "") -> None:
        """Go elsewhere."""
        self.close()
        assert self.kind.seek
        wish = Seek(to, at, "", position)
        self.positions.update(self.kind.seek(self.connection, self.settings, wish, self.context))

    def close(self) -> None:
        """Leave; the next one begins where what is stored ends."""
        if self._reader:
            self._reader.close()
        self._reader = None


def settings_of(**document: Any) -> TableSettings:
    """Read the settings of a bridge, of the table of orders unless they say otherwise."""
    usual = {"table": "orders", "watermark": "updated_at", "poll": "1 second"}
    if document.get("reads") == "query":
        del usual["table"]
    return read(TableSettings, {**usual, **document})


def there(shop: Shop, **document: Any) -> Any:
    """Read the settings of a connection."""
    return read(connection_kinds[shop.kind].settings, {**shop.settings, **document})


def order(shop: Shop, id: int, at: str) -> None:
    """Write an order, or change it."""
    shop.execute("DELETE FROM orders WHERE id = %s", [id])
    shop.execute("INSERT INTO orders VALUES (%s, 9.5, %s)", [id, f"2026-12-01 {at}"])


def add_orders(shop: Shop) -> None:
    """Make a table of orders, that the bridge may read."""
    shop.execute(f"CREATE TABLE orders (id bigint PRIMARY KEY, total numeric(10, 2), updated_at {shop.time})")
    shop.execute("CREATE INDEX by_time ON orders (updated_at, id)")
    shop.let_read("orders")


def emptied(shop: Shop) -> Iterator[Shop]:
    """Let there be orders, and nothing afterwards."""
    add_orders(shop)
    yield shop
    shop.clear()
