"""`manage.py up`, as an operator meets it: a first start, a second one beside it, a crash, and Ctrl-C."""

import json
import re
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, Request, build_opener, urlopen

import psycopg
import pytest

from apps.console.management.commands.up import MEANWHILE
from apps.core.squashed import MARK
from cdp import embedded
from cdp.processes import BASE_DIR
from tests.factories import CHROME
from tests.installation import Installation
from tests.live import wait_for

ANSWER_SECS = 120.0  # right after a start everything else starts, too


@pytest.fixture
def installation() -> Iterator[Installation]:
    with tempfile.TemporaryDirectory(prefix="cdp-up-") as folder:
        Path(folder).chmod(0o755)
        made = Installation(Path(folder))
        yield made
        made.stop()


def post(address: str, body: object) -> int:
    headers = {"Content-Type": "application/json", "User-Agent": CHROME}  # urllib itself counts as a bot
    request = Request(address, json.dumps(body).encode(), headers)
    with urlopen(request, timeout=ANSWER_SECS) as answer:
        return int(answer.status)


def sign_in(address: str, password: str) -> OpenerDirector:
    """Sign in as the first administrator, and return their browser."""
    browser = build_opener(HTTPCookieProcessor(CookieJar()))
    token = found(r'name="csrfmiddlewaretoken" value="([^"]+)"', read(browser, f"{address}/admin/login/"))
    fields = {"csrfmiddlewaretoken": token, "username": "admin", "password": password, "next": "/admin/"}
    read(browser, f"{address}/admin/login/", urlencode(fields).encode())
    return browser


def read(browser: OpenerDirector, address: str, form: bytes | None = None) -> str:
    return str(browser.open(address, form, timeout=ANSWER_SECS).read().decode())


def found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    assert match, text
    return match[1]


@pytest.mark.timeout(900)
def test_a_start_serves_what_it_prints_survives_kill_9_and_ends_with_ctrl_c(installation: Installation) -> None:
    started, told = installation.up()

    admin = sign_in(installation.address, found(r"password (\S+)", told))
    assert "Sample shop" in read(admin, f"{installation.address}/admin/")
    wait_for(lambda: "no worker" not in read(admin, f"{installation.address}/admin/"), "the worker")
    body = {
        "source": {"id": found(r"Write key +(\w+)", told)},
        "session": {"id": "s"},
        "events": [{"type": "first"}],
    }
    assert post(f"{installation.address}/track", body) == 200
    assert {"first", "sale-completed"} <= installation.event_types()

    second = installation.manage("up")
    assert second.returncode != 0
    assert "The platform is running already" in second.stderr

    started.kill()
    started.wait()
    restarted, told = installation.up()
    assert "password" not in told
    body["events"] = [{"type": "second"}]
    assert post(f"{installation.address}/track", body) == 200
    assert {"first", "second"} <= installation.event_types()

    restarted.send_signal(signal.SIGINT)
    try:
        assert restarted.wait(timeout=120) == 0
    except subprocess.TimeoutExpired as error:
        raise AssertionError(installation.log()) from error
    assert installation.running() == []


@pytest.mark.timeout(600)
def test_a_database_of_old_migrations_is_left_as_it_is_and_can_be_reached_until_ctrl_c(
    installation: Installation,
) -> None:
    embedded.prepare_postgres(installation.var)
    postgres = subprocess.Popen(embedded.postgres_command(installation.var), cwd=BASE_DIR)
    embedded.wait_ready(installation.var, wants_valkey=False)
    with psycopg.connect(embedded.database_url(installation.var)) as database:
        database.execute("CREATE TABLE django_migrations (id bigserial, app text, name text, applied timestamptz)")
        database.execute("INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, now())", MARK)
    postgres.send_signal(signal.SIGINT)
    postgres.wait(timeout=60)

    refused, told = installation.up(until=MEANWHILE)

    assert "Nothing was changed." in told
    assert "git switch --detach" in told
    with psycopg.connect(embedded.database_url(installation.var)) as database:
        assert database.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall() == [
            ("django_migrations",)
        ]
    refused.send_signal(signal.SIGINT)
    assert refused.wait(timeout=120) == 0
    assert installation.running() == []


@pytest.mark.parametrize("keys", [{}, {"SECRET_KEY": "x" * 50, "IDENTITY_KEY": "y" * 50, "ENCRYPTION_KEYS": "z" * 50}])
def test_a_folder_that_cannot_be_written_is_told_in_a_sentence(
    installation: Installation, keys: dict[str, str]
) -> None:
    (installation.var / "file").touch()
    folder = installation.var / "file" / "var"  # not even root can make it

    refused = installation.manage("up", CDP_VAR_DIR=str(folder), **keys)

    assert refused.returncode == (2 if refused.stderr.startswith("Cannot start") else 1)
    assert re.fullmatch(rf"(Cannot start|CommandError): {folder}.*: Not a directory.*CDP_VAR_DIR.*\n", refused.stderr)


def test_a_port_that_somebody_else_has_is_told_before_anything_starts(installation: Installation) -> None:
    with socket.create_server(("127.0.0.1", installation.port)):
        refused = installation.manage("up")

    assert refused.returncode != 0
    assert f"Cannot listen on 127.0.0.1, port {installation.port} (Address already in use)" in refused.stderr
    assert "CDP_PORT" in refused.stderr
    assert not (installation.var / "postgres").exists()
