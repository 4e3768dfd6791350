"""What does not stay up is told, and tried for ever; with real processes."""

import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import psycopg
import pytest

from apps.console import supervision
from apps.console.supervision import Program
from apps.console.supervisor import Supervisor, supervised
from cdp import embedded
from tests.live import wait_for

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up after a second try, where an installation does after 30, which take eight minutes."""
    monkeypatch.setattr(supervision, "START_RETRIES", 1)
    monkeypatch.setattr(supervision, "START_SECS", 1)


@pytest.fixture
def var() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="cdp-var-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL may have to run as another user
        yield Path(folder)


def test_postgresql_that_cannot_start_for_long_is_told_and_starts_when_it_can(
    var: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervision, "START_SECS", 5)  # a busy machine takes more than one to refuse
    embedded.prepare_postgres(var)
    data = embedded.data_dir(var)
    data.chmod(0o777)  # which PostgreSQL refuses
    program = Program("postgres", embedded.postgres_command(var), "INT", starts_first=True)

    with supervised(var, [program]) as supervisor, looked_after(supervisor) as told:
        wait_for(lambda: said(var, "spawned:") >= 5, "PostgreSQL to be given up by supervisord, and tried again, twice")
        assert told == [f"postgres does not stay up, and is tried again and again; why is in {var}/log/postgres.log."]

        data.chmod(0o700)
        embedded.wait_ready(var, wants_valkey=False)
        wait_for(lambda: told[1:] == ["postgres runs again."], "a word that it runs")
        for statement in ("SELECT 'Klara Evans' FROM nothing", """SELECT '{"name": "Klara Evans}'::json"""):
            with psycopg.connect(embedded.database_url(var)) as database, pytest.raises(psycopg.Error):
                database.execute(statement)
        log = (var / "log" / "postgres.log").read_text()
        assert 'relation "nothing" does not exist' in log
        assert "Klara" not in log


def test_logs_are_not_for_everybody(var: Path) -> None:
    (var / "log").mkdir()
    (var / "log" / "old.log").touch(mode=0o644)
    program = Program("echo", [sys.executable, "-c", "print('hello'); import time; time.sleep(60)"], starts_first=True)

    with supervised(var, [program]):
        wait_for(lambda: (var / "log" / "echo.log").exists() and said(var, "spawned:") > 0, "a start")

    assert mode(var / "log") == 0o750
    assert {path.name: mode(path) for path in (var / "log").iterdir()} == dict.fromkeys(
        ("old.log", "echo.log", "supervisord.log"), 0o640
    )


def test_what_crashes_after_it_has_started_is_started_again_at_once(var: Path) -> None:
    program = Program("sleeper", [sys.executable, "-c", "import time; time.sleep(600)"], starts_first=True)

    with supervised(var, [program]) as supervisor, looked_after(supervisor) as told:
        for number in (1, 2):
            wait_for(lambda number=number: said(var, "entered RUNNING state") == number, "the start")
            (process,) = psutil.Process(supervisor._child.pid).children()
            process.kill()
        assert told == []


@contextmanager
def looked_after(supervisor: Supervisor) -> Iterator[list[str]]:
    """Look after it, as `manage.py up` does, and collect what it would tell."""
    told: list[str] = []
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(0.2):
            with suppress(OSError):  # its socket is there a moment before it listens
                supervisor.look(tell=told.append)

    looking = threading.Thread(target=look)
    wait_for(lambda: supervision.control_socket(supervisor._var).exists(), "supervisord")
    looking.start()
    try:
        yield told
    finally:
        ended.set()
        looking.join()


def said(var: Path, words: str) -> int:
    """Count how often supervisord said so."""
    log = var / "log" / "supervisord.log"
    return log.read_text().count(words) if log.exists() else 0


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777
