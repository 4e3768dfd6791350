"""Requests to the outside: where they may go, how long they take, and that errors tell no secret."""

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core import egress
from apps.core.egress import Forbidden, Unreachable
from tests.outside import Outside, outside

CERTIFICATE = Path(__file__).parent / "hook.pem"  # of hook.example, trusted by nobody; it ends in a hundred years
LOCAL = [ip_network("127.0.0.0/8")]


@pytest.mark.parametrize("text", ["127.0.0.1:5690", "rabbit.example.com:5672", "rabbit:"])
def test_a_host_has_no_port_within(text: str) -> None:
    with pytest.raises(Forbidden, match="The port has a field of its own"):
        egress.host_of(text)


@pytest.mark.parametrize("text", ["2606:4700:4700::1111", "rabbit.example.com"])
def test_a_host_is_a_name_or_an_address_of_either_version(text: str) -> None:
    assert egress.host_of(text) == text


def send(url: str, *, secs: float = 30.0, **options: object) -> egress.Answer:
    return egress.send(url, body=b"{}", headers={"Content-Type": "application/json"}, secs=secs, **options)  # type: ignore[arg-type]


@pytest.fixture
def local(settings: Any) -> None:
    settings.EGRESS_ALLOWED_NETWORKS = LOCAL


@pytest.fixture
def server(local: None) -> Iterator[Outside]:
    with outside() as running:
        yield running


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://localhost:6379/",
        "http://10.1.2.3/",
        "http://192.168.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://100.100.100.200/",
        "http://0.0.0.0/",
        "http://224.0.0.1/",
        "http://255.255.255.255/",
        "http://[::1]/",
        "http://[fe80::1]/",
        "http://[fd00:ec2::254]/",
        "http://[::ffff:10.0.0.1]/",
        "http://[::ffff:a9fe:a9fe]/",
        "http://[64:ff9b::a00:1]/",
        "http://[2002:7f00:1::]/",
        "http://[64:ff9b:1::a00:1]/",
        "http://[::127.0.0.1]/",
        "http://[::ffff:0:127.0.0.1]/",
        "http://[fec0::1]/",
    ],
)
def test_no_request_goes_into_our_own_network(url: str) -> None:
    with pytest.raises(Forbidden, match="private or reserved network"):
        send(url)


@pytest.mark.parametrize("url", ["http://2130706433/", "http://0x7f.1/", "http://127.1/", "http://0177.0.0.1/"])
def test_an_address_in_disguise_leads_nowhere(url: str) -> None:
    with pytest.raises((Forbidden, Unreachable)):
        send(url)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://hook.example/",
        "file:///etc/passwd",
        "gopher://hook.example/",
        "hook.example/path",
        "https://",
        "https://anna:geheim@hook.example/",
        "https://hook.example:99999/",
        "https://hook.example/a b",
        "https://hook.example/a\r\nHost: elsewhere",
        "https://hook.example/ä",
        "https://[::1/",
        f"https://{'a' * 70}.example/",
    ],
)
def test_what_is_no_address_of_the_web_is_refused(url: str) -> None:
    with pytest.raises(Forbidden) as refused:
        egress.target_of(url)

    assert "geheim" not in str(refused.value)


@given(st.text())
def test_whatever_is_typed_is_read_or_refused(text: str) -> None:
    with suppress(Forbidden):
        assert egress.target_of(text).scheme in egress.PORTS


def test_a_network_that_the_operator_allows_is_reached(server: Outside) -> None:
    answer = send(f"{server.address}/hook?key=1")

    assert (answer.status, answer.body) == (200, b"ok")
    [taken] = server.taken
    assert (taken.path, taken.body) == ("/hook?key=1", b"{}")
    assert taken.headers["host"] == f"127.0.0.1:{server.port}"
    assert taken.headers["content-type"] == "application/json"


def test_a_name_is_resolved_once_and_what_was_checked_is_asked(server: Outside) -> None:
    """As with a name that leads to the outside when it is checked, and into our network when it is asked."""
    answers = [["127.0.0.1"], ["10.0.0.1"]]

    def rebinding(host: str, port: int) -> Sequence[str]:
        return answers.pop(0)

    assert send(f"http://hook.example:{server.port}/", resolve=rebinding).status == 200
    assert answers == [["10.0.0.1"]]
    assert server.taken[0].headers["host"] == f"hook.example:{server.port}"


@pytest.mark.parametrize("found", [["10.0.0.1"], ["127.0.0.1", "10.0.0.1"], ["::ffff:169.254.169.254"]])
def test_a_name_that_leads_into_our_network_is_refused_and_nobody_is_asked(server: Outside, found: list[str]) -> None:
    with pytest.raises(Forbidden, match=r"hook\.example leads to"):
        send(f"http://hook.example:{server.port}/", resolve=lambda host, port: found)

    assert server.taken == []


def test_another_address_of_the_name_is_tried_where_the_first_does_not_answer(server: Outside) -> None:
    found = ["127.0.0.77", "127.0.0.1"]

    assert send(f"http://hook.example:{server.port}/", resolve=lambda host, port: found).status == 200


def test_a_redirect_is_an_answer_and_is_not_followed(server: Outside) -> None:
    def elsewhere(request: BaseHTTPRequestHandler) -> None:
        request.send_response(302)
        request.send_header("Location", f"{server.address}/elsewhere")
        request.send_header("Content-Length", "0")
        request.end_headers()

    server.handle = elsewhere

    assert send(f"{server.address}/first").status == 302
    assert [taken.path for taken in server.taken] == ["/first"]


def test_of_a_large_answer_only_the_beginning_is_read(server: Outside) -> None:
    def endless(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        for _ in range(100):
            request.wfile.write(b"x" * 64_000)

    server.handle = endless

    assert len(send(server.address).body) == egress.MAX_ANSWER_BYTES


def test_who_sends_a_byte_now_and_then_does_not_hold_us(server: Outside) -> None:
    def slowly(request: BaseHTTPRequestHandler) -> None:
        for byte in b"HTTP/1.1 200 OK\r\n" * 100:
            request.wfile.write(bytes([byte]))
            time.sleep(0.05)

    server.handle = slowly
    began_at = time.monotonic()

    with pytest.raises(Unreachable, match=r"127\.0\.0\.1 did not answer within 0\.5 seconds"):
        send(server.address, secs=0.5)
    assert time.monotonic() - began_at < 60  # it sends for 80 seconds


def test_who_stays_silent_is_given_up_and_the_address_is_not_told(local: None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening, pytest.raises(Unreachable) as failed:
        send(f"http://127.0.0.1:{listening.getsockname()[1]}/services/T0/geheim", secs=0.3)

    assert "geheim" not in str(failed.value)


def test_who_does_not_listen_is_told_of_by_host_and_port(local: None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    with pytest.raises(Unreachable, match=f"No connection to 127.0.0.1, port {port}: connection refused"):
        send(f"http://127.0.0.1:{port}/geheim")


def test_what_is_no_answer_of_http_is_told(local: None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            accepted, _ = listening.accept()
            accepted.recv(1_000)
            accepted.sendall(b"+PONG\r\n")
            accepted.close()

        threading.Thread(target=answer, daemon=True).start()
        with pytest.raises(Unreachable, match="gave no answer of HTTP"):
            send(f"http://127.0.0.1:{listening.getsockname()[1]}/")


def test_a_name_that_there_is_not_is_told() -> None:
    def nobody(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror

    with pytest.raises(Unreachable, match=r"There is no host hook\.example"):
        send("https://hook.example/geheim", resolve=nobody)


def test_a_certificate_is_that_of_the_name_and_not_of_the_number(local: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def here(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.1"]

    with outside(certificate=CERTIFICATE) as server:
        with pytest.raises(Unreachable, match=r"certificate of hook\.example is not to be trusted: self"):
            send(f"https://hook.example:{server.port}/", resolve=here)
        monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
        assert send(f"https://hook.example:{server.port}/", resolve=here).status == 200
        with pytest.raises(Unreachable, match="Hostname mismatch"):
            send(f"https://other.example:{server.port}/", resolve=here)
    assert len(server.taken) == 1


def test_who_speaks_no_tls_is_told(server: Outside) -> None:
    with pytest.raises(Unreachable, match=r"No secure connection to 127\.0\.0\.1"):
        send(f"https://127.0.0.1:{server.port}/")
