"""What the services must do, once they run: the order of `docker compose up`, an event's way, and a clean end."""

import json
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen
from uuid import uuid4

import psycopg

from rehearsal.image import Image
from rehearsal.services import Running, Service

PATIENCE_SECS = 60.0
ONE_SHOT = "migrate"
EVENT = {"type": "page-view", "context": {"page": {"url": "https://shop.example/"}}}


@dataclass(slots=True)
class Stack:
    """The services of one compose.yaml, and what runs of them."""

    services: dict[str, dict[str, Any]]
    image: Image
    variables: Mapping[str, str]
    volumes: Mapping[str, Path]
    hosts: Path
    running: Running
    tell: Callable[[str], object]

    def ours(self) -> dict[str, Service]:
        """Return the services that run the image."""
        return {
            name: Service(name, said, self.image, self.variables, self.volumes, self.hosts)
            for name, said in self.services.items()
            if said["image"] == "cdp"
        }

    def run(self, *arguments: str, service: str = "web") -> str:
        """Run a command in a container of its own, as `compose run --rm` does, and return what it printed."""
        command = self.ours()[service].command(*arguments)
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, f"{arguments} ended with {done.returncode}: {done.stdout}{done.stderr}"
        return done.stdout

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Ask the database, as the services do."""
        address = self.services["web"]["environment"]["DATABASE_URL"].replace("@postgres/", "@127.0.0.1/")
        with psycopg.connect(address, connect_timeout=5) as database:
            return database.execute(query.encode()).fetchall()

    def wait(self, is_so: Callable[[], object], what: str) -> None:
        """Return once it is so. Raises AssertionError with the logs when it is not in time."""
        began_at = time.monotonic()
        while not _holds(is_so):
            ended = [name for name, process in self.running.processes.items() if process.poll() is not None]
            logs = "".join(f"\n--- {name}\n{self.running.log(name)[-3000:]}" for name in self.running.processes)
            assert not ended, f"{', '.join(ended)} ended while we waited for {what}:{logs}"
            assert time.monotonic() < began_at + PATIENCE_SECS, f"We waited in vain for {what}:{logs}"
            time.sleep(0.2)
        self.tell(f"ok: {what} ({time.monotonic() - began_at:.1f} s)")


def _holds(is_so: Callable[[], object]) -> bool:
    try:
        return bool(is_so())
    except OSError:  # it does not answer yet
        return False


def tell_story(stack: Stack) -> None:
    """Migrate, start, work and stop."""
    stack.run(*stack.services[ONE_SHOT]["command"], service=ONE_SHOT)
    stack.tell("ok: the tables are made by the service that migrates")
    roles = {name: service for name, service in stack.ours().items() if name != ONE_SHOT}
    for name, service in roles.items():
        stack.running.start(name, service.command())
    for name, service in roles.items():
        check = service.healthcheck()
        if check:
            stack.wait(lambda check=check: _succeeds(check), f"the health of {name}")  # type: ignore[misc]
    stack.wait(_has_the_editor, "the web server has the editor of flows")
    _send_events(stack)
    _let_a_job_be_done(stack)
    _ask_for_metrics(stack)
    _stop(stack, roles)


def _succeeds(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True, timeout=60, check=False).returncode == 0


def _has_the_editor() -> bool:
    with urlopen("http://127.0.0.1:8000/static/editor/manifest.json", timeout=10) as found:
        return "src/main.tsx" in json.load(found)


def _send_events(stack: Stack) -> None:
    """Send one that is processed at once, and one that waits for ingest."""
    for name, options in (("at once", ()), ("later", ("--is-asynchronous",))):
        source = json.loads(stack.run("source", "create", f"Rehearsal, {name}", *options))
        body = {"source": {"id": source["id"]}, "session": {"id": str(uuid4())}, "events": [EVENT]}
        request = Request(
            "http://127.0.0.1:8000/track", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urlopen(request, timeout=10) as answer:
            assert answer.status in (200, 202), answer.status
        query = f"SELECT 1 FROM events_event WHERE type = 'page-view' AND source_id = '{source['id']}'"
        stack.wait(lambda query=query: stack.rows(query), f"an event sent to the web server is stored {name}")  # type: ignore[misc]


def _let_a_job_be_done(stack: Stack) -> None:
    for name, what in (("cron", "the clock puts jobs, and a worker does them"), ("alerts", "alerts are looked at")):
        stack.wait(lambda name=name: stack.rows(f"SELECT 1 FROM core_beat WHERE name = '{name}'"), what)  # type: ignore[misc]
    stack.run("backfill", "traits", "page-view")
    stack.wait(lambda: stack.rows("SELECT 1 FROM core_task WHERE state = 'done'"), "a worker brings a task to its end")


def _ask_for_metrics(stack: Stack) -> None:
    def answer() -> str:
        with urlopen("http://127.0.0.1:9464/metrics", timeout=10) as found:
            return str(found.read().decode())

    stack.wait(lambda: "cdp_events_total{" in answer(), "metrics tell of the events that other services have stored")


def _stop(stack: Stack, roles: Mapping[str, Service]) -> None:
    """Stop all, and see that each ends by itself, without an error."""
    for name, service in roles.items():
        code, secs = stack.running.stop(name, secs=service.stop_secs())
        log = stack.running.log(name)
        assert code == 0, f"{name} ended with {code} after {secs:.1f} s: {log[-3000:]}"
        assert "Traceback" not in log, f"{name} had an error: {log[-5000:]}"
        stack.tell(f"ok: {name} stops in order ({secs:.1f} s)")
