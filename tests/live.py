"""The platform's real processes, for the tests that need them: web server and ingest, on a database of their own."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from itertools import cycle
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit, urlunsplit
from urllib.request import urlopen
from uuid import uuid4

import psycopg
from psycopg.rows import dict_row

from apps.console.leftovers import MARK
from apps.console.ports import answers
from apps.console.supervision import SKIP_CHECKS, roles, web_command
from cdp import embedded
from cdp.processes import BASE_DIR
from tests.commands import Commands, Program
from tests.servers import TABLES
from tests.valkey import Valkey, own_valkey

READY_SECS = 120.0
PREPARE = "from apps.console import setup; print(*setup.prepare(wants_samples=False))"
UNCHECKED = ("shell",)  # commands that make no system checks, and do not know how to skip them

Row = dict[str, Any]


@dataclass(repr=False)
class Live:
    """A running platform. Its processes are groups of their own: `os.killpg(live.web.pid, SIGKILL)` ends all of one.

    Start processes from the main thread: the kernel ends them with the thread that started them.
    """

    database_url: str
    redis_url: str
    var: Path  # its logs, and the data of a PostgreSQL of its own
    port: int
    log_level: str = "WARNING"
    more_env: dict[str, str] = field(default_factory=dict)  # of processes that are started from then on
    started: dict[str, Program] = field(default_factory=dict)  # other roles, by name
    password: str = field(init=False)  # of the user `admin`, if it has pages
    web: Program = field(init=False)
    ingest: Program = field(init=False)
    worker: Program = field(init=False)
    metrics: Program = field(init=False)
    valkey: Valkey = field(init=False)
    postgres: subprocess.Popen[bytes] = field(init=False)  # only of a durable one
    _commands: dict[str, Commands] = field(default_factory=dict)  # by their environment

    @property
    def commands(self) -> Commands:
        """Where its programs are started, in the environment that they have from now on."""
        env = json.dumps(self.env, sort_keys=True)
        if env not in self._commands:
            self._commands[env] = Commands(self.env, self.var)
        return self._commands[env]

    @cached_property
    def metrics_port(self) -> int:
        """Where it tells Prometheus of itself."""
        return free_port()

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def env(self) -> dict[str, str]:
        """The environment of its processes."""
        own = {
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis_url,
            "CDP_VAR_DIR": str(self.var),
            "METRICS_DIR": str(self.var / "metrics"),
            "METRICS_BIND": f"127.0.0.1:{self.metrics_port}",
        }
        told = {MARK: str(self.var), "LOG_LEVEL": self.log_level, "PYTHONUNBUFFERED": "1"}
        test = "PYTEST_CURRENT_TEST"  # which is another one for each
        return {name: value for name, value in os.environ.items() if name != test} | own | told | self.more_env

    def start_web(self) -> None:
        """Start the web server as `manage.py up` does, and return when it answers."""
        command = web_command(host="127.0.0.1", port=self.port)
        self.web = self.start_python("web", *_args(command), imports="cdp.urls")
        wait_for(self._is_ready, "the web server", timeout_secs=READY_SECS)

    def start_ingest(self) -> None:
        """Start to empty the inbox."""
        self.ingest = self.start_role("ingest")

    def start_worker(self) -> None:
        """Start to do jobs, of all queues."""
        self.worker = self.start_role("worker")

    def start(self, role: str, *, name: str = "") -> None:
        """Start another role, or start it anew; of several each has a name."""
        self.started[name or role] = self.start_role(role, name=name)

    def end(self, name: str) -> None:
        """End a role that was started, and what it is at: a worker's job, too, need not come to its end."""
        role = self.started.pop(name)
        role.send_group(signal.SIGTERM)
        role.wait()

    def start_metrics(self) -> None:
        """Start to serve metrics."""
        self.metrics = self.start_role("metrics")
        wait_for(lambda: answers("127.0.0.1", self.metrics_port), "the metrics", timeout_secs=READY_SECS)

    def start_postgres(self) -> None:
        """Start the PostgreSQL of a durable platform, and return when it has recovered."""
        command = embedded.postgres_command(self.var)
        with self.log("postgres").open("ab") as log:
            self.postgres = subprocess.Popen(
                command, env=self.env, stdout=log, stderr=log, cwd=BASE_DIR, start_new_session=True
            )
        embedded.wait_ready(self.var, wants_valkey=False, timeout_secs=READY_SECS)

    def manage(self, command: str, *args: str) -> str:
        """Run a command of manage.py and return what it printed; raises AssertionError when it fails.

        System checks are left out: they would take half of the time of most commands.
        """
        skip = [] if command in UNCHECKED else [SKIP_CHECKS]
        return self.commands.run(command, *skip, *args)

    def start_role(self, role: str, *, name: str = "") -> Program:
        """Start a role, of which whoever calls takes care."""
        command = roles(host="127.0.0.1", port=self.port)[role]
        return self.start_python(name or role, *_args(command))

    def start_python(self, name: str, *args: str, imports: str = "") -> Program:
        """Start a program of Python, of which whoever calls takes care; its output is in the log of that name."""
        return self.commands.start(args, self.log(name), imports=imports)

    def source(self, name: str, *options: str) -> Row:
        """Make a source, and return its id and write key."""
        made: Row = json.loads(self.manage("source", "create", name, *options))
        return made

    def make_tables(self) -> None:
        """Make the tables that a fresh installation has."""
        self.manage("migrate")
        self.manage("partitions")

    def make_pages(self) -> None:
        """Make all that a fresh installation has, as its first start does."""
        told = self.manage("shell", "--no-imports", "-c", PREPARE)
        self.password = told.partition("password ")[2].split()[0]

    def rows(self, query: str, *values: Any) -> list[Row]:
        """Ask the database, once it serves: after a crash it recovers first."""
        deadline = time.monotonic() + READY_SECS
        while True:
            try:
                with psycopg.connect(
                    self.database_url, autocommit=True, connect_timeout=5, row_factory=dict_row
                ) as database:
                    return database.execute(query, values).fetchall()
            except psycopg.OperationalError:  # a crash ends connections that are a moment old, too
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def events(self, source: Row) -> list[Row]:
        """Read what a source's clients sent, in the order of time; the platform's own events are left out."""
        query = "SELECT * FROM events_event WHERE source_id = %s AND type <> ALL(%s) ORDER BY time, id"
        return self.rows(query, source["id"], ["profile-created", "session-opened", "visit-started"])

    def wait_until_drained(self, *, timeout_secs: float = 60.0) -> None:
        """Return when ingest has processed all that was accepted; a dead letter is an error."""
        waiting = "SELECT id FROM events_inboxitem WHERE dead_at IS NULL LIMIT 1"
        wait_for(lambda: not self.rows(waiting), "an empty inbox", timeout_secs=timeout_secs)
        assert self.rows("SELECT error, body FROM events_inboxitem") == []

    def log(self, name: str) -> Path:
        """Name the file that has the output of a process."""
        return self.var / f"{name}.log"

    def stop(self) -> None:
        """End what runs."""
        for name in [*self.started]:
            self.end(name)
        for name in ("metrics", "worker", "web", "ingest", "postgres"):
            number = signal.SIGINT if name == "postgres" else signal.SIGTERM
            process = getattr(self, name, None)
            if process is None:
                continue
            process.send_signal(number)
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        for commands in self._commands.values():
            commands.stop()

    def _is_ready(self) -> bool:
        assert self.web.poll() is None, self.log("web").read_text()
        try:
            with urlopen(f"{self.address}/healthcheck/ready", timeout=2) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False


@contextmanager
def live_platform(
    *, durable: bool = False, has_web: bool = True, has_pages: bool = False, **more_env: str
) -> Iterator[Live]:
    """Run web server and ingest on a fresh database of the test servers; nothing of them is left behind.

    One with pages has their static files, and an administrator: to make both takes longer than to make all tables.

    It has a Valkey of its own, as another platform may go on beside it: one would do the other's jobs. A durable one
    has a PostgreSQL of its own, too, which keeps what it has committed when it is killed.
    """
    with ExitStack() as stack:
        var = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cdp-live-")))
        var.chmod(0o755)  # PostgreSQL may have to run as another user
        valkey = stack.enter_context(own_valkey(var))
        live = Live(embedded.database_url(var), valkey.url, var, free_port(), more_env=more_env)
        live.valkey = valkey
        stack.callback(live.stop)
        if durable:
            embedded.prepare_postgres(var)
            live.start_postgres()
            live.make_tables()
        else:
            live.database_url = stack.enter_context(own_database(has_tables=True))
        if has_pages:
            live.make_pages()
        live.start_ingest()
        if has_web:
            live.start_web()
        yield live


def _args(command: list[str]) -> list[str]:
    """Return what Python is given in a command."""
    return command[command.index(sys.executable) + 1 :]


def wait_for(is_so: Callable[[], bool], what: str, *, timeout_secs: float = 60.0) -> None:
    """Return once it is so; raises AssertionError when it is not in time."""
    deadline = time.monotonic() + timeout_secs
    while not is_so():
        assert time.monotonic() < deadline, f"Waited {timeout_secs:.0f} seconds for {what}"
        time.sleep(0.05)


@contextmanager
def own_database(*, has_tables: bool = False) -> Iterator[str]:
    """Make a database on the test server, and drop it afterwards: an empty one, or one with all tables."""
    name = f"live_{uuid4().hex[:12]}"
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True, connect_timeout=5) as server:
        copied = f"TEMPLATE {_with_tables(server)}" if has_tables else ""
        server.execute(f"CREATE DATABASE {name} {copied}")
        try:
            yield _address(name)
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _with_tables(server: psycopg.Connection[Any]) -> str:
    """Name the database that others are copied from, which takes a tenth of the time of all migrations.

    Whoever asks first makes it; tests/servers.py names it, and drops it.
    """
    name = os.environ[TABLES]
    server.execute("SELECT pg_advisory_lock(hashtext(%s))", [name])
    try:
        if not server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            server.execute(f"DROP DATABASE IF EXISTS {name}_made WITH (FORCE)")
            server.execute(f"CREATE DATABASE {name}_made")
            with tempfile.TemporaryDirectory(prefix="cdp-tables-") as var:
                making = Live(_address(f"{name}_made"), os.environ["REDIS_URL"], Path(var), port=0)
                try:
                    making.make_tables()
                finally:
                    making.stop()
            server.execute(f"ALTER DATABASE {name}_made RENAME TO {name}")
    finally:
        server.execute("SELECT pg_advisory_unlock(hashtext(%s))", [name])
    return name


def _address(database: str) -> str:
    return urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{database}"))


def free_port() -> int:
    """Find a port for a server that is started soon, or again later.

    None that the kernel gives to whoever connects (32768 and above), as one of these may be in use by then; and each
    worker of pytest has ports of its own.
    """
    for port in _ports:
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError


def worker_number() -> int:
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


_own = range(10_000 + worker_number() % 16, 32_000, 16)
_ports = cycle(random.sample(_own, len(_own)))  # two runs of the tests begin elsewhere
