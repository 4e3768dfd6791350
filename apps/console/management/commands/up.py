"""Everything on one machine: servers, web, ingest, worker and cron, under one supervisor."""

import fcntl
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import psutil
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.console import setup
from apps.console.leftovers import MARK, stop_leftovers
from apps.console.supervision import Program, programs, write_config
from apps.events.models import Source
from cdp import embedded, env


class Command(BaseCommand):
    """Start the platform, keep it running, and stop all of it on Ctrl-C."""

    help = "Run the whole platform on this machine; Ctrl-C stops it."
    requires_system_checks: list[str] = []  # the database does not run yet

    def add_arguments(self, parser: CommandParser) -> None:
        """Offer to leave the samples out."""
        parser.add_argument("--no-samples", action="store_true", help="leave an empty database empty")

    def handle(self, *args: Any, no_samples: bool, **options: Any) -> None:
        """Start, prepare, tell, and wait for the end."""
        var = embedded.var_dir()
        var.mkdir(parents=True, exist_ok=True)
        host, port = env.text("CDP_HOST", "127.0.0.1"), env.integer("CDP_PORT", 8000)
        has_postgres, has_valkey = "DATABASE_URL" not in os.environ, "REDIS_URL" not in os.environ
        with only_one(var):
            if stop_leftovers(var):
                self.stdout.write("Stopped what an earlier start had left running.")
            check_port(host, port)
            if has_postgres:
                embedded.prepare_postgres(var, memory_mb=database_memory_mb())
            running = programs(var, host=host, port=port, has_postgres=has_postgres, has_valkey=has_valkey)
            supervisor = Supervisor(var, running)
            try:
                embedded.wait_ready(var, wants_postgres=has_postgres, wants_valkey=has_valkey)
                told = setup.prepare(wants_samples=not no_samples)
                supervisor.start_rest(running)
                self.stdout.write(summary(f"http://{host}:{port}", told))
                code = supervisor.wait()
            except BaseException:
                supervisor.stop()
                raise
        if code:
            raise CommandError(f"The supervisor ended with code {code}; see {var / 'log' / 'supervisord.log'}.")


class Supervisor:
    """supervisord as a child of ours: it ends when we do, and its processes end with it."""

    def __init__(self, var: Path, running: list[Program]) -> None:
        self._conf = write_config(var, running)
        command = [sys.executable, "-m", "cdp.processes", "SIGTERM", sys.executable, "-m", "supervisor.supervisord"]
        self._child = subprocess.Popen(
            [*command, "-c", str(self._conf)],
            cwd=settings.BASE_DIR,
            env={**os.environ, MARK: str(var), "PYTHONUNBUFFERED": "1"},
            start_new_session=True,  # Ctrl-C reaches us alone, and we stop it in order
        )
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._interrupt)

    def start_rest(self, running: list[Program]) -> None:
        """Start the programs that needed the database to be ready."""
        names = [program.name for program in running if not program.starts_first]
        control = [sys.executable, "-m", "supervisor.supervisorctl", "-c", str(self._conf), "start", *names]
        subprocess.run(control, check=True, stdout=subprocess.DEVNULL, timeout=120, cwd=settings.BASE_DIR)

    def wait(self) -> int:
        """Return supervisord's exit code when it ends."""
        return self._child.wait()

    def stop(self) -> None:
        """Stop all processes and return when they have ended."""
        if self._child.poll() is None:
            self._child.terminate()
            self._child.wait(timeout=90)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        self._child.terminate()


@contextmanager
def only_one(var: Path) -> Iterator[None]:
    """Hold the lock of this installation. Raises CommandError while another start holds it."""
    with (var / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CommandError("The platform is running already; stop it with Ctrl-C, or with `make down`.") from None
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def check_port(host: str, port: int) -> None:
    """Raise CommandError when somebody else listens on the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandError(f"Port {port} is not free ({error.strerror}); choose another with CDP_PORT.") from None


def database_memory_mb() -> int:
    """Give PostgreSQL a quarter of the memory, from 128 MB to 1 GB."""
    return int(min(1024, max(128, psutil.virtual_memory().total // 4 // 2**20)))


def summary(address: str, told: list[str]) -> str:
    """Write where everything is."""
    source = Source.objects.filter(kind=Source.Kind.API, is_enabled=True).order_by("created_at").first()
    key = f"{source.write_key} ({source.name})" if source else "make one: manage.py source create NAME"
    lines = [
        f"Admin           {address}/admin/",
        f"API, to try     {address}/api/docs",
        f"Health          {address}/healthcheck/ready",
        f"Collect         POST {address}/track, SDKs: host {address}",
        f"Write key       {key}",
        *told,
        f"Logs            {embedded.var_dir() / 'log'}",
    ]
    return "\n" + "\n".join(lines) + "\n\nCtrl-C stops everything.\n"
