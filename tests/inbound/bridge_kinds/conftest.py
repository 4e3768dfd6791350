"""Where bridges lead to in tests: this machine, also under the name that certificates have."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from ipaddress import ip_network
from typing import Any

import pytest

from tests.systems.mariadb import MariaDbShop, mariadb_server
from tests.systems.postgresql import postgresql_shop
from tests.systems.shops import Shop

HOST = "hook.example"


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """Let hook.example be this machine, and no other name be known."""
    settings.EGRESS_ALLOWED_NETWORKS = [ip_network("127.0.0.0/8")]
    really = socket.getaddrinfo

    def found(host: Any, port: Any, *args: Any, **options: Any) -> Any:
        if host not in (HOST, "127.0.0.1", "localhost"):
            raise socket.gaierror(f"{host} is not known")
        return really("127.0.0.1", port, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", found)


@pytest.fixture(scope="session")
def shops() -> Iterator[dict[str, Shop]]:
    """Databases that were asked for, by their kind; the worker that began one keeps it."""
    with ExitStack() as stack:
        yield _Shops(stack)


class _Shops(dict[str, Shop]):
    def __init__(self, stack: ExitStack) -> None:
        super().__init__()
        self._stack = stack

    def __missing__(self, kind: str) -> Shop:
        if kind == "mysql":
            self[kind] = MariaDbShop.of(self._stack.enter_context(mariadb_server()))
        else:
            self[kind] = self._stack.enter_context(postgresql_shop())
        return self[kind]
