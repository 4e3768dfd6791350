"""`manage.py doctor` finds what is wrong, whatever it is, and names the way out: with real servers and processes."""

import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from redis import Redis
from rq import Queue

from apps.console.doctor.checkup import State
from apps.console.supervision import MANAGE
from apps.core.commands import manage
from apps.core.queue_state import OVERDUE_MS
from cdp import embedded
from cdp.processes import BASE_DIR
from tests.commands import Commands, Program
from tests.live import Live, live_platform, wait_for

pytestmark = [pytest.mark.xdist_group("doctor"), pytest.mark.timeout(300)]
CHECKS = [
    "database", "activity", "vacuum", "disk", "replication", "migrations", "partitions", "valkey", "inbox",
    "dead_letters", "workers", "queues", "cron", "alerts", "clocks", "heartbeats", "deliveries", "flows", "settings",
    "secrets",
    "encryption",
]  # fmt: skip
BROKEN_ITEM = """
INSERT INTO events_inboxitem (source_id, dialect, body, envelope, received_at, attempts, error)
VALUES (%s, 'track', '{', '{}', now() - interval '10 minutes', 0, '') RETURNING id
"""
# What a clock that is wrong is to a process: it asks the C library for the time.
WRONG_CLOCK = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>
int clock_gettime(clockid_t clock, struct timespec *now) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
    int failed = real(clock, now);
    if (clock == CLOCK_REALTIME) now->tv_sec += 3600;
    return failed;
}
"""


class Doctor:
    """The command, as an operator calls it; with variables of its own in a process of its own, else in a fork."""

    def __init__(self, live: Live) -> None:
        names = ("SECRET_KEY", "IDENTITY_KEY", "ENCRYPTION_KEYS")
        keys = {name: secrets.token_urlsafe(50) for name in names}
        self.env = {**live.env, **keys}
        folder = live.var / "doctor"
        folder.mkdir()
        self.commands = Commands(self.env, folder)

    def run(self, *args: str, **env: str) -> tuple[int, str]:
        if not env:
            ended = self.commands.ended("doctor", *args)
            assert ended.out, ended.err
            return ended.code, ended.out
        command = [*MANAGE, "doctor", *args]
        done = subprocess.run(
            command, env={**self.env, **env}, cwd=BASE_DIR, capture_output=True, text=True, timeout=120
        )
        assert done.stdout, done.stderr
        return done.returncode, done.stdout

    def found(self, name: str, **env: str) -> dict[str, dict[str, Any]]:
        """Make one check, and return what it found by code; each finding says what to do."""
        code, told = self.run(name, "--json", **env)
        [result] = json.loads(told)["checks"]
        assert (result["name"], result["problem"]) == (name, "")
        assert code == {"ok": 0, "warning": 1, "unknown": 2, "broken": 2}[result["status"]]
        for finding in result["findings"]:
            assert finding["message"].endswith(".")
            assert finding["remedy"].endswith(".")
        return {finding["code"]: finding for finding in result["findings"]}

    def type(self, command: str, **env: str) -> str:
        """Type a command that it told, in the folder of the platform."""
        ours = {**self.env, **env}
        done = subprocess.run(
            ["sh", "-c", command], env=ours, cwd=BASE_DIR, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def live() -> Iterator[Live]:
    with live_platform(durable=True, has_web=False) as live:
        yield live


@contextmanager
def valkey_server() -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    with tempfile.TemporaryDirectory(prefix="cdp-valkey-") as folder:
        process = subprocess.Popen(embedded.valkey_command(Path(folder)), stdout=subprocess.DEVNULL)
        try:
            embedded.wait_ready(Path(folder), wants_postgres=False)
            yield embedded.redis_url(Path(folder)), process
        finally:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def doctor(live: Live) -> Iterator[Doctor]:
    made = Doctor(live)
    yield made
    made.commands.stop()


@pytest.fixture(scope="module")
def source(live: Live) -> dict[str, Any]:
    return live.source("Shop")


@contextmanager
def role(live: Live, name: str) -> Iterator[Program]:
    process = live.start_role(name)
    try:
        yield process
    finally:
        process.send_group(signal.SIGKILL)
        process.wait()


def test_a_platform_that_is_well_is_called_so(doctor: Doctor, live: Live) -> None:
    with role(live, "worker"), role(live, "cron"):
        heard = "SELECT 1 FROM core_beat WHERE name = 'cron' AND at > now() - interval '1 minute'"
        wait_for(lambda: bool(live.rows(heard)), "the clock")
        code, told = doctor.run()

    assert code == 0, told
    assert "All is well." in told
    lines = told.splitlines()
    assert len([line for line in lines if line.startswith("ok ")]) == len(CHECKS)
    assert any("PostgreSQL" in line and "the primary" in line for line in lines)


def test_what_is_wrong_stands_below_its_check_with_what_to_do(doctor: Doctor) -> None:
    code, told = doctor.run("secrets", SECRET_KEY="changeme" * 5)

    assert code == 2
    assert told.splitlines()[:4] == [
        "broken   Secrets  weak",
        "         ! SECRET_KEY can be guessed: it repeats a few characters.",
        "           Make one that is drawn at random. Another SECRET_KEY signs everybody out.",
        '           $ python3 -c "import secrets; print(secrets.token_urlsafe(50))"',
    ]


def test_a_check_that_there_is_not_is_refused_with_those_that_there_are(doctor: Doctor) -> None:
    done = subprocess.run([*MANAGE, "doctor", "moon"], env=doctor.env, capture_output=True, text=True)

    assert done.returncode == 2  # 1 would be a warning
    assert "There is no check moon; there are database, activity" in done.stderr


def test_json_has_every_check_in_order(doctor: Doctor) -> None:
    _, told = doctor.run("--json")

    found = json.loads(told)
    assert [each["name"] for each in found["checks"]] == CHECKS
    assert found["status"] in list(State)


def test_a_worker_that_was_killed(doctor: Doctor, live: Live) -> None:
    server = live.valkey.client
    server.flushdb()
    with role(live, "worker") as worker:
        wait_for(lambda: doctor.found("workers") == {}, "the worker")
        worker.send_group(signal.SIGKILL)
        worker.wait()
        for key in server.keys("rq:worker:*"):
            server.pexpire(key, OVERDUE_MS)  # as some minutes later

        found = doctor.found("workers")

    assert found["worker_silent"]["severity"] == "broken"
    assert found["worker_silent"]["command"] == manage("run worker")
    server.flushdb()


def test_no_worker_at_all(doctor: Doctor, live: Live) -> None:
    live.valkey.client.flushdb()

    assert doctor.found("workers")["no_worker"]["command"] == manage("run worker")


def test_a_job_that_failed(doctor: Doctor, live: Live) -> None:
    Queue("default", connection=live.valkey.client).enqueue("apps.core.jobs.run_task", task_id="none")
    with role(live, "worker"):
        wait_for(lambda: "failed_jobs" in doctor.found("queues"), "the job to fail")

    live.valkey.client.flushdb()
    assert doctor.found("queues") == {}


def test_a_partition_that_is_missing_and_made_as_it_says(doctor: Doctor, live: Live) -> None:
    [coming] = live.rows("SELECT to_char(now() + interval '1 month', 'YYYY_MM') AS month")
    with psycopg.connect(live.database_url, autocommit=True) as database:
        database.execute(f"DROP TABLE events_event_{coming['month']}")

    found = doctor.found("partitions")["partition_missing"]

    assert coming["month"].replace("_", "-") in found["message"]
    assert found["severity"] == "warning"
    doctor.type(found["command"])
    assert doctor.found("partitions") == {}


def test_a_partition_for_all_other_months(doctor: Doctor, live: Live) -> None:
    with psycopg.connect(live.database_url, autocommit=True) as database:
        database.execute("CREATE TABLE others PARTITION OF events_event DEFAULT")

        found = doctor.found("partitions")["odd_partition"]

        assert found["severity"] == "broken"
        doctor.type(found["command"])
        database.execute("DROP TABLE others")
    assert doctor.found("partitions") == {}


def test_a_disk_that_is_nearly_full(doctor: Doctor, small_disk: Path) -> None:
    (small_disk / "log").write_bytes(b"x" * int(0.92 * 8 * 2**20))
    nearly = doctor.found("disk", CDP_VAR_DIR=str(small_disk))
    (small_disk / "more").write_bytes(b"x" * int(0.06 * 8 * 2**20))
    full = doctor.found("disk", CDP_VAR_DIR=str(small_disk))

    for found in (nearly, full):
        assert str(small_disk) in found["disk_full"]["message"]
        assert "EVENT_RETENTION_MONTHS" in found["disk_full"]["remedy"]


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A file system of its own, of eight megabytes."""
    folder = Path(tempfile.mkdtemp(prefix="cdp-disk-"))
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True).returncode:
        folder.rmdir()
        pytest.skip("mounts no file system, as only root may")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)
    folder.rmdir()


@pytest.mark.skipif(sys.platform != "linux", reason="only there a process can be given another clock like that")
def test_a_clock_that_is_off(doctor: Doctor, tmp_path: Path) -> None:
    (tmp_path / "clock.c").write_text(WRONG_CLOCK)
    library = tmp_path / "clock.so"
    try:
        subprocess.run(["cc", "-shared", "-fPIC", "-o", library, tmp_path / "clock.c"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs a C compiler")

    found = doctor.found("clocks", LD_PRELOAD=str(library))

    assert doctor.found("clocks") == {}
    assert found["clock_off"]["message"].endswith("3,600 seconds behind that of this machine.")
    assert found["clock_off"]["severity"] == "broken"
    assert "NTP" in found["clock_off"]["remedy"]


def test_valkey_is_away_and_postgresql_is_looked_at_all_the_same(doctor: Doctor) -> None:
    with valkey_server() as (url, process):
        assert doctor.found("valkey", REDIS_URL=url) == {}
        process.kill()
        process.wait()

        code, told = doctor.run("valkey", "database", "queues", "clocks", "--json", REDIS_URL=url)

    found = {each["name"]: each for each in json.loads(told)["checks"]}
    assert code == 2
    assert [finding["code"] for finding in found["valkey"]["findings"]] == ["valkey_away"]
    assert found["database"]["status"] == "ok"
    assert (found["queues"]["status"], found["queues"]["problem"]) == ("unknown", "Valkey does not answer.")
    assert "Valkey not to be seen" in found["clocks"]["told"]


def test_valkey_that_throws_jobs_away_and_stops_as_it_says(doctor: Doctor) -> None:
    with valkey_server() as (url, _):
        server = Redis.from_url(url)
        server.config_set("maxmemory", server.info()["used_memory"] + 50_000)
        server.config_set("maxmemory-policy", "allkeys-lru")

        found = doctor.found("valkey", REDIS_URL=url)

        assert found.keys() == {"valkey_evicts", "valkey_full"}
        doctor.type(found["valkey_evicts"]["command"], REDIS_URL=url)
        assert doctor.found("valkey", REDIS_URL=url).keys() == {"valkey_full"}


def test_valkey_that_is_a_replica(doctor: Doctor) -> None:
    with valkey_server() as (url, _):
        Redis.from_url(url).replicaof("127.0.0.1", "1")

        found = doctor.found("valkey", REDIS_URL=url)

        assert found["valkey_replica"]["severity"] == "broken"
        assert "primary" in found["valkey_replica"]["remedy"]


def test_postgresql_is_away_and_valkey_is_looked_at_all_the_same(doctor: Doctor, live: Live) -> None:
    live.postgres.send_signal(signal.SIGINT)
    live.postgres.wait()
    try:
        code, told = doctor.run("--json")
    finally:
        live.start_postgres()

    found = {each["name"]: each for each in json.loads(told)["checks"]}
    assert code == 2
    assert [finding["code"] for finding in found["database"]["findings"]] == ["database_away"]
    assert found["valkey"]["status"] == found["disk"]["status"] == found["secrets"]["status"] == "ok"
    assert "Valkey +0.0 s" in found["clocks"]["told"].replace("-0.0", "+0.0")
    for name in ("activity", "vacuum", "replication", "migrations", "partitions", "heartbeats"):
        assert (found[name]["status"], found[name]["problem"]) == (
            "unknown",
            "PostgreSQL does not answer, or not in time.",
        )
    assert found["inbox"]["status"] == "unknown"


def test_an_inbox_that_is_old_without_ingest_and_its_dead_letters(
    doctor: Doctor, live: Live, source: dict[str, Any]
) -> None:
    live.ingest.send_group(signal.SIGKILL)
    live.ingest.wait()
    assert doctor.found("dead_letters") == {}
    [item] = live.rows(BROKEN_ITEM, source["id"])
    live.rows("UPDATE core_beat SET at = now() - interval '5 minutes' WHERE name = 'ingest' RETURNING 1")

    old = doctor.found("inbox")
    live.start_ingest()
    wait_for(lambda: doctor.found("inbox") == {}, "ingest to be heard")
    dead = doctor.found("dead_letters")

    assert old.keys() == {"ingest", "inbox"}
    assert old["ingest"]["command"] == manage("run ingest")
    assert "10 minutes" in old["inbox"]["message"]
    assert dead.keys() == {"dead_letters"}
    live.rows("DELETE FROM events_inboxitem WHERE id = %s RETURNING id", item["id"])


def test_a_slot_that_holds_the_log_back(doctor: Doctor, live: Live) -> None:
    live.rows("SELECT pg_create_physical_replication_slot('standby_of_last_year', true)")

    found = doctor.found("replication")["slot_unread"]

    assert "standby_of_last_year" in found["message"]
    doctor.type(found["command"])
    assert doctor.found("replication") == {}


def test_autovacuum_that_is_off_and_switched_on_as_it_says(doctor: Doctor, live: Live) -> None:
    with psycopg.connect(live.database_url, autocommit=True) as database:
        database.execute("ALTER SYSTEM SET autovacuum = off")
        database.execute("SELECT pg_reload_conf()")
        wait_for(lambda: doctor.found("vacuum") != {}, "the server to read it")

        found = doctor.found("vacuum")["autovacuum_off"]

        assert found["severity"] == "broken"
        doctor.type(found["command"])
    wait_for(lambda: doctor.found("vacuum") == {}, "the server to read it")


def test_a_table_of_dead_rows_and_cleaned_as_it_says(doctor: Doctor, live: Live) -> None:
    with psycopg.connect(live.database_url, autocommit=True) as database:
        database.execute("CREATE TABLE much_changed (id int) WITH (autovacuum_enabled = off)")
        database.execute("INSERT INTO much_changed SELECT generate_series(1, 60000)")
        database.execute("DELETE FROM much_changed")
        database.execute("SELECT pg_stat_force_next_flush()")
        try:
            found = doctor.found("vacuum")["dead_rows"]

            assert "much_changed has 60,000 dead rows beside 0 living ones" in found["message"]
            doctor.type(found["command"])
            assert doctor.found("vacuum") == {}
        finally:
            database.execute("DROP TABLE much_changed")


def test_a_lock_that_somebody_waits_for(doctor: Doctor, live: Live) -> None:
    with psycopg.connect(live.database_url) as holder, psycopg.connect(live.database_url, autocommit=True) as waiter:
        holder.execute("LOCK TABLE events_source")
        waiting = threading.Thread(target=lambda: waiter.execute("SELECT 1 FROM events_source"))
        waiting.start()
        wait_for(lambda: "lock_wait" in doctor.found("activity"), "the lock to be old")

        found = doctor.found("activity")["lock_wait"]

        assert f"pg_terminate_backend({holder.info.backend_pid})" in found["command"]
        doctor.type(found["command"])
        waiting.join(timeout=60)
        assert doctor.found("activity") == {}
        with pytest.raises(psycopg.OperationalError):
            holder.execute("SELECT 1")


def test_a_migration_that_was_not_made(doctor: Doctor, live: Live) -> None:
    [gone] = live.rows(
        "DELETE FROM django_migrations WHERE id = (SELECT max(id) FROM django_migrations WHERE app = 'axes')"
        " RETURNING app, name"
    )

    found = doctor.found("migrations")["migrations_missing"]

    assert gone["name"] in found["message"]
    assert found["command"] == manage("migrate")
    made = "INSERT INTO django_migrations (app, name, applied) VALUES ('axes', %s, now()) RETURNING id"
    live.rows(made, gone["name"])
    assert doctor.found("migrations") == {}


def test_a_clock_that_starts_nothing(doctor: Doctor, live: Live) -> None:
    live.rows(
        "INSERT INTO core_beat (name, at) VALUES ('cron', now() - interval '1 hour')"
        " ON CONFLICT (name) DO UPDATE SET at = EXCLUDED.at RETURNING 1"
    )

    found = doctor.found("cron")["cron"]

    assert "60 minutes" in found["message"]
    assert found["command"] == manage("run cron")
    assert found["severity"] == "broken"


def test_alerts_that_nobody_evaluates_any_more(doctor: Doctor, live: Live) -> None:
    assert doctor.found("alerts") == {}
    live.rows("INSERT INTO core_beat (name, at) VALUES ('alerts', now() - interval '1 hour') RETURNING 1")

    found = doctor.found("alerts")["alerts"]

    assert "60 minutes" in found["message"]
    assert found["command"] == manage("run alerts")
    live.rows("DELETE FROM core_beat WHERE name = 'alerts' RETURNING 1")


def test_a_file_of_secrets_that_others_can_read(doctor: Doctor, tmp_path: Path) -> None:
    path = tmp_path / "secret_key"
    path.write_text(secrets.token_urlsafe(50))
    path.chmod(0o644)

    found = doctor.found("secrets", CDP_VAR_DIR=str(tmp_path))["secret_readable"]

    assert found["command"] == f"chmod 600 {path}"
    path.chmod(0o600)
    assert doctor.found("secrets", CDP_VAR_DIR=str(tmp_path)) == {}


def test_settings_that_are_dangerous_in_public(doctor: Doctor) -> None:
    found = doctor.found("settings", DEBUG="1", ALLOWED_HOSTS="cdp.example,*")

    assert {"cdp.E001", "cdp.W001", "cdp.W002", "debug"} <= found.keys()


def test_a_server_that_forgets_what_it_promised_when_the_machine_dies(doctor: Doctor) -> None:
    """That of the tests, which has no fsync."""
    found = doctor.found("database", DATABASE_URL=os.environ["DATABASE_URL"])

    assert "fsync" in found["not_durable"]["message"]
