"""Connections to NATS, with real servers: what is refused, and what a test says of each part."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from apps.bridges.connection_kind import Report
from apps.bridges.kinds import nats
from apps.bridges.kinds.nats import NatsSettings
from apps.bridges.nats_keys import nkey_of
from apps.core.typed_settings import SettingsError, read
from tests.bridges.conftest import HOST
from tests.systems.certificates import Authority
from tests.systems.nats import PUBLIC, SEED, NatsServer, nats_server
from tests.systems.nats_jwts import ACCOUNT, Holder, credentials

pytestmark = pytest.mark.xdist_group("nats")
ANNA = {"sign_in": "password", "user": "anna", "password": "sesame"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    with nats_server(tmp_path_factory.mktemp("nats")) as running:
        yield running


def settings_of(port: int, **document: Any) -> NatsSettings:
    usual = {"servers": [f"{HOST}:{port}"], "security": "none", "time_out": "15 seconds"}
    return read(NatsSettings, {**usual, **document})


def told(report: Report) -> list[tuple[str, str]]:
    return [(finding.part.value, finding.state.value) for finding in report.findings]


def last_of(report: Report) -> tuple[str, str, str]:
    finding = report.findings[-1]
    return finding.part.value, finding.state.value, finding.told


@pytest.mark.parametrize(
    ("document", "path", "message"),
    [
        ({"servers": []}, "servers", "Name a server"),
        ({"servers": ["http://x"]}, "servers", "no address of a server"),
        ({"servers": ["x:99999"]}, "servers", "no address of a server"),
        ({"servers": ["anna:sesame@x"]}, "servers", "no address of a server"),
        ({"servers": ["10.0.0.1"]}, "servers", "EGRESS_ALLOWED_NETWORKS"),
        ({"servers": ["93.184.215.14"]}, "security", "outside of the networks"),
        ({"sign_in": "nkey", "seed": "SU123"}, "seed", "no seed of an nkey"),
        ({"sign_in": "nkey", "seed": Holder(ACCOUNT).seed}, "seed", "of an account or an operator"),
        ({"sign_in": "credentials", "credentials": "x"}, "credentials", "no text of a .creds file"),
    ],
)
def test_what_is_wrong_is_said_of_its_field(document: dict[str, Any], path: str, message: str) -> None:
    with pytest.raises(SettingsError) as raised:
        settings_of(4222, **document)

    [problem] = raised.value.problems
    assert problem.path == path
    assert message in problem.message


def test_addresses_have_a_port_of_their_own_or_the_usual_one() -> None:
    found = read(NatsSettings, {"servers": ["a.example", "tls://b.example:7", "nats://[2606:4700::1]:8"]}).addresses

    assert [tuple(server) for server in found] == [("a.example", 4222), ("b.example", 7), ("2606:4700::1", 8)]


def test_a_key_is_known_by_its_public_part() -> None:
    assert nkey_of(SEED).public == PUBLIC
    assert SEED not in repr(nkey_of(SEED))


@pytest.mark.parametrize("by", [ANNA, {"sign_in": "nkey", "seed": SEED}])
def test_a_test_that_goes_well_says_so_of_each_part(server: NatsServer, by: dict[str, str]) -> None:
    assert told(nats.test(settings_of(server.port, **by))) == [
        ("name", "well"),
        ("network", "well"),
        ("tls", "doubt"),
        ("sign_in", "well"),
    ]


def test_one_server_of_several_is_enough(server: NatsServer) -> None:
    servers = ["nobody.example", f"{HOST}:{server.port}"]

    assert nats.test(settings_of(server.port, servers=servers, **ANNA)).is_well
    assert last_of(nats.test(settings_of(server.port, servers=servers[::-1], **{**ANNA, "password": "no"}))) == (
        "name",
        "failed",
        "There is no host nobody.example, or its name cannot be looked up now.",
    )


def test_each_fault_is_its_own_sentence(server: NatsServer, settings: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert last_of(nats.test(settings_of(port))) == (
        "network",
        "failed",
        f"No connection to hook.example, port {port}: connection refused.",
    )
    assert last_of(nats.test(settings_of(server.port, security="tls", **ANNA)))[:2] == ("tls", "failed")
    for by in ({}, {**ANNA, "password": "no"}, {"sign_in": "token", "token": "no"}):
        assert last_of(nats.test(settings_of(server.port, **by))) == (
            "sign_in",
            "failed",
            "hook.example does not let us in by this.",
        )
    stranger = nats.test(settings_of(server.port, sign_in="password", user="stranger", password="strange"))
    assert last_of(stranger)[:2] == ("right", "doubt")
    assert "does not tell us of JetStream" in last_of(stranger)[2]
    settings.EGRESS_ALLOWED_NETWORKS = []
    assert last_of(nats.test(settings_of(server.port)))[:2] == ("name", "failed")


def test_a_server_that_takes_connections_and_hangs_is_left_after_the_time_out(server: NatsServer) -> None:
    with server.hanging():
        found = last_of(nats.test(settings_of(server.port, **ANNA, time_out="1 second")))

    assert found == ("sign_in", "failed", "hook.example took the connection, and gave no answer in time.")


def test_a_token_lets_in_and_a_server_without_jetstream_is_told_of(tmp_path: Path) -> None:
    config = "authorization { token: sesame }"
    with nats_server(tmp_path / "nats", config, has_jetstream=False) as server:
        report = nats.test(settings_of(server.port, sign_in="token", token="sesame"))

    assert told(report)[-2:] == [("sign_in", "well"), ("right", "doubt")]
    assert "has no JetStream for us" in last_of(report)[2]


def test_credentials_let_in(tmp_path: Path) -> None:
    config, text = credentials()
    _, other = credentials()
    with nats_server(tmp_path / "nats", config, has_jetstream=False) as server:
        well = nats.test(settings_of(server.port, sign_in="credentials", credentials=text))
        wrong = nats.test(settings_of(server.port, sign_in="credentials", credentials=other))

    assert ("sign_in", "well") in told(well)
    assert last_of(wrong)[:2] == ("sign_in", "failed")


def test_tls_trusts_an_authority_of_ones_own_and_shows_a_certificate(tmp_path: Path) -> None:
    ours, other = Authority(tmp_path), Authority(tmp_path, name="other")
    theirs, anna = ours.sign(HOST), ours.sign("anna")
    config = f"""tls {{
      cert_file: "{theirs.certificate_file}", key_file: "{theirs.key_file}", ca_file: "{ours.file}", verify: true
    }}"""
    by = {"security": "tls", "certificate": anna.certificate, "certificate_key": anna.key}
    with nats_server(tmp_path / "nats", config) as server:
        well = nats.test(settings_of(server.port, ca=ours.certificate, **by))
        bare = nats.test(settings_of(server.port, ca=ours.certificate, security="tls"))
        wrong = nats.test(settings_of(server.port, ca=other.certificate, **by))
        plain = nats.test(settings_of(server.port))
        stranger = other.sign("stranger")
        by |= {"certificate": stranger.certificate, "certificate_key": stranger.key}
        untrusted = nats.test(settings_of(server.port, ca=ours.certificate, **by))

    assert told(well) == [("name", "well"), ("network", "well"), ("tls", "well"), ("sign_in", "well")]
    assert last_of(bare) == ("tls", "failed", "The server wants a certificate of ours, and the connection has none.")
    assert last_of(wrong)[:2] == ("tls", "failed")
    assert "is not to be trusted" in last_of(wrong)[2]
    assert last_of(plain) == ("tls", "failed", "The server takes connections by TLS alone.")
    assert last_of(untrusted)[:2] == ("tls", "failed")
    assert "may not trust our certificate" in last_of(untrusted)[2]


def test_nothing_is_sent_in_the_clear_to_who_says_that_there_is_no_tls() -> None:
    """A server, or somebody on the way, says that it speaks no TLS: what it gets is the begin of TLS."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(5)
        got = []

        def answer() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.settimeout(5)
                connection.sendall(b'INFO {"server_id": "x", "version": "2.9.10", "auth_required": true}\r\n')
                got.append(connection.recv(1_000))

        thread = threading.Thread(target=answer)
        thread.start()
        report = nats.test(settings_of(listening.getsockname()[1], security="tls", **ANNA))
        thread.join()

    assert last_of(report)[:2] == ("tls", "failed")
    assert got[0][:1] == b"\x16"  # a handshake
    assert b"sesame" not in got[0]


def test_who_is_no_nats_server_is_told_from_one(server: NatsServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(5)

        def answer() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.sendall(b"220 mail.example ESMTP\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        found = last_of(nats.test(settings_of(listening.getsockname()[1])))
        thread.join()

    assert found == ("network", "failed", "hook.example broke off, or is no NATS server.")
