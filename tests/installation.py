"""An installation of its own, started and stopped as an operator does it."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import psycopg

from apps.console.leftovers import MARK, stop_leftovers
from cdp import embedded
from cdp.processes import BASE_DIR
from tests.live import free_port, wait_for

LAST_LINE = "Ctrl-C stops everything."
OURS = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "IDENTITY_KEY", "ENCRYPTION_KEYS", "LOG_LEVEL")


class Installation:
    """A folder of its own in which the platform is started."""

    def __init__(self, var: Path, *, tree: Path = BASE_DIR, **env: str) -> None:
        self.var = var
        self._manage = [sys.executable, str(tree / "manage.py")]
        self._tree = tree
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        foreign = {name: value for name, value in os.environ.items() if name not in OURS}
        self.env = {**foreign, "CDP_VAR_DIR": str(var), "CDP_PORT": str(self.port), "PYTHONUNBUFFERED": "1", **env}

    def up(self, *args: str, until: str = LAST_LINE) -> tuple[subprocess.Popen[str], str]:
        """Start in the background, and return once the start says that it is done, with what it printed."""
        out = self.var / "up.out"
        with out.open("w") as output:
            command = [*self._manage, "up", *args]
            started = subprocess.Popen(command, env=self.env, stdout=output, stderr=output, text=True, cwd=self._tree)
        wait_for(lambda: until in out.read_text() or started.poll() is not None, "the start", timeout_secs=300)
        assert started.poll() is None, out.read_text()
        return started, out.read_text()

    def manage(self, *args: str, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self._manage, *args], env={**self.env, **env}, capture_output=True, text=True, timeout=120, cwd=self._tree
        )

    def stop(self) -> None:
        """End whatever runs."""
        stop_leftovers(self.var)

    def running(self) -> list[str]:
        """Name the processes that carry the installation's mark."""
        return [each.name() for each in psutil.process_iter() if _has_mark(each, self.var)]

    def log(self) -> str:
        return (self.var / "log" / "supervisord.log").read_text()

    def event_types(self) -> set[str]:
        with psycopg.connect(embedded.database_url(self.var), connect_timeout=5) as database:
            return {name for (name,) in database.execute("SELECT DISTINCT type FROM events_event")}


def _has_mark(process: psutil.Process, var: Path) -> bool:
    try:
        return process.environ().get(MARK) == str(var)
    except psutil.Error:
        return False
