"""Connections by IMAP, with a real Dovecot: what is refused, and what a test says of each part."""

import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificate

from apps.bridges import access_tokens
from apps.bridges.connection_kind import Report
from apps.bridges.kinds import imap
from apps.bridges.kinds.imap import ImapSettings
from apps.core.typed_settings import SettingsError, read
from tests.bridges.conftest import HOST
from tests.outside import Outside, outside
from tests.systems.dovecot import CERTIFICATE, PASSWORD, Dovecot, dovecot_server

pytestmark = pytest.mark.xdist_group("imap")
CA = load_pem_x509_certificate(CERTIFICATE.read_bytes()).public_bytes(Encoding.PEM).decode()
REFRESH = "refresh me"


class Provider:
    """Who gives access tokens, and tells Dovecot whose they are."""

    def __init__(self, system: Outside) -> None:
        self.n_given, self.expires_in, self.refusal = 0, 3_600, ""
        self.living: set[str] = set()
        self.system = system
        system.handle = self._handle

    def _handle(self, request: BaseHTTPRequestHandler) -> None:
        asked = {name: values[0] for name, values in parse_qs(self.system.taken[-1].body.decode()).items()}
        status, said = self._given(asked) if request.path == "/token" else (200, self._told(asked))
        body = json.dumps(said).encode()
        request.send_response(status)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def _given(self, asked: dict[str, str]) -> tuple[int, Any]:
        expected = {
            "grant_type": "refresh_token",
            "client_id": "cdp",
            "client_secret": "hush",
            "refresh_token": REFRESH,
        }
        if asked != expected or self.refusal:
            return 400, {"error": self.refusal or "invalid_grant", "error_description": f"{REFRESH} is no more"}
        self.n_given += 1
        self.living.add(f"token-{self.n_given}")
        return 200, {"access_token": f"token-{self.n_given}", "expires_in": self.expires_in}

    def _told(self, asked: dict[str, str]) -> Any:
        return {"active": "true", "email": "anna"} if asked.get("token") in self.living else {"active": "false"}


@pytest.fixture(scope="module")
def system() -> Iterator[Outside]:
    with outside() as running:
        yield running


@pytest.fixture(scope="module")
def server(system: Outside) -> Iterator[Dovecot]:
    with dovecot_server(introspection_url=f"{system.address}/introspect") as running:
        yield running


@pytest.fixture
def provider(system: Outside) -> Iterator[Provider]:
    yield Provider(system)
    access_tokens._kept.clear()


def told(report: Report) -> list[tuple[str, str]]:
    return [(finding.part.value, finding.state.value) for finding in report.findings]


def last(report: Report) -> tuple[str, str]:
    finding = report.findings[-1]
    assert finding.state == "failed"
    return finding.part.value, finding.told


def settings_of(port: int, **document: Any) -> ImapSettings:
    usual = {"host": HOST, "port": port, "user": "anna", "security": "none", "time_out": "15 seconds"}
    if document.get("sign_in") != "oauth":
        usual["password"] = PASSWORD
    return read(ImapSettings, {**usual, **document})


def by_token(server: Dovecot, provider: Provider, **document: Any) -> ImapSettings:
    ways = {"token_url": f"{provider.system.address}/token", "client_id": "cdp", "client_secret": "hush"}
    return settings_of(server.port, **{"sign_in": "oauth", "refresh_token": REFRESH, **ways, **document})


CAPABILITY = b"* CAPABILITY IMAP4rev1\r\nTAG OK done\r\n"
HELLO = b"* OK hello\r\n"


@contextmanager
def saying(hello: bytes, *, answers: Mapping[bytes, bytes] | None = None) -> Iterator[int]:
    """Run a server that greets so, and answers commands by their names; nothing to those that are not among them."""
    listener = socket.create_server(("127.0.0.1", 0))
    known = {b"CAPABILITY": CAPABILITY, **(answers or {})}

    def serve() -> None:
        with suppress(OSError):
            taken, _ = listener.accept()
            with taken, taken.makefile("rb") as asked:
                taken.sendall(hello)
                for line in asked:
                    tag, name, *_ = [*line.split(), b"", b""]
                    taken.sendall(known.get(name, b"").replace(b"TAG", tag))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    with listener:
        yield listener.getsockname()[1]
    thread.join(timeout=5)


@pytest.mark.parametrize(
    ("document", "path", "message"),
    [
        ({"host": "imaps://mail"}, "host", "no name of a host"),
        ({"host": "93.184.215.14"}, "security", "outside of the networks"),
        ({"security": "tls", "ca": "mine"}, "ca", "no certificate in PEM"),
        ({"sign_in": "oauth", "token_url": "http://93.184.215.14/t", "client_id": "x", "refresh_token": "y"},
         "token_url", "outside of the networks"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_of_its_field(document: dict[str, Any], path: str, message: str) -> None:
    with pytest.raises(SettingsError) as raised:
        settings_of(993, **document)

    [problem] = raised.value.problems
    assert problem.path == path
    assert message in problem.message


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_test_that_goes_well_says_so_of_each_part(server: Dovecot, security: str) -> None:
    port = server.tls_port if security == "tls" else server.port

    report = imap.test(settings_of(port, security=security, ca=CA))

    assert told(report) == [(part, "well") for part in ("name", "network", "tls", "sign_in")]


def test_within_our_own_networks_nothing_has_to_be_encrypted(server: Dovecot, settings: Any) -> None:
    found = settings_of(server.port)

    assert told(imap.test(found)) == [("name", "well"), ("network", "well"), ("tls", "doubt"), ("sign_in", "well")]
    settings.EGRESS_ALLOWED_NETWORKS = []
    part, sentence = last(imap.test(found))
    assert part == "name"
    assert "EGRESS_ALLOWED_NETWORKS" in sentence


def test_a_name_that_nobody_knows_and_a_port_where_nobody_listens(server: Dovecot) -> None:
    assert last(imap.test(settings_of(server.port, host="nobody.example")))[0] == "name"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert last(imap.test(settings_of(port))) == (
        "network",
        f"No connection to {HOST}, port {port}: connection refused.",
    )


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_certificate_that_is_not_to_be_trusted_is_the_third_part(server: Dovecot, security: str) -> None:
    port = server.tls_port if security == "tls" else server.port

    part, sentence = last(imap.test(settings_of(port, security=security)))

    assert part == "tls"
    assert f"The certificate of {HOST} is not to be trusted" in sentence


def test_who_speaks_no_tls_gets_no_password(server: Dovecot) -> None:
    assert last(imap.test(settings_of(server.port, security="tls")))[0] == "tls"
    with saying(HELLO) as port:
        assert last(imap.test(settings_of(port, security="starttls"))) == (
            "tls",
            f"{HOST} does not offer to turn to TLS (STARTTLS).",
        )


def test_a_wrong_password_is_said_of_the_sign_in_and_not_shown(server: Dovecot) -> None:
    part, sentence = last(imap.test(settings_of(server.port, password="clöse sesame")))

    assert part == "sign_in"
    assert "[AUTHENTICATIONFAILED]" in sentence
    assert "sesame" not in sentence


def test_what_a_server_says_is_passed_on_without_the_secrets_in_it() -> None:
    alert = f"[ALERT] Use a password for apps in place of {PASSWORD}: https://mail.example/help (Failure)"
    with saying(HELLO, answers={b"LOGIN": f"TAG NO {alert}\r\n".encode()}) as port:
        part, sentence = last(imap.test(settings_of(port)))

    assert part == "sign_in"
    assert sentence.endswith("[ALERT] Use a password for apps in place of …: https://mail.example/help (Failure)")


def test_a_server_that_hangs_is_told_from_one_that_speaks_no_imap(server: Dovecot) -> None:
    with server.hanging():
        found = settings_of(server.port, time_out="1 second")
        assert last(imap.test(found)) == ("network", f"{HOST} does not greet us: it takes too long.")
    with saying(HELLO) as port:
        said = f"{HOST} gives no answer to the sign-in within 3 seconds."
        assert last(imap.test(settings_of(port, time_out="3 seconds"))) == ("sign_in", said)
    with saying(HELLO, answers={b"LOGIN": b"* BYE gone\r\n"}) as port:
        assert last(imap.test(settings_of(port))) == ("sign_in", f"{HOST} broke off: it said gone")
    with saying(HELLO, answers={b"LOGIN": b"TAG OK done\r\n", b"LIST": b"* LIST () {9999999999}\r\n"}) as port:
        told_of_it = f"It does not tell its folders: {HOST} says more than was asked for."
        assert last(imap.test(settings_of(port))) == ("right", told_of_it)
    with saying(HELLO, answers={b"CAPABILITY": b"* CAPABILITY IMAP4rev1 LOGINDISABLED\r\nTAG OK done\r\n"}) as port:
        assert last(imap.test(settings_of(port)))[1].endswith("It takes no password here.")
    with saying(b"SSH-2.0-OpenSSH_9.2\r\n") as port:
        said = f"{HOST} does not greet us: it broke off, or speaks no IMAP."
        assert last(imap.test(settings_of(port))) == ("network", said)
    with saying(b"* BYE too many connections\r\n") as port:
        assert last(imap.test(settings_of(port)))[1].startswith(f"{HOST} takes no more connections")


def test_more_connections_than_a_server_takes() -> None:
    with dovecot_server(connections=1) as small, small.mailbox():
        part, sentence = last(imap.test(settings_of(small.port)))

    assert part == "sign_in"
    assert "It takes no more connections of anna" in sentence


def test_an_access_token_is_fetched_once_and_signs_in(server: Dovecot, provider: Provider) -> None:
    for _ in range(2):
        report = imap.test(by_token(server, provider))
        assert told(report)[-1] == ("sign_in", "well")

    assert provider.n_given == 1


def test_a_token_that_ends_or_is_refused_is_fetched_anew(server: Dovecot, provider: Provider) -> None:
    imap.test(by_token(server, provider))
    provider.living.clear()

    part, sentence = last(imap.test(by_token(server, provider)))

    assert part == "sign_in"
    assert "It does not take this user and access token" in sentence
    assert "token-1" not in sentence
    assert told(imap.test(by_token(server, provider)))[-1] == ("sign_in", "well")
    assert provider.n_given == 2


def test_a_refresh_token_that_is_no_more_is_said_of_the_sign_in(server: Dovecot, provider: Provider) -> None:
    assert last(imap.test(by_token(server, provider, refresh_token="another"))) == (
        "sign_in",
        "127.0.0.1 gives no access token: it said 400, invalid_grant.",
    )
    provider.refusal = f"see {REFRESH}"
    assert last(imap.test(by_token(server, provider)))[1] == "127.0.0.1 gives no access token: it said 400."
    assert last(imap.test(by_token(server, provider, token_url="http://127.0.0.1:9/token")))[0] == "sign_in"


def test_settings_show_no_secret(server: Dovecot, provider: Provider) -> None:
    shown = repr(settings_of(server.port)) + repr(by_token(server, provider)) + imap.leads_to(settings_of(1))

    assert not [secret for secret in (PASSWORD, REFRESH, "hush") if secret in shown]
