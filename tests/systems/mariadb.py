"""A MariaDB of its own, with rights, passwords and TLS, and a shop's database in it."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pymysql

from tests.live import free_port, wait_for
from tests.systems import needs

PEM = Path(__file__).parents[1] / "core" / "hook.pem"  # of hook.example, which nobody trusts
PASSWORD = "open sésame ✓"
PACKAGE = "mariadb-server"


@dataclass
class MariaDb:
    """A server, which can be restarted, and stopped as if it had frozen."""

    folder: Path
    port: int
    has_tls: bool
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        files = [f"--ssl-cert={PEM}", f"--ssl-key={PEM}"] if self.has_tls else ["--skip-ssl"]
        self.process = subprocess.Popen(
            [
                *(needs("mariadbd", package=PACKAGE), "--no-defaults", f"--datadir={self.folder / 'data'}"),
                *(f"--socket={self.socket}", f"--port={self.port}", "--bind-address=127.0.0.1", *_user()),
                *("--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=32M", "--skip-log-bin"),
                *("--character-set-server=utf8mb4", "--log-error=/dev/null", "--skip-name-resolve", *files),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_for(self.answers, "MariaDB", timeout_secs=60)

    @property
    def socket(self) -> Path:
        """Where it listens for this machine alone."""
        return self.folder / "s"

    def answers(self) -> bool:
        """Tell whether it lets its owner in."""
        try:
            self.connect().close()
        except pymysql.MySQLError:
            return False
        return True

    def connect(self, database: str | None = None) -> "pymysql.Connection[Any]":
        """Connect as its owner."""
        return pymysql.connect(
            unix_socket=str(self.socket), user="root", database=database, charset="utf8mb4", autocommit=True
        )

    def stop(self) -> None:
        """End it in order."""
        if self.process:
            self.process.terminate()
            self.process.wait(timeout=60)

    def freeze(self) -> None:
        """Let it answer nothing any more."""
        assert self.process
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self.process
        self.process.send_signal(signal.SIGCONT)

    def restart(self) -> None:
        """End and start it."""
        self.stop()
        self.start()


def _user() -> list[str]:
    """Name whom it runs as where we are root."""
    if os.geteuid():
        return []
    with suppress(KeyError):
        return [f"--user={pwd.getpwnam('mysql').pw_name}"]
    return ["--user=root"]


@contextmanager
def mariadb_server(*, has_tls: bool = True) -> Iterator[MariaDb]:
    """Make a server's folder, and run it."""
    install = needs("mariadb-install-db", package=PACKAGE)
    folder = Path(tempfile.mkdtemp(prefix="cdp-mariadb-"))
    try:
        user = _user()
        if user:
            shutil.chown(folder, user[0].partition("=")[2])
        command = [install, "--no-defaults", f"--datadir={folder / 'data'}", "--skip-test-db", *user]
        command += ["--auth-root-authentication-method=normal", "--skip-name-resolve"]
        subprocess.run(command, check=True, capture_output=True)
        server = MariaDb(folder, free_port(), has_tls)
        server.start()
        try:
            yield server
        finally:
            server.thaw()
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass
class MariaDbShop:
    """A database of a shop: see shops.py."""

    server: MariaDb
    settings: dict[str, Any]
    connection: "pymysql.Connection[Any]"
    kind: str = "mysql"
    time: str = "timestamp(6) NULL"
    bytes: str = "varbinary(20)"

    @classmethod
    def of(cls, server: MariaDb) -> Self:
        """Make the database, and a user that may read what it is allowed to."""
        settings = {"host": "127.0.0.1", "port": server.port, "database": "shop", "user": "reader"}
        settings |= {"password": PASSWORD, "security": "none", "time_out": "5 seconds"}
        found = cls(server, settings, server.connect())
        found.execute("CREATE USER 'reader'@'%%' IDENTIFIED BY %s", [PASSWORD])
        found.clear()
        return found

    def execute(self, statement: str, values: Sequence[Any] = ()) -> Sequence[Any]:
        """Change something, or ask."""
        with self.connection.cursor() as cursor:
            cursor.execute(statement, values or None)
            return cursor.fetchall()

    def many(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        """Do the same for many rows, in a transaction."""
        with self.connection.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.executemany(statement, rows)
            cursor.execute("COMMIT")

    def other(self) -> Any:
        """Connect once more, for another transaction."""
        found = self.server.connect("shop")
        found.autocommit(False)
        with found.cursor() as cursor:
            cursor.execute("SET time_zone = '+00:00'")
        return found

    def let_read(self, table: str) -> None:
        """Allow the reader a table."""
        self.execute(f"GRANT SELECT ON shop.{table} TO 'reader'@'%'")

    def clear(self) -> None:
        """Drop all that there is."""
        self.execute("DROP DATABASE IF EXISTS shop")
        self.execute("CREATE DATABASE shop CHARACTER SET utf8mb4")
        self.execute("REVOKE ALL PRIVILEGES, GRANT OPTION FROM 'reader'@'%'")
        self.execute("GRANT USAGE ON shop.* TO 'reader'@'%'")
        self.execute("GRANT CREATE TEMPORARY TABLES ON shop.* TO 'reader'@'%'")  # or the database is none of theirs
        self.execute("SET time_zone = '+00:00'")
        self.connection.select_db("shop")
