"""deploy/crontab runs the whole platform: each line is read as cron reads it, and run as cron runs it."""

import json
import os
import re
import shlex
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.request import Request, urlopen
from uuid import uuid4

import pytest
from croniter import croniter

from apps.console.ports import answers
from apps.console.supervision import ONCE, roles
from cdp.processes import BASE_DIR
from tests.live import Live, free_port, live_platform, wait_for

METRICS_PORT = free_port()
CRONTAB = BASE_DIR / "deploy" / "crontab"


class Line(NamedTuple):
    schedule: str
    user: str
    command: str

    @property
    def role(self) -> str:
        return self.command.partition("manage.py run ")[2].split()[0]


def lines() -> list[Line]:
    found = []
    for text in CRONTAB.read_text().splitlines():
        if text and not text.startswith("#") and not re.match(r"[A-Z]+=", text):
            *fields, user, command = text.split(maxsplit=6)
            found.append(Line(" ".join(fields), user, command))
    return found


def test_cron_can_read_it() -> None:
    text = CRONTAB.read_text()

    assert text.endswith("\n")  # it leaves out a last line without an end
    assert "%" not in text  # which would be an end of a line
    for line in lines():
        assert croniter.is_valid(line.schedule), line
        assert line.user == "cdp"


def test_there_is_a_line_for_each_role() -> None:
    assert {line.role for line in lines()} == set(roles(host="", port=1))
    assert len(lines()) == len(roles(host="", port=1))
    assert {line.role for line in lines() if "--once" in line.command} == set(ONCE)


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[tuple[Live, Path]]:
    """Tables alone, and the file of variables that the lines read."""
    with live_platform(has_web=False) as live:
        os.killpg(live.ingest.pid, signal.SIGKILL)
        live.ingest.wait()
        names = ("DATABASE_URL", "REDIS_URL", "CDP_VAR_DIR", "SECRET_KEY", "IDENTITY_KEY", "ENCRYPTION_KEYS")
        values = {name: live.env[name] for name in names} | {"CDP_PORT": str(live.port), "WEB_WORKERS": "1"}
        values["METRICS_BIND"] = f"127.0.0.1:{METRICS_PORT}"
        env = tmp_path / "cdp.env"
        env.write_text("".join(f"{name}={shlex.quote(value)}\n" for name, value in values.items()))
        yield live, tmp_path


def command_of(role: str, folder: Path) -> str:
    """Return the line's command with the places of this test, and without what takes its output."""
    [command] = [line.command for line in lines() if line.role == role]
    command, _, taken_by = command.partition(" 2>&1 | ")
    assert taken_by == f"logger --tag cdp-{role}"
    for path, here in (("/etc/cdp", folder), ("/run/lock", folder), ("/opt/cdp", BASE_DIR)):
        command = command.replace(str(path), str(here))
    return command


def run(role: str, folder: Path) -> str:
    # As cron does: with an almost empty environment.
    command = ["env", "-i", f"PATH={os.defpath}", f"HOME={folder}", "sh", "-c", command_of(role, folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def serving(role: str, folder: Path, port: int) -> Iterator[None]:
    process = subprocess.Popen(["sh", "-c", command_of(role, folder)], cwd=folder, start_new_session=True)
    try:
        wait_for(lambda: process.poll() is not None or answers("127.0.0.1", port), role, timeout_secs=120)
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=60)


@pytest.mark.timeout(600)
def test_its_lines_take_an_event_process_it_and_do_what_is_due(platform: tuple[Live, Path]) -> None:
    live, folder = platform
    source = live.source("Web shop", "--is-asynchronous")
    body = {"source": {"id": source["id"]}, "session": {"id": str(uuid4())}, "events": [{"type": "page-view"}]}

    with serving("web", folder, live.port):
        request = Request(f"{live.address}/track", json.dumps(body).encode(), {"Content-Type": "application/json"})
        with urlopen(request, timeout=60) as answer:
            assert answer.status == 200
        refused = subprocess.run(["sh", "-c", command_of("web", folder)], capture_output=True, timeout=120, cwd=folder)
        assert refused.returncode == 1  # one is enough

    assert live.rows("SELECT 1 FROM events_event WHERE type = 'page-view'") == []  # it is safe, and waits
    assert run("ingest", folder) == "Processed 1 messages.\n"
    assert len(live.rows("SELECT 1 FROM events_event WHERE type = 'page-view'")) == 1
    assert "sweep_tasks" in run("cron", folder)
    assert live.rows("SELECT 1 FROM core_beat WHERE name = 'cron'") == []
    run("worker", folder)
    assert len(live.rows("SELECT 1 FROM core_beat WHERE name = 'cron'")) == 1
    run("alerts", folder)
    assert len(live.rows("SELECT 1 FROM core_beat WHERE name = 'alerts'")) == 1
    with (
        serving("metrics", folder, METRICS_PORT),
        urlopen(f"http://127.0.0.1:{METRICS_PORT}/metrics", timeout=60) as answer,
    ):
        assert b"cdp_inbox_waiting 0.0" in answer.read()
