"""Connections to PostgreSQL by TLS, with an authority and a certificate of our own, as managed databases have them."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from apps.bridges.kinds import postgresql
from apps.bridges.kinds.postgresql import PostgresqlSettings
from apps.core.typed_settings import SettingsError, read
from tests.systems.certificates import Authority, Pair

HOST = "localhost"
ASKS_FOR_TLS = 8  # bytes of the request that libpq begins with


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def server(transactional_db: None, authority: Authority, settings: Any) -> Iterator["Front"]:
    """The tests' database, which wants to see a certificate of the authority."""
    settings.EGRESS_ALLOWED_NETWORKS = [ip_network("127.0.0.0/8"), ip_network("::1")]
    connection.ensure_connection()
    front = Front(authority)
    yield front
    front.listener.close()


class Front:
    """TLS before the socket of a server, as PostgreSQL turns to it."""

    def __init__(self, authority: Authority) -> None:
        pair = authority.sign(HOST)
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(authority.file))
        self.context.load_cert_chain(pair.certificate_file, pair.key_file)
        self.context.verify_mode = ssl.CERT_REQUIRED
        self.info = connection.connection.info
        self.listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._serve, daemon=True).start()

    def settings_of(self, authority: Authority, pair: Pair | None, **document: Any) -> PostgresqlSettings:
        shown = {"certificate": pair.certificate, "certificate_key": pair.key} if pair else {}
        there = {
            "host": HOST,
            "port": self.listener.getsockname()[1],
            "database": self.info.dbname,
            "user": self.info.user,
            "password": "open sesame",
            "ca": authority.certificate,
        }
        return read(PostgresqlSettings, {**there, **shown, **document})

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=self._pass_on, args=(self.listener.accept()[0],), daemon=True).start()

    def _pass_on(self, plain: socket.socket) -> None:
        plain.recv(ASKS_FOR_TLS)
        plain.sendall(b"S")
        with suppress(OSError), self.context.wrap_socket(plain, server_side=True) as here:
            there = socket.socket(socket.AF_UNIX)
            there.connect(f"{self.info.host}/.s.PGSQL.{self.info.port}")
            threading.Thread(target=_copy, args=(there, here), daemon=True).start()
            _copy(here, there)


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while block := source.recv(65_536):
            target.sendall(block)
    with suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)


def test_an_authority_and_a_certificate_of_ones_own_let_us_in(server: Front, authority: Authority) -> None:
    report = postgresql.test(server.settings_of(authority, authority.sign("cdp.example.com")))

    assert [(finding.part.value, finding.state.value) for finding in report.findings][:4] == [
        ("name", "well"),
        ("network", "well"),
        ("tls", "well"),
        ("sign_in", "well"),
    ]


def test_without_that_authority_nothing_is_trusted(server: Front, authority: Authority) -> None:
    finding = postgresql.test(server.settings_of(authority, authority.sign("cdp.example.com"), ca="")).findings[-1]

    assert (finding.part, finding.state) == ("tls", "failed")
    assert finding.told.endswith("its certificate is not to be trusted.")


def test_a_certificate_that_it_does_not_take_is_said_to_be_ours(
    server: Front, authority: Authority, tmp_path: Path
) -> None:
    stranger = Authority(tmp_path, name="stranger").sign("somebody.example.com")
    finding = postgresql.test(server.settings_of(authority, stranger)).findings[-1]

    assert (finding.part, finding.state) == ("tls", "failed")
    assert finding.told.endswith("it does not take our certificate.")


def test_the_key_has_to_be_that_of_the_certificate(server: Front, authority: Authority) -> None:
    ours, other = authority.sign("cdp.example.com"), authority.sign("other.example.com")

    for key in ("", other.key):
        with pytest.raises(SettingsError) as error:
            server.settings_of(authority, ours, certificate_key=key)
        assert [problem.path for problem in error.value.problems] == ["certificate_key"]
