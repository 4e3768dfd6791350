"""Everything on one machine: servers, web, ingest, worker and cron, under one supervisor."""

import fcntl
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.console import setup, supervision
from apps.console.leftovers import stop_leftovers
from apps.console.ports import address_of, answers, check_port, reachable
from apps.console.supervisor import supervised
from apps.core.squashed import OldMigrations
from apps.events.models import Source
from cdp import embedded

RECOVERY_SECS = 120.0  # PostgreSQL may have been killed, and first repeats what it had not yet put into its tables
WEB_SECS = 180.0  # a busy machine takes its time
MEANWHILE = "PostgreSQL runs until Ctrl-C: do what needs it in another terminal."


class Command(BaseCommand):
    """Start the platform, keep it running, and stop all of it on Ctrl-C."""

    help = "Run the whole platform on this machine; Ctrl-C stops it."

    def add_arguments(self, parser: CommandParser) -> None:
        """Offer to leave the samples out."""
        parser.add_argument("--no-samples", action="store_true", help="leave an empty database empty")

    def handle(self, *args: Any, no_samples: bool, **options: Any) -> None:
        """Start, prepare, tell, and wait for the end."""
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends us as Ctrl-C does
        var = embedded.var_dir()
        try:
            var.mkdir(parents=True, exist_ok=True)
            with only_one(var):
                self._run(var, wants_samples=not no_samples)
        except embedded.NotReady as error:
            raise CommandError(f"{error} The logs are in {var / 'log'}.") from None
        except OSError as error:
            if not error.filename or not Path(error.filename).is_relative_to(var):
                raise
            reason = f"{error.filename} cannot be written: {error.strerror}."
            raise CommandError(f"{reason} Choose another folder with CDP_VAR_DIR.") from None
        except KeyboardInterrupt:
            self.stdout.write("Stopped.")

    def _run(self, var: Path, *, wants_samples: bool) -> None:
        host, port = supervision.listening()
        has_postgres, has_valkey = not os.environ.get("DATABASE_URL"), not os.environ.get("REDIS_URL")
        if stop_leftovers(var):
            self.stdout.write("Stopped what an earlier start had left running.")
        check_port(host, port)
        if settings.METRICS_BIND:
            check_port(*settings.METRICS_BIND, named="METRICS_BIND")
        self.stdout.write("Starting ...")
        if has_postgres:
            embedded.prepare_postgres(var, memory_mb=database_memory_mb())
        running = supervision.programs(var, host=host, port=port, has_postgres=has_postgres, has_valkey=has_valkey)
        with supervised(var, running) as supervisor:
            embedded.wait_ready(var, timeout_secs=RECOVERY_SECS, wants_postgres=has_postgres, wants_valkey=has_valkey)
            try:
                told = setup.prepare(wants_samples=wants_samples)
            except OldMigrations as refused:
                if not has_postgres:
                    raise
                self.stderr.write(f"{refused}\n{MEANWHILE}")
                supervisor.wait(tell=self.stdout.write)
                return
            for line in told:
                self.stdout.write(line)  # at once: a password is shown only here
            supervisor.start_web()
            embedded.wait(lambda: answers(reachable(host), port), "The web server", timeout_secs=WEB_SECS)
            supervisor.start_roles()  # only now: each of them takes seconds of a processor, which people wait for
            self.stdout.write(summary(address_of(host, port)))
            code = supervisor.wait(tell=self.stdout.write)
        if code:
            raise CommandError(f"The supervisor ended with code {code}; see {var / 'log' / 'supervisord.log'}.")


@contextmanager
def only_one(var: Path) -> Iterator[None]:
    """Hold the lock of this installation. Raises CommandError while another start holds it."""
    with (var / "up.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CommandError("The platform is running already; stop it with Ctrl-C, or with `make down`.") from None
        yield


def database_memory_mb() -> int:
    """Give PostgreSQL a quarter of the memory, from 128 MB to 1 GB."""
    return int(min(1024, max(128, psutil.virtual_memory().total // 4 // 2**20)))


def summary(address: str) -> str:
    """Write where everything is."""
    source = Source.objects.filter(kind=Source.Kind.API, is_enabled=True).order_by("created_at").first()
    key = f"{source.write_key} ({source.name})" if source else "make one: manage.py source create NAME"
    lines = [
        f"Admin           {address}/admin/",
        f"API, to try     {address}/api/docs",
        f"Health          {address}/healthcheck/ready",
        f"Collect         POST {address}/track, SDKs: host {address}",
        f"Write key       {key}",
        *([f"Metrics         {address_of(*settings.METRICS_BIND)}/metrics"] if settings.METRICS_BIND else []),
        f"Logs            {embedded.var_dir() / 'log'}",
        *([] if os.environ.get("DATABASE_URL") else [f"Data            {embedded.data_dir(embedded.var_dir())}"]),
    ]
    return "\n" + "\n".join(lines) + "\n\nCtrl-C stops everything.\n"
