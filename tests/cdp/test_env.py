"""Settings from the environment: what is junk is refused, and named."""

import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from cdp import env


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("X", raising=False)
    monkeypatch.delenv("X_FILE", raising=False)


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (lambda: env.text("X", "a"), "b", "b"),
        (lambda: env.boolean("X", default=False), "Yes", True),
        (lambda: env.boolean("X", default=True), "off", False),
        (lambda: env.boolean("X", default=True), "", False),
        (lambda: env.integer("X", 1), "-0", 0),
        (lambda: env.listing("X", ["a"]), " b, ,c ", ["b", "c"]),
        (lambda: env.listing("X", ["a"]), "", []),
        (lambda: env.url("X", "redis://a"), "redis://b:1/0", "redis://b:1/0"),
        (lambda: env.url("X", ""), "", ""),
        (lambda: env.networks("X", []), "10.0.0.0/8, ::1", [ip_network("10.0.0.0/8"), ip_network("::1")]),
        (lambda: env.folders("X", []), "", []),
        (lambda: env.folders("X", []), "/srv/in/:/srv//b", ["/srv/in", "/srv/b"]),
        (lambda: env.mail_server("X", ""), "smtp://relay", env.MailServer("relay", 25, "", "", False, False)),
        (
            lambda: env.mail_server("X", ""),
            "smtp+tls://anna%40shop:p%2Fw@relay",
            env.MailServer("relay", 587, "anna@shop", "p/w", True, False),
        ),
        (lambda: env.mail_server("X", ""), "smtps://relay:4650", env.MailServer("relay", 4650, "", "", False, True)),
        (lambda: env.mail_server("X", ""), "", env.MailServer("", 25, "", "", False, False)),
        (lambda: env.day("X", "1990-01-01"), "2001-02-03", date(2001, 2, 3)),
        (lambda: env.choice("X", "INFO", ["INFO", "ERROR"]), "error", "ERROR"),
    ],
)
def test_a_value_is_read(monkeypatch: pytest.MonkeyPatch, read: Any, text: str, value: object) -> None:
    monkeypatch.setenv("X", text)

    assert read() == value


@pytest.mark.parametrize(
    ("read", "default"),
    [
        (lambda: env.text("X", "a"), "a"),
        (lambda: env.boolean("X", default=True), True),
        (lambda: env.integer("X", 1, least=5), 1),
        (lambda: env.listing("X", ["a"]), ["a"]),
        (lambda: env.url("X", "redis://a"), "redis://a"),
        (lambda: env.day("X", "1990-01-01"), date(1990, 1, 1)),
        (lambda: env.choice("X", "INFO", ["INFO"]), "INFO"),
        (lambda: env.secret("X", None), None),
    ],
)
def test_what_is_unset_has_its_default(read: Any, default: object) -> None:
    assert read() == default


@pytest.mark.parametrize(
    ("read", "text", "message"),
    [
        (lambda: env.folders("X", []), "in", "X must list folders"),
        (lambda: env.folders("X", []), "/srv:/", "X must list folders"),
        (lambda: env.networks("X", []), "10.0.0.1/8", "X must list networks such as 10.0.0.0/8"),
        (lambda: env.mail_server("X", ""), "https://anna:geheim@relay", "X must be an address such as smtp"),
        (lambda: env.mail_server("X", ""), "smtp://relay:many", "X must be an address such as smtp"),
        (lambda: env.boolean("X", default=False), "maybe", "X must be one of 1, true"),
        (lambda: env.integer("X", 1), "1.5", "X must be a whole number, not '1.5'"),
        (lambda: env.integer("X", 1), "-1", "X must be at least 0, not -1"),
        (lambda: env.integer("X", 1, least=1), "0", "X must be at least 1, not 0"),
        (lambda: env.url("X", "a://b"), "localhost", "X must be an address"),
        (lambda: env.day("X", "1990-01-01"), "1990-02-30", "X must be a date such as 1990-01-31, not '1990-02-30'"),
        (lambda: env.choice("X", "INFO", ["INFO", "ERROR"]), "LOUD", "X must be one of INFO, ERROR, not 'LOUD'"),
        (lambda: env.database("X", ""), "mysql://a/b", "X must begin with postgresql://"),
    ],
)
def test_junk_is_refused_by_the_name_of_the_variable(
    monkeypatch: pytest.MonkeyPatch, read: Any, text: str, message: str
) -> None:
    monkeypatch.setenv("X", text)

    with pytest.raises(ImproperlyConfigured) as caught:
        read()

    assert message in str(caught.value)


def test_a_secret_may_lie_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from a file\n")
    monkeypatch.setenv("X", "from the environment")
    assert env.secret("X", None) == "from the environment"

    monkeypatch.setenv("X_FILE", str(tmp_path / "secret"))
    assert env.secret("X", None) == "from a file"

    monkeypatch.setenv("X_FILE", str(tmp_path / "missing"))
    with pytest.raises(ImproperlyConfigured, match="X_FILE cannot be read: No such file"):
        env.secret("X", None)


def test_a_database_is_read_from_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("X", "postgresql://us%40er:p%2Fw@db.example:6543/name?sslmode=require")

    found = env.database("X", "")

    assert (found["NAME"], found["USER"], found["PASSWORD"]) == ("name", "us@er", "p/w")
    assert (found["HOST"], found["PORT"]) == ("db.example", "6543")
    assert found["OPTIONS"] == {**env.CONNECTION, "sslmode": "require"}


def test_a_database_may_have_several_hosts_and_times_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("X", "postgresql://u@/cdp?host=a,b&port=5432,5433&tcp_user_timeout=8000")

    found = env.database("X", "")

    assert (found["HOST"], found["PORT"]) == ("a,b", "5432,5433")
    assert found["OPTIONS"]["tcp_user_timeout"] == "8000"
    assert found["OPTIONS"]["keepalives_idle"] == 5


def test_a_database_may_be_reached_by_a_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("X", "postgresql://postgres@/cdp?host=/run/my%20db&port=5433")

    found = env.database("X", "")

    assert (found["HOST"], found["PORT"]) == ("/run/my db", "5433")


def test_an_installation_makes_its_own_key_once_for_its_owner_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CDP_VAR_DIR", str(tmp_path / "var"))

    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: env.embedded_secret_key(), range(16)))

    [key] = keys
    assert len(key) >= 50
    [path] = (tmp_path / "var").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_folder_that_cannot_be_written_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("CDP_VAR_DIR", str(tmp_path / "file"))

    with pytest.raises(ImproperlyConfigured) as caught:
        env.embedded_secret_key()

    assert str(tmp_path / "file" / "secret_key") in str(caught.value)
    assert "CDP_VAR_DIR" in str(caught.value)
