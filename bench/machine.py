"""What is measured against: servers of its own, durable as in production, and web servers on free ports."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.load import BODIES
from bench.spent import spent
from cdp.processes import BASE_DIR

START_SECS = 30.0


@dataclass(frozen=True, slots=True)
class Web:
    """A running web server."""

    process: psutil.Process
    port: int

    def load(self, path: str, bodies: str, source: str, *, secs: float) -> dict[str, float]:
        """Send requests for that long from a process of its own, and return the load generator's summary.

        With what each request took of the processors: cpu_us, postgres_cpu_us.
        """
        assert bodies in BODIES
        command = [sys.executable, "-m", "bench.load", "127.0.0.1", str(self.port), path, str(secs), bodies, source]
        summary: dict[str, float] = {}

        def send() -> None:
            done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=secs + 60, cwd=BASE_DIR)
            summary.update(json.loads(done.stdout))

        took = spent(send, by=self.workers)
        return {**summary, **took.cpu(max(summary["n_ok"], 1))}

    @property
    def workers(self) -> list[psutil.Process]:
        """The processes that serve."""
        return self.process.children(recursive=True) or [self.process]

    def rss_mb(self) -> float:
        """Return the resident memory of the largest worker."""
        return max(worker.memory_info().rss for worker in self.workers) / 2**20


@contextmanager
def web(application: str) -> Iterator[Web]:
    """Serve a WSGI application as `manage.py up` does, and yield it once it answers."""
    from apps.console.supervision import web_command

    port = _free_port()
    command = [*web_command(host="127.0.0.1", port=port)[:-1], application]
    with Path(os.devnull).open("w") as nowhere:
        process = subprocess.Popen(command, cwd=BASE_DIR, stdout=nowhere, stderr=nowhere)
        try:
            _wait_for(port)
            yield Web(psutil.Process(process.pid), port)
        finally:
            process.terminate()
            process.wait(timeout=30)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + START_SECS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            time.sleep(1)  # both workers
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
