"""The platform's real processes, for the tests that need them: web server and ingest, on a database of their own."""

import json
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
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
from cdp.processes import BASE_DIR, tied
from tests.commands import Commands
from tests.servers import redis_url

READY_SECS = 60.0
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
    password: str = field(init=False)  # of the user `admin`, if it has pages
    web: subprocess.Popen[bytes] = field(init=False)
    ingest: subprocess.Popen[bytes] = field(init=False)
    worker: subprocess.Popen[bytes] = field(init=False)
    metrics: subprocess.Popen[bytes] = field(init=False)
    postgres: subprocess.Popen[bytes] = field(init=False)  # only of a durable one

    @cached_property
    def _commands(self) -> Commands:
        return Commands(self.env, self.var)

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
        return {**os.environ, **own, MARK: str(self.var), "LOG_LEVEL": self.log_level, "PYTHONUNBUFFERED": "1"}

    def start_web(self) -> None:
        """Start the web server as `manage.py up` does, and return when it answers."""
        self.web = self._start("web", tied(web_command(host="127.0.0.1", port=self.port)))
        wait_for(self._is_ready, "the web server", timeout_secs=READY_SECS)

    def start_ingest(self) -> None:
        """Start to empty the inbox."""
        self.ingest = self._start("ingest", tied(roles(host="127.0.0.1", port=self.port)["ingest"]))

    def start_worker(self) -> None:
        """Start to do jobs, of all queues."""
        self.worker = self._start("worker", tied(roles(host="127.0.0.1", port=self.port)["worker"]))

    def start_metrics(self) -> None:
        """Start to serve metrics."""
        self.metrics = self._start("metrics", tied(roles(host="127.0.0.1", port=self.port)["metrics"]))
        wait_for(lambda: answers("127.0.0.1", self.metrics_port), "the metrics", timeout_secs=READY_SECS)

    def start_postgres(self) -> None:
        """Start the PostgreSQL of a durable platform, and return when it has recovered."""
        self.postgres = self._start("postgres", embedded.postgres_command(self.var))
        embedded.wait_ready(self.var, wants_valkey=False)

    def manage(self, command: str, *args: str) -> str:
        """Run a command of manage.py and return what it printed; raises AssertionError when it fails.

        System checks are left out: they would take half of the time of most commands.
        """
        skip = [] if command in UNCHECKED else [SKIP_CHECKS]
        return self._commands.run(command, *skip, *args)

    def source(self, name: str, *options: str) -> Row:
        """Make a source, and return its id and write key."""
        made: Row = json.loads(self.manage("source", "create", name, *options))
        return made

    def prepare(self, *, has_pages: bool) -> None:
        """Make all that a fresh installation has, as its first start does; without pages, its tables alone."""
        if not has_pages:
            self.manage("migrate")
            self.manage("partitions")
            return
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

    def wait_until_drained(self, *, timeout_secs: float = 30.0) -> None:
        """Return when ingest has processed all that was accepted; a dead letter is an error."""
        waiting = "SELECT id FROM events_inboxitem WHERE dead_at IS NULL LIMIT 1"
        wait_for(lambda: not self.rows(waiting), "an empty inbox", timeout_secs=timeout_secs)
        assert self.rows("SELECT error, body FROM events_inboxitem") == []

    def log(self, name: str) -> Path:
        """Name the file that has the output of a process."""
        return self.var / f"{name}.log"

    def stop(self) -> None:
        """End what runs."""
        if "_commands" in vars(self):
            self._commands.stop()
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

    def _start(self, name: str, command: list[str]) -> subprocess.Popen[bytes]:
        with self.log(name).open("ab") as log:
            return subprocess.Popen(command, env=self.env, stdout=log, stderr=log, cwd=BASE_DIR, start_new_session=True)

    def _is_ready(self) -> bool:
        assert self.web.poll() is None, self.log("web").read_text()
        try:
            with urlopen(f"{self.address}/healthcheck/ready", timeout=2) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False


@contextmanager
def live_platform(*, durable: bool = False, has_web: bool = True, has_pages: bool = False) -> Iterator[Live]:
    """Run web server and ingest on a fresh database of the test servers; nothing of them is left behind.

    One with pages has their static files, and an administrator: to make both takes longer than to make all tables.

    A durable one has a PostgreSQL of its own, which keeps what it has committed when it is killed.
    """
    with ExitStack() as stack:
        var = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cdp-live-")))
        var.chmod(0o755)  # PostgreSQL may have to run as another user
        live = Live(embedded.database_url(var), _redis_url(durable=durable), var, free_port())
        stack.callback(live.stop)
        if durable:
            embedded.prepare_postgres(var)
            live.start_postgres()
        else:
            live.database_url = stack.enter_context(own_database())
        live.prepare(has_pages=has_pages)
        live.start_ingest()
        if has_web:
            live.start_web()
        yield live


def wait_for(is_so: Callable[[], bool], what: str, *, timeout_secs: float = 30.0) -> None:
    """Return once it is so; raises AssertionError when it is not in time."""
    deadline = time.monotonic() + timeout_secs
    while not is_so():
        assert time.monotonic() < deadline, f"Waited {timeout_secs:.0f} seconds for {what}"
        time.sleep(0.05)


@contextmanager
def own_database() -> Iterator[str]:
    """Make an empty database on the test server, and drop it afterwards."""
    shared, name = os.environ["DATABASE_URL"], f"live_{uuid4().hex[:12]}"
    with psycopg.connect(shared, autocommit=True, connect_timeout=5) as server:
        server.execute(f"CREATE DATABASE {name}")
        try:
            yield urlunsplit(urlsplit(shared)._replace(path=f"/{name}"))
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _redis_url(*, durable: bool) -> str:
    """Give each worker of pytest two databases of its own."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    return redis_url(1 + (2 * worker + durable) % 10)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
