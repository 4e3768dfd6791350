"""Connections to Kafka: what is refused, and what a test says, by a real broker behind TLS and sign-in."""

import json
import logging
import socket
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from apps.bridges import kafka_probe
from apps.bridges.connection_kind import Part, Report, State
from apps.bridges.kinds import kafka
from apps.bridges.kinds.kafka import KafkaSettings
from apps.core.typed_settings import SettingsError, read
from tests.outside import Outside, outside
from tests.systems.certificates import Authority
from tests.systems.kafka import KafkaServer, kafka_server
from tests.systems.kafka_gate import Gate, kafka_gate

pytestmark = pytest.mark.xdist_group("kafka_connection")
PASSWORD = "open sesame"
OAUTH = {"sign_in": "oauthbearer", "client_id": "shop", "client_secret": PASSWORD, "scope": "kafka"}


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaServer]:
    with kafka_server(tmp_path_factory.mktemp("kafka")) as server:
        yield server


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def gates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    with kafka_gate(tmp_path_factory.mktemp("gate")) as running:
        yield running


@pytest.fixture
def gate(gates: Gate) -> Gate:
    """A broker behind a gate, which each test lets in whom it wants."""
    gates.let_in()
    return gates


def encrypt(gate: Gate, authority: Authority, *, asks: bool = False, days: int = 30) -> None:
    """Let a broker speak TLS, and maybe ask for a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    pair = authority.sign("localhost", days=days)
    context.load_cert_chain(pair.certificate_file, pair.key_file)
    if asks:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(authority.file)
    gate.let_in(context=context)


def settings_of(servers: str, **document: Any) -> KafkaSettings:
    return read(KafkaSettings, {"servers": servers.split(","), "security": "none", **document})


def told(report: Report) -> list[tuple[str, str]]:
    return [(finding.part.value, finding.state.value) for finding in report.findings]


def failed(settings: KafkaSettings) -> tuple[Part, str]:
    [found] = [finding for finding in kafka.test(settings).findings if finding.state is State.FAILED]
    return found.part, found.told


def problems(**document: Any) -> dict[str, str]:
    with pytest.raises(SettingsError) as error:
        read(KafkaSettings, {"servers": ["127.0.0.1:9092"], "security": "none", **document})
    return {problem.path: problem.message for problem in error.value.problems}


def test_a_broker_that_lets_us_in_is_well(broker: KafkaServer) -> None:
    report = kafka.test(settings_of(broker.servers))

    assert told(report) == [("name", "well"), ("network", "well"), ("tls", "doubt")]
    assert report.is_well
    assert kafka.leads_to(settings_of(f"{broker.servers},127.0.0.1:1")) == f"{broker.servers} and 1 more"


def test_the_first_server_that_answers_suffices(broker: KafkaServer) -> None:
    assert kafka.test(settings_of(f"127.0.0.1:1,{broker.servers}")).is_well


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_a_password_lets_us_in_and_a_wrong_one_does_not(gate: Gate, mechanism: str) -> None:
    sign_in = mechanism.lower().replace("-", "_")
    gate.let_in(mechanism=mechanism, secrets={"ann": PASSWORD})
    well = kafka.test(settings_of(gate.servers, sign_in=sign_in, user="ann", password=PASSWORD))
    part, sentence = failed(settings_of(gate.servers, sign_in=sign_in, user="ann", password="open barley"))

    assert ("sign_in", "well") in told(well)
    assert set(gate.signed_in) == {"ann"}
    assert (part, sentence) == (Part.SIGN_IN, "The broker does not let us in: it does not take what we sign in by.")


def test_another_way_to_sign_in_is_named(gate: Gate) -> None:
    gate.let_in(mechanism="PLAIN", secrets={"ann": PASSWORD})
    part, sentence = failed(settings_of(gate.servers, sign_in="scram_sha_256", user="ann", password=PASSWORD))

    assert (part, sentence) == (Part.SIGN_IN, "The broker does not let us in: it does not offer this way to sign in.")


def test_a_broker_that_wants_a_sign_in_is_not_well_without(gate: Gate) -> None:
    gate.let_in(mechanism="PLAIN")
    part, sentence = failed(settings_of(gate.servers))

    assert (part, sentence) == (Part.SIGN_IN, "The broker breaks off before it tells anything: it may want a sign-in.")


@pytest.fixture
def login() -> Iterator[Outside]:
    """A server of OAuth 2, which gives a token."""
    with outside() as server:

        def give(request: BaseHTTPRequestHandler) -> None:
            body = json.dumps({"access_token": "token-7", "expires_in": 60, "token_type": "Bearer"}).encode()
            request.send_response(server.status)
            request.end_headers()
            request.wfile.write(body)

        server.handle = give
        yield server


def test_a_token_of_an_oauth_server_lets_us_in(gate: Gate, login: Outside) -> None:
    gate.let_in(mechanism="OAUTHBEARER", secrets={"token-7": "shop"})
    report = kafka.test(settings_of(gate.servers, token_url=f"{login.address}/token", **OAUTH))

    assert ("sign_in", "well") in told(report)
    assert set(gate.signed_in) == {"shop"}
    assert login.taken[0].body == b"grant_type=client_credentials&scope=kafka"
    assert login.taken[0].headers["authorization"] == "Basic c2hvcDpvcGVuJTIwc2VzYW1l"


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (401, "127.0.0.1 does not take this client id, secret and scope: it said 401."),
        (503, "127.0.0.1 gives no token: it said 503."),
    ],
)
def test_a_token_that_is_not_given_is_a_sign_in_that_failed(
    gate: Gate, login: Outside, status: int, sentence: str
) -> None:
    login.status = status
    gate.let_in(mechanism="OAUTHBEARER")
    found = failed(settings_of(gate.servers, token_url=f"{login.address}/token", **OAUTH))

    assert found == (Part.SIGN_IN, sentence)


def test_a_token_that_the_broker_does_not_take_is_named(gate: Gate, login: Outside) -> None:
    gate.let_in(mechanism="OAUTHBEARER", secrets={"another": "shop"})
    part, _ = failed(settings_of(gate.servers, token_url=f"{login.address}/token", **OAUTH))

    assert part is Part.SIGN_IN


def test_an_authority_of_ones_own_is_trusted_where_it_is_named(gate: Gate, authority: Authority) -> None:
    encrypt(gate, authority)
    well = kafka.test(settings_of(gate.servers, security="tls", ca=authority.certificate))
    part, sentence = failed(settings_of(gate.servers, security="tls"))

    assert told(well) == [("name", "well"), ("network", "well"), ("tls", "well")]
    assert part is Part.TLS
    assert sentence.startswith("The certificate of localhost is not to be trusted")


def test_a_certificate_of_ours_lets_us_in_where_it_is_wanted(gate: Gate, authority: Authority) -> None:
    ours = authority.sign("cdp")
    encrypt(gate, authority, asks=True)
    settings = {"security": "tls", "ca": authority.certificate}
    shown = {"certificate": ours.certificate, "certificate_key": ours.key}
    assert kafka.test(settings_of(gate.servers, **settings, **shown)).is_well
    part, _ = failed(settings_of(gate.servers, **settings))

    assert part is Part.TLS


def test_a_certificate_that_has_ended_is_named(gate: Gate, authority: Authority) -> None:
    encrypt(gate, authority, days=-1)
    part, sentence = failed(settings_of(gate.servers, security="tls", ca=authority.certificate))

    assert part is Part.TLS
    assert "expired" in sentence


def test_tls_where_none_is_and_none_where_it_is_are_told(
    broker: KafkaServer, gate: Gate, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    encrypt(gate, authority)
    in_clear, _ = failed(settings_of(gate.servers))
    monkeypatch.setattr(kafka_probe, "PROBE_SECS", 0.5)  # as the broker waits for more
    not_in_clear, _ = failed(settings_of(broker.servers, security="tls"))

    assert (in_clear, not_in_clear) == (Part.TLS, Part.TLS)


def test_what_is_not_reached_is_told_apart(broker: KafkaServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]

    assert failed(settings_of("nowhere.example:9092"))[0] is Part.NAME
    assert failed(settings_of(f"127.0.0.1:{port}")) == (
        Part.NETWORK,
        f"No connection to 127.0.0.1, port {port}: connection refused.",
    )


def test_networks_that_are_forbidden_are_not_asked(broker: KafkaServer, settings: Any) -> None:
    known = settings_of(broker.servers, security="tls")
    settings.EGRESS_ALLOWED_NETWORKS = []

    part, sentence = failed(known)

    assert part is Part.NAME
    assert "EGRESS_ALLOWED_NETWORKS" in sentence


def test_a_broker_that_the_cluster_tells_of_is_checked_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, port, *_, **__: [(2, 1, 6, "", (host, port))])
    with kafka_server(tmp_path, advertised="10.1.2.3:9092") as server:
        part, sentence = failed(settings_of(server.servers))

    assert part is Part.NAME
    assert sentence.startswith("10.1.2.3 is outside of the networks")


def test_a_server_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka_probe, "PROBE_SECS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        found = failed(settings_of(f"127.0.0.1:{silent.getsockname()[1]}"))

    assert found == (Part.NETWORK, "127.0.0.1 listens, and gives no answer within 0.3 seconds.")


def test_a_server_of_another_kind_is_recognised() -> None:
    def refuse(listener: socket.socket) -> None:
        with listener.accept()[0] as connection:
            connection.sendall(b"HTTP/1.1 400 Bad Request")

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=refuse, args=(server,))
        thread.start()
        found = failed(settings_of(f"127.0.0.1:{server.getsockname()[1]}"))
        thread.join()

    assert found == (Part.TLS, "127.0.0.1 does not speak Kafka's protocol, or wants TLS.")


def test_a_registry_is_asked_as_well(broker: KafkaServer) -> None:
    with outside() as registry:
        shown = {"registry_url": registry.address, "registry_user": "shop", "registry_password": PASSWORD}
        known = settings_of(broker.servers, **shown)
        registry.status = 404
        well = kafka.test(known)
        registry.status = 401
        part, sentence = failed(known)

    assert well.is_well
    assert registry.taken[0].path == "/schemas/types"
    assert registry.taken[0].headers["authorization"].startswith("Basic ")
    assert (part, sentence) == (Part.SIGN_IN, "The schema registry does not let us ask: it said 401.")


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({"servers": []}, "servers"),
        ({"servers": ["kafka.example.com:port"]}, "servers"),
        ({"servers": ["8.8.8.8:9092"]}, "security"),
        ({"servers": ["10.0.0.1:9092"], "security": "tls"}, "servers"),
        ({"sign_in": "plain", "user": "ann"}, "password"),
        (
            {"sign_in": "oauthbearer", "client_id": "a", "client_secret": "b", "token_url": "http://8.8.8.8/"},
            "token_url",
        ),
        ({"registry_user": "ann"}, "registry_url"),
        ({"registry_url": "ftp://registry.example.com"}, "registry_url"),
    ],
)
def test_settings_that_lead_nowhere_are_refused(document: dict[str, Any], path: str) -> None:
    assert path in problems(**document)


@pytest.mark.parametrize(
    "name",
    [
        "bootstrap.servers",
        "group.id",
        "sasl.password",
        "ssl.ca.location",
        "ssl.endpoint.identification.algorithm",
        "enable.ssl.certificate.verification",
        "plugin.library.paths",
        "sasl.kerberos.kinit.cmd",
        "sasl.oauthbearer.token.endpoint.url",
        "debug",
        "log_level",
        "test.mock.num.brokers",
        "enable.auto.commit",
        "no.such.option",
    ],
)
def test_options_that_do_more_than_tune_are_refused(name: str) -> None:
    assert name in problems(options={name: "1"})["options"]


@pytest.mark.parametrize("options", [{"session.timeout.ms": "soon"}, {"fetch.no.such": "1"}])
def test_options_that_the_library_does_not_take_are_refused(options: dict[str, str]) -> None:
    assert "librdkafka" in problems(options=options)["options"]


def test_options_that_tune_are_taken(broker: KafkaServer) -> None:
    options = {"session.timeout.ms": "20000", "client.rack": "a", "socket.timeout.ms": "5000"}

    assert kafka.test(settings_of(broker.servers, options=options)).is_well


def test_nothing_secret_is_said(
    gate: Gate, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    gate.let_in(mechanism="PLAIN")
    with caplog.at_level(logging.DEBUG):
        known = settings_of(gate.servers, sign_in="plain", user="ann", password=PASSWORD)
        report = kafka.test(known)

    said = "".join([*capfd.readouterr(), caplog.text, repr(report)])
    assert PASSWORD not in said
