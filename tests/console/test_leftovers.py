"""What a killed start left running is found by its mark, and stopped; nothing else is."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from apps.console.leftovers import MARK, stop_leftovers
from cdp import embedded
from tests.live import wait_for

SLEEP = "print('ready', flush=True); import time; time.sleep(60)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEP}"
Process = subprocess.Popen[str]


@pytest.fixture
def started() -> Iterator[list[Process]]:
    processes: list[Process] = []
    yield processes
    for process in processes:
        process.kill()
        process.wait()


def start(started: list[Process], code: str, mark: Path | None) -> Process:
    env = {name: value for name, value in os.environ.items() if name != MARK} | ({MARK: str(mark)} if mark else {})
    process = subprocess.Popen([sys.executable, "-c", code], env=env, stdout=subprocess.PIPE, text=True)
    started.append(process)
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    return process


def test_processes_with_the_mark_are_stopped_and_counted(started: list[Process], tmp_path: Path) -> None:
    ours = [start(started, SLEEP, tmp_path) for _ in range(2)]

    assert stop_leftovers(tmp_path) == 2
    wait_for(lambda: all(process.poll() is not None for process in ours), "the end")
    assert stop_leftovers(tmp_path) == 0


def test_valkey_keeps_its_mark(started: list[Process], tmp_path: Path) -> None:
    process = subprocess.Popen(
        embedded.valkey_command(tmp_path),
        env={**os.environ, MARK: str(tmp_path)},
        stdout=subprocess.DEVNULL,
        text=True,
    )
    started.append(process)
    embedded.wait_ready(tmp_path, wants_postgres=False)

    assert stop_leftovers(tmp_path) == 1
    assert process.wait(timeout=30) == 0


def test_processes_of_others_are_left_alone(started: list[Process], tmp_path: Path) -> None:
    others = [start(started, SLEEP, tmp_path / "another"), start(started, SLEEP, None)]

    assert stop_leftovers(tmp_path) == 0
    assert all(process.poll() is None for process in others)


def test_one_that_does_not_listen_is_killed(
    started: list[Process], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.console.leftovers.PATIENCE_SECS", 0.2)
    stubborn = start(started, STUBBORN, tmp_path)

    assert stop_leftovers(tmp_path) == 1
    assert not psutil.pid_exists(stubborn.pid)
