"""Connections to RabbitMQ: what is refused before anybody is asked, and who is no broker."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from apps.bridges.kinds import rabbitmq
from apps.bridges.kinds.rabbitmq import RabbitmqSettings
from apps.core.typed_settings import SettingsError, read
from tests.systems.certificates import Authority

HOST = "hook.example"


def settings_of(**document: Any) -> RabbitmqSettings:
    usual = {"host": "127.0.0.1", "user": "anna", "password": "open sesame", "security": "none"}
    return read(RabbitmqSettings, {**usual, **document})


def last_of(settings: RabbitmqSettings) -> tuple[str, str, str]:
    finding = rabbitmq.test(settings).findings[-1]
    return finding.part.value, finding.state.value, finding.told


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


def test_the_port_follows_from_the_encryption() -> None:
    assert settings_of().at_port == 5672
    assert settings_of(security="tls").at_port == 5671
    assert settings_of(port=1234).at_port == 1234


@pytest.mark.parametrize(
    ("document", "field", "told"),
    [
        ({"host": "8.8.8.8"}, "security", "EGRESS_ALLOWED_NETWORKS"),
        ({"host": "a b"}, "host", "no name of a host"),
        ({"security": "tls", "ca": "nonsense"}, "ca", "no certificate in PEM"),
        ({"security": "tls", "sign_in": "certificate", "user": None, "password": None}, "certificate", "needs TLS"),
        ({"heartbeat": "1 second"}, "heartbeat", "5 seconds"),
    ],
)
def test_what_is_wrong_is_said_of_its_field(document: dict[str, Any], field: str, told: str) -> None:
    usual = {"host": "127.0.0.1", "user": "anna", "password": "x", "security": "none"}
    given = {name: value for name, value in {**usual, **document}.items() if value is not None}

    with pytest.raises(SettingsError) as caught:
        read(RabbitmqSettings, given)

    assert [told in problem.message for problem in caught.value.problems if problem.path == field] == [True]


def test_a_name_that_nobody_knows_is_the_first_part() -> None:
    assert last_of(settings_of(host="nobody.example"))[:2] == ("name", "failed")


def test_an_address_that_the_policy_forbids_is_the_first_part(settings: Any) -> None:
    connection = settings_of(host="localhost", security="tls")
    settings.EGRESS_ALLOWED_NETWORKS = []
    part, state, told = last_of(connection)

    assert (part, state) == ("name", "failed")
    assert "private or reserved network" in told


def test_a_port_at_which_nobody_listens_is_the_second_part() -> None:
    assert last_of(settings_of(port=1)) == (
        "network",
        "failed",
        "No connection to 127.0.0.1, port 1: connection refused.",
    )


def test_who_takes_the_connection_and_says_nothing_is_waited_for_until_the_time_out(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    part, state, told = last_of(settings_of(port=port, time_out="1 second"))

    assert (part, state) == ("network", "failed")
    assert told == f"127.0.0.1 takes the connection at port {port}, and says nothing within 1 s."


def test_a_broker_that_wants_a_certificate_of_ours_says_no_by_tls(listener: socket.socket, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    own = authority.sign(HOST)
    strict = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=authority.file)
    strict.verify_mode = ssl.CERT_REQUIRED
    strict.load_cert_chain(own.certificate_file, own.key_file)

    def refuse() -> None:
        with suppress(OSError):
            other, _ = listener.accept()
            strict.wrap_socket(other, server_side=True)

    threading.Thread(target=refuse, daemon=True).start()
    document = {"host": HOST, "port": listener.getsockname()[1], "security": "tls", "ca": authority.certificate}

    part, state, told = last_of(settings_of(**document))

    assert (part, state) == ("tls", "failed")
    assert "certificate of ours" in told


def test_who_speaks_something_else_is_no_broker(listener: socket.socket) -> None:
    def answer() -> None:
        with suppress(OSError):
            other, _ = listener.accept()
            other.sendall(b"220 mail.example ESMTP\r\n")
            other.recv(100)
            other.close()

    threading.Thread(target=answer, daemon=True).start()

    part, state, told = last_of(settings_of(port=listener.getsockname()[1]))

    assert (part, state) == ("network", "failed")
    assert "does not speak AMQP" in told
