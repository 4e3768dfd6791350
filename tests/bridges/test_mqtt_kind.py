"""Connections by MQTT: what is refused before anybody is asked, and brokers that behave oddly."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from apps.bridges.connection_kind import Failure, Part
from apps.bridges.kinds import mqtt
from apps.bridges.kinds.mqtt import MqttSettings
from apps.bridges.mqtt_session import Session
from apps.core.typed_settings import SettingsError, read

WELCOME = bytes.fromhex("2003000000")
SHUTTING_DOWN = bytes.fromhex("e0028b00")


def settings_of(**document: Any) -> MqttSettings:
    usual = {"host": "127.0.0.1", "sign_in": "none", "security": "none"}
    return read(MqttSettings, {**usual, **document})


def last_of(settings: MqttSettings) -> tuple[str, str, str]:
    finding = mqtt.test(settings).findings[-1]
    return finding.part.value, finding.state.value, finding.told


@contextmanager
def saying(*packets: bytes) -> Iterator[int]:
    """Listen, say something to whoever connects, and hang up; say nothing at all where there is nothing to say."""

    def serve() -> None:
        with suppress(OSError):
            other, _ = listener.accept()
            other.recv(1_000)
            for packet in packets:
                other.sendall(packet)
            if not packets:
                other.recv(1_000)
            other.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]


def test_the_port_follows_from_the_encryption() -> None:
    assert settings_of().at_port == 1883
    assert settings_of(security="tls").at_port == 8883
    assert settings_of(port=1234).at_port == 1234


@pytest.mark.parametrize(
    ("document", "field", "told"),
    [
        ({"host": "8.8.8.8"}, "security", "EGRESS_ALLOWED_NETWORKS"),
        ({"host": "a b"}, "host", "no name of a host"),
        ({"security": "tls", "certificate_key": "nonsense"}, "certificate_key", "no private key"),
        ({"version": "3.1"}, "version", ""),
    ],
)
def test_what_is_wrong_is_said_of_its_field(document: dict[str, Any], field: str, told: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings_of(**document)

    assert [told in problem.message for problem in caught.value.problems if problem.path == field] == [True]


def test_an_address_that_the_policy_forbids_is_the_first_part(settings: Any) -> None:
    connection = settings_of(host="localhost", security="tls")
    settings.EGRESS_ALLOWED_NETWORKS = []
    part, state, told = last_of(connection)

    assert (part, state) == ("name", "failed")
    assert "private or reserved network" in told


def test_who_takes_the_connection_and_says_nothing_is_waited_for_until_the_time_out() -> None:
    with saying() as port:
        part, state, told = last_of(settings_of(port=port, time_out="1 second"))

    assert (part, state) == ("network", "failed")
    assert told == f"127.0.0.1 takes the connection at port {port}, and says nothing within 1 s."


@pytest.mark.parametrize("said", [b"220 mail.example ESMTP\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n"])
def test_who_speaks_something_else_is_no_broker(said: bytes) -> None:
    with saying(said) as port:
        part, state, told = last_of(settings_of(port=port))

    assert (part, state) == ("network", "failed")
    assert "does not speak MQTT 5" in told


@pytest.mark.parametrize(
    ("code", "part", "told"),
    [
        ("86", "sign_in", "does not take this user and password"),
        ("87", "sign_in", "does not let us in"),
        ("85", "sign_in", "client id"),
        ("84", "network", "does not speak MQTT 5"),
        ("89", "network", "server busy"),
    ],
)
def test_what_a_broker_answers_is_said(code: str, part: str, told: str) -> None:
    with saying(bytes.fromhex(f"200300{code}00")) as port:
        found = last_of(settings_of(port=port))

    assert found[:2] == (part, "failed")
    assert told in found[2]


def test_a_broker_that_ends_the_connection_says_why() -> None:
    with saying(WELCOME, SHUTTING_DOWN) as port:
        session = Session(settings_of(port=port), mqtt.passing(), secs=30, on_message=lambda _message: None)
        with pytest.raises(Failure, match="ended the connection: server shutting down") as caught:
            session.wait(lambda: False, 30)
    assert caught.value.part is Part.NETWORK
