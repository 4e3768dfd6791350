"""The checks of the doctor, each for itself; test_doctor.py has the command, on a platform that is broken."""

import os
import re
import secrets
import threading
import time
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from apps.console.doctor import activity, checkup, disk
from apps.console.doctor.checkup import Check, Patient, Report, State, Unseen, examine
from apps.console.doctor.encrypted import encryption as look_at_encryption
from apps.console.doctor.heartbeats import heartbeats as look_at_heartbeats
from apps.console.doctor.secrets import secrets as look_at_secrets
from apps.core import commands
from apps.heartbeats.models import Heartbeat
from cdp.processes import BASE_DIR
from tests.bridges.factories import ConnectionFactory
from tests.heartbeats.factories import HeartbeatFactory


@pytest.mark.django_db
def test_a_transaction_that_is_open_for_long() -> None:
    with psycopg.connect(os.environ["DATABASE_URL"], dbname=database_name()) as other:
        other.execute("SELECT 1")

        found = activity.look(lock=activity.LOCK, transaction=timedelta(0)).findings

        assert any(f"({other.info.backend_pid})" in finding.command for finding in found)
        assert {finding.code for finding in found} == {"long_transaction"}
        assert activity.look(lock=activity.LOCK, transaction=activity.TRANSACTION).findings == []


def database_name() -> str:
    return str(connection.settings_dict["NAME"])


@pytest.mark.django_db
def test_a_heartbeat_that_does_not_run() -> None:
    row = HeartbeatFactory()
    Heartbeat.objects.filter(pk=row.pk).update(due_at=timezone.now() - timedelta(hours=1))

    [found] = look_at_heartbeats(Patient()).findings

    assert found.message == f"The heartbeat {row.name} should have run 60 minutes ago."
    assert (found.code, found.command) == ("heartbeat_overdue", commands.manage("heartbeat"))
    Heartbeat.objects.filter(pk=row.pk).update(due_at=timezone.now())
    assert look_at_heartbeats(Patient()).findings == []

    Heartbeat.objects.filter(pk=row.pk).update(attempts=Heartbeat.STUCK)  # each of whom was killed
    [found] = look_at_heartbeats(Patient()).findings
    assert found.message == f"The heartbeat {row.name} was begun 5 times, and none of these came to an end."
    assert found.code == "heartbeat_failed"


@pytest.mark.django_db
def test_a_heartbeat_whose_last_run_failed() -> None:
    row, now = HeartbeatFactory(schedule=""), timezone.now()
    for minutes, error in ((60, ""), (30, "condition: There is no segment vip.")):
        started = now - timedelta(minutes=minutes)
        row.runs.create(trigger="cron", started_at=started, finished_at=started, clock=started, error=error)

    [found] = look_at_heartbeats(Patient()).findings

    assert found.code == "heartbeat_failed"
    assert found.message == f"The last run of the heartbeat {row.name} failed, 30 minutes ago."
    row.runs.create(trigger="cron", started_at=now, finished_at=now, clock=now)
    assert look_at_heartbeats(Patient()).findings == []


@pytest.mark.parametrize(
    ("free_gib", "total_gib", "codes"),
    [
        (300, 1_000, []),
        (9, 100, []),  # nine of a hundred are much still
        (4, 100, ["disk_nearly_full"]),
        (0.9, 20, ["disk_full"]),
        (20, 1_000, ["disk_full"]),  # the twentieth part of a disk on which much is written
    ],
)
def test_a_disk_is_nearly_full_by_its_part_and_its_bytes(
    free_gib: float, total_gib: int, codes: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free, total = int(free_gib * 2**30), total_gib * 2**30
    monkeypatch.setattr(
        "apps.console.doctor.disk.shutil.disk_usage", lambda _path: SimpleNamespace(free=free, total=total)
    )
    report = Report()

    disk._look(report, "logs", tmp_path)

    assert [finding.code for finding in report.findings] == codes


@pytest.mark.parametrize("name", ["SECRET_KEY", "IDENTITY_KEY", "ENCRYPTION_KEYS"])
@pytest.mark.parametrize("key", ["short", "a" * 60, "django-insecure-" + "qwertzuiopasdfghjklyxcvbnm" * 2])
def test_a_key_that_can_be_guessed(key: str, name: str, settings: Any) -> None:
    settings.SECRET_KEY, settings.IDENTITY_KEY = secrets.token_urlsafe(50), secrets.token_urlsafe(50)
    settings.ENCRYPTION_KEYS = [secrets.token_urlsafe(50)]
    assert not look_at_secrets(Patient()).findings

    setattr(settings, name, [secrets.token_urlsafe(50), key] if name == "ENCRYPTION_KEYS" else key)
    [found] = look_at_secrets(Patient()).findings

    assert (found.code, found.severity) == ("weak_secret", "broken")
    assert found.message.startswith(f"{name} can be guessed")
    assert "at random" in found.remedy
    assert key not in found.message + found.remedy + found.command


@pytest.mark.django_db
def test_secrets_that_no_key_opens_and_those_of_an_older_one(settings: Any) -> None:
    gone, old, new = (secrets.token_urlsafe(50) for _ in range(3))
    settings.ENCRYPTION_KEYS = [gone]
    lost = ConnectionFactory(secrets="lost")
    settings.ENCRYPTION_KEYS = [old]
    ConnectionFactory(secrets="older")
    settings.ENCRYPTION_KEYS = [new, old]
    ConnectionFactory(secrets="newer")

    unreadable, older = look_at_encryption(Patient()).findings

    assert (unreadable.code, unreadable.severity) == ("secret_unreadable", "broken")
    assert f"bridges_connection.secrets of the row {lost.pk}" in unreadable.message
    assert (older.code, older.severity) == ("secret_of_older_key", "warning")
    assert older.message.startswith("1 secret is encrypted with an older key")
    assert "rotate_secrets" in older.command


def made(*wanted: Check) -> dict[str, tuple[State, str]]:
    return {result.check.name: (result.state, result.problem) for result in examine(wanted)}


def test_a_check_that_hangs_or_fails_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(patient: Patient) -> Report:
        raise RuntimeError("a bug")

    monkeypatch.setattr(checkup, "LIMIT_SECS", 2.0)
    hanging = threading.Event()
    slow = Check("slow", "Slow", lambda patient: Report(str(hanging.wait(30))))
    try:
        found = made(slow, Check("bad", "Bad", fail), Check("good", "Good", lambda patient: Report()))
    finally:
        hanging.set()

    assert found["slow"][0] == State.UNKNOWN
    assert "It took longer than" in found["slow"][1]
    assert found["bad"] == (State.UNKNOWN, "The check itself failed: RuntimeError: a bug.")
    assert found["good"] == (State.OK, "")


def test_a_folder_that_is_closed_to_us_is_not_seen_and_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = "/" + "a" * 5_000  # too long, which is an error as it is to have no right
    monkeypatch.setattr(disk, "rows", lambda query: [(2**30, closed)])

    size, places = disk.known()

    assert (size, list(places)) == (2**30, ["platform"])


def test_a_disk_of_which_nothing_is_seen_is_not_called_well(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(disk, "known", lambda: (None, {"platform": tmp_path / "gone"}))

    with pytest.raises(Unseen):
        disk.disk(Patient())


def test_checks_that_hang_are_waited_for_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkup, "LIMIT_SECS", 1.0)
    hanging = threading.Event()
    slow = [Check(str(number), "Slow", lambda patient: Report(str(hanging.wait(30)))) for number in range(20)]
    began_at = time.monotonic()
    try:
        found = made(*slow)
    finally:
        hanging.set()

    assert {state for state, _ in found.values()} == {State.UNKNOWN}
    assert time.monotonic() - began_at < 15  # one after the other would take 20


def test_a_file_that_is_closed_to_the_doctor_is_named(tmp_path: Path) -> None:
    def look(patient: Patient) -> Report:
        return Report((tmp_path / "gone").read_text())

    state, problem = made(Check("file", "File", look))["file"]

    assert state == State.UNKNOWN
    assert str(tmp_path / "gone") in problem


def test_the_page_has_each_check_and_each_finding() -> None:
    checkup.checks.discover()
    page = (BASE_DIR / "docs" / "monitoring.md").read_text().partition("| check | looks at")[2]
    documented = dict(re.findall(r"^\| `(\w+)` \| .* \| (.*) \|$", page, re.MULTILINE))
    code = "".join(path.read_text() for path in (BASE_DIR / "apps" / "console" / "doctor").glob("*.py"))
    raised = set(re.findall(r'(?:warn|broken|note)\(\s*"(\w+)"', code)) - {"check"}

    assert list(documented) == list(checkup.checks)
    told = set(re.findall(r"`(\w+)`", " ".join(documented.values())))
    assert (
        told - {"inbox", "ingest", "dead_letters", "worker_silent", "suspended", "failed_jobs", "cron", "alerts"}
        == raised
    )
