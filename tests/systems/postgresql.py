"""A database of a shop on the tests' own server, which is reached by TCP, and as a role that may only read."""

import os
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg

from tests.bridges.test_postgresql_kind import forward


@dataclass
class PostgresqlShop:
    """A database of a shop: see shops.py."""

    settings: dict[str, Any]
    connection: psycopg.Connection[Any]
    url: str
    kind: str = "postgresql"
    time: str = "timestamptz(6)"
    bytes: str = "bytea"

    def execute(self, statement: str, values: Sequence[Any] = ()) -> Sequence[Any]:
        """Change something, or ask."""
        cursor = self.connection.execute(statement.encode(), values or None)
        return cursor.fetchall() if cursor.description else []

    def many(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        """Do the same for many rows, in a transaction."""
        with self.connection.transaction(), self.connection.cursor() as cursor:
            cursor.executemany(statement.encode(), rows)

    def other(self) -> Any:
        """Connect once more, for another transaction."""
        return psycopg.connect(self.url, options="-c timezone=UTC -c search_path=shop")

    def let_read(self, table: str) -> None:
        """Allow the reader a table."""
        self.execute(f"GRANT SELECT ON {table} TO {self.settings['user']}")

    def clear(self) -> None:
        """Drop all that there is."""
        self.execute("DROP SCHEMA IF EXISTS shop CASCADE; CREATE SCHEMA shop; SET search_path TO shop")
        self.execute(f"GRANT USAGE ON SCHEMA shop TO {self.settings['user']}; SET timezone TO 'UTC'")


@contextmanager
def postgresql_shop() -> Iterator[PostgresqlShop]:
    """Make the database, and let it be gone afterwards."""
    name = f"shop_{uuid4().hex[:12]}"
    url = os.environ["DATABASE_URL"]
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'".encode())
        server.execute(f"CREATE ROLE {name} LOGIN".encode())
        info = server.info
        listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=forward, args=(listener, f"{info.host}/.s.PGSQL.{info.port}"), daemon=True).start()
        there = urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
        try:
            with psycopg.connect(there, autocommit=True) as owner:
                port = listener.getsockname()[1]
                settings = {"host": "127.0.0.1", "port": port, "database": name, "user": name, "password": "sesame"}
                settings |= {"security": "none", "time_out": "5 seconds"}
                found = PostgresqlShop(settings, owner, there)
                found.execute(f"ALTER ROLE {name} IN DATABASE {name} SET search_path TO shop")
                found.clear()
                yield found
        finally:
            listener.close()
            server.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
            server.execute(f"DROP ROLE {name}".encode())
