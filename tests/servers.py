"""Real servers for all tests; a plugin (`-p tests.servers`), as pytest-django reads settings before any conftest.

Started once, by the process that pytest starts in, unless the environment names some; workers inherit the addresses,
and each takes a database of its own among the sixteen of Valkey: what one puts into a queue no other takes.
"""

import os
import sys
from contextlib import ExitStack
from urllib.parse import parse_qsl, urlencode

import pytest

from cdp import embedded

# Where nothing compiled may be kept, each of the many processes would compile everything for itself.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

_servers = ExitStack()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests() -> object:
    """Start PostgreSQL and Valkey before Django's settings are read."""
    os.environ.setdefault("SECRET_KEY", "only-for-tests-" + "x" * 40)
    os.environ.setdefault("IDENTITY_KEY", "only-for-tests-" + "y" * 40)
    os.environ.setdefault("LOG_LEVEL", "CRITICAL")
    if not {"DATABASE_URL", "REDIS_URL"} <= os.environ.keys():
        servers = _servers.enter_context(embedded.temporary_servers())
        os.environ.setdefault("DATABASE_URL", servers.database_url)
        os.environ.setdefault("REDIS_URL", servers.redis_url)
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    if worker:
        os.environ["REDIS_URL"] = redis_url(16 - worker)  # tests/live.py counts from the other end
    return (yield)


def redis_url(database: int) -> str:
    """Name a database of the tests' Valkey."""
    server, _, query = os.environ["REDIS_URL"].partition("?")
    return f"{server}?{urlencode({**dict(parse_qsl(query)), 'db': database})}"


def pytest_unconfigure() -> None:
    """Stop what was started."""
    _servers.close()
