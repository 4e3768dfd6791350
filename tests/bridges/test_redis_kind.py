"""Connections to Redis, with a real Valkey: what is refused, and what a test says of each part."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from apps.bridges.connection_kind import Report
from apps.bridges.kinds import redis
from apps.bridges.kinds.redis import RedisSettings
from apps.core.typed_settings import SettingsError, read
from tests.bridges.conftest import HOST
from tests.systems.certificates import Authority
from tests.systems.tls_front import tls_front
from tests.systems.valkey import PASSWORD, ValkeyServer, valkey_server

pytestmark = pytest.mark.xdist_group("redis")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ValkeyServer]:
    with valkey_server(tmp_path_factory.mktemp("valkey")) as running:
        yield running


def settings_of(port: int, **document: Any) -> RedisSettings:
    usual = {"host": HOST, "port": port, "password": PASSWORD, "security": "none", "time_out": "15 seconds"}
    return read(RedisSettings, {**usual, **document})


def told(report: Report) -> list[tuple[str, str]]:
    return [(finding.part.value, finding.state.value) for finding in report.findings]


def last_of(report: Report) -> tuple[str, str, str]:
    finding = report.findings[-1]
    return finding.part.value, finding.state.value, finding.told


@pytest.mark.parametrize(
    ("document", "path", "message"),
    [
        ({"host": "redis://x"}, "host", "no name of a host"),
        ({"host": "10.0.0.1"}, "host", "EGRESS_ALLOWED_NETWORKS"),
        ({"host": "93.184.215.14"}, "security", "outside of the networks"),
        ({"database": -1}, "database", "At least 0"),
        ({"user": "anna", "password": ""}, "password", "signs in by a password"),
        ({"security": "tls", "ca": "nonsense"}, "ca", "no certificate"),
    ],
)
def test_what_is_wrong_is_said_of_its_field(document: dict[str, Any], path: str, message: str) -> None:
    with pytest.raises(SettingsError) as raised:
        settings_of(6379, **document)

    [problem] = raised.value.problems
    assert problem.path == path
    assert message in problem.message


def test_a_certificate_is_of_no_use_without_its_key(tmp_path: Path) -> None:
    pair = Authority(tmp_path).sign("anna")

    with pytest.raises(SettingsError, match="go together"):
        settings_of(6379, security="tls", certificate=pair.certificate)


def test_a_test_that_goes_well_says_so_of_each_part(server: ValkeyServer) -> None:
    assert told(redis.test(settings_of(server.port))) == [
        ("name", "well"),
        ("network", "well"),
        ("tls", "doubt"),
        ("sign_in", "well"),
    ]
    for user in ("reader", "silent"):
        assert redis.test(settings_of(server.port, user=user, password="reads", database=3)).is_well


def test_each_fault_is_its_own_sentence(server: ValkeyServer, settings: Any) -> None:
    assert last_of(redis.test(settings_of(server.port, host="nobody.example"))) == (
        "name",
        "failed",
        "There is no host nobody.example, or its name cannot be looked up now.",
    )
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert last_of(redis.test(settings_of(port))) == (
        "network",
        "failed",
        f"No connection to hook.example, port {port}: connection refused.",
    )
    assert last_of(redis.test(settings_of(server.port, security="tls")))[:2] == ("tls", "failed")
    assert last_of(redis.test(settings_of(server.port, password="wrong"))) == (
        "sign_in",
        "failed",
        "hook.example does not take this user and password.",
    )
    assert last_of(redis.test(settings_of(server.port, password=""))) == (
        "sign_in",
        "failed",
        "hook.example wants a password, and the connection has none.",
    )
    assert last_of(redis.test(settings_of(server.port, database=77))) == (
        "place",
        "failed",
        "hook.example has no database 77.",
    )
    settings.EGRESS_ALLOWED_NETWORKS = []
    assert last_of(redis.test(settings_of(server.port)))[:2] == ("name", "failed")


def test_a_server_that_takes_connections_and_hangs_is_left_after_the_time_out(server: ValkeyServer) -> None:
    with server.hanging():
        found = last_of(redis.test(settings_of(server.port, time_out="1 second")))

    assert found == ("sign_in", "failed", "hook.example took the connection, and gave no answer in time.")


def test_who_speaks_something_else_is_no_redis() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(5)

        def answer() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.sendall(b"220 mail.example ESMTP\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        found = last_of(redis.test(settings_of(listening.getsockname()[1])))
        thread.join()

    assert found == ("network", "failed", "hook.example broke off, or speaks another protocol.")


def test_tls_trusts_an_authority_of_ones_own(server: ValkeyServer, tmp_path: Path) -> None:
    ours, other = Authority(tmp_path), Authority(tmp_path, name="other")
    with tls_front(server.port, ours.sign(HOST)) as port:
        well = redis.test(settings_of(port, security="tls", ca=ours.certificate))
        wrong = redis.test(settings_of(port, security="tls", ca=other.certificate))
        unknown = redis.test(settings_of(port, security="tls"))
        plain = redis.test(settings_of(port))

    assert told(well) == [("name", "well"), ("network", "well"), ("tls", "well"), ("sign_in", "well")]
    assert last_of(wrong)[:2] == last_of(unknown)[:2] == ("tls", "failed")
    assert "is not to be trusted" in last_of(unknown)[2]
    assert last_of(plain)[:2] == ("network", "failed")


def test_a_certificate_that_has_ended_or_is_of_another_host_is_refused(server: ValkeyServer, tmp_path: Path) -> None:
    ours = Authority(tmp_path)
    for pair, why in ((ours.sign(HOST, days=-1), "expired"), (ours.sign("other.example"), "mismatch")):
        with tls_front(server.port, pair) as port:
            found = last_of(redis.test(settings_of(port, security="tls", ca=ours.certificate)))

        assert found[:2] == ("tls", "failed")
        assert why in found[2].lower()


def test_a_certificate_of_ours_is_shown(server: ValkeyServer, tmp_path: Path) -> None:
    ours = Authority(tmp_path)
    pair = ours.sign("anna")
    with tls_front(server.port, ours.sign(HOST), clients=ours) as port:
        bare = last_of(redis.test(settings_of(port, security="tls", ca=ours.certificate)))
        shown = redis.test(
            settings_of(
                port, security="tls", ca=ours.certificate, certificate=pair.certificate, certificate_key=pair.key
            )
        )

    assert bare[:2] == ("tls", "failed")
    assert "it may want a certificate of ours" in bare[2]
    assert shown.is_well
