"""Real servers for all tests; a plugin (`-p tests.servers`), as pytest-django reads settings before any conftest.

Started once, by the process that pytest starts in, unless the environment names some; workers inherit the addresses,
and each takes a database of its own among the sixteen of Valkey: what one puts into a queue no other takes.
"""

import gc
import os
import signal
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import psycopg
import pytest

from cdp import embedded

# Where nothing compiled may be kept, each of the many processes would compile everything for itself.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# As manage.py does: each of the workers loads all tests, and looked for garbage among them for a fifth of that time.
gc.set_threshold(100_000)

TABLES = "CDP_TESTS_TABLES"  # the variable with the name of the database that tests/live.py copies
MEMORY, ROOM = Path("/dev/shm"), 8 * 2**30  # bytes

_servers = ExitStack()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests() -> object:
    """Start PostgreSQL and Valkey before Django's settings are read."""
    # A shell lets what it starts in the background ignore Ctrl-C; all that we start would, too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.setdefault("SECRET_KEY", "only-for-tests-" + "x" * 40)
    os.environ.setdefault("IDENTITY_KEY", "only-for-tests-" + "y" * 40)
    os.environ.setdefault("ENCRYPTION_KEYS", "only-for-tests-" + "z" * 40)
    os.environ.setdefault("LOG_LEVEL", "CRITICAL")
    os.environ["METRICS_DIR"] = _servers.enter_context(tempfile.TemporaryDirectory(prefix="cdp-metrics-"))
    os.environ["METRICS_BIND"] = ""
    if not {"DATABASE_URL", "REDIS_URL"} <= os.environ.keys():
        tempfile.tempdir = str(MEMORY) if has_room_in_memory() else None
        servers = _servers.enter_context(embedded.temporary_servers())
        tempfile.tempdir = None
        os.environ.setdefault("DATABASE_URL", servers.database_url)
        os.environ.setdefault("REDIS_URL", servers.redis_url)
    os.environ.setdefault(TABLES, f"live_tables_{os.getpid()}")
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    if worker:
        os.environ["REDIS_URL"] = redis_url(worker % 16)
    return (yield)


def has_room_in_memory() -> bool:
    """Tell whether databases, and what a browser shares among its processes, may be in memory: nothing of it lasts.

    On a disk, its file system does a tenth of all the work of the tests.
    """
    if not MEMORY.is_dir() or not os.access(MEMORY, os.W_OK):
        return False
    found = os.statvfs(MEMORY)
    return found.f_bavail * found.f_frsize >= ROOM and not found.f_flag & os.ST_NOEXEC


def redis_url(database: int) -> str:
    """Name a database of the tests' Valkey."""
    server, _, query = os.environ["REDIS_URL"].partition("?")
    return f"{server}?{urlencode({**dict(parse_qsl(query)), 'db': database})}"


def pytest_unconfigure() -> None:
    """Stop what was started, and leave nothing behind on servers that go on."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
            server.execute(f"DROP DATABASE IF EXISTS {os.environ[TABLES]}")
    _servers.close()
