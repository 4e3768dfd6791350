"""Requests that go where they may, one beside the other, and what comes back."""

import resource
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from apps.bridges.transport import Parcel, Reply
from apps.bridges.transport import http as module
from apps.bridges.transport.endpoint import Endpoint
from apps.bridges.transport.http import HttpTransport
from apps.bridges.verdicts import Verdict
from tests.bridges.conftest import CERTIFICATE, HOST
from tests.factories import NOON
from tests.outside import Outside, outside

Open = Callable[..., HttpTransport]


@pytest.fixture
def opened() -> Iterator[Open]:
    transports = []

    def open_(base_url: str, *, at_once: int = 4, secs: float = 15.0, **options: Any) -> HttpTransport:
        resolve = options.pop("resolve", None)
        more = {"resolve": resolve} if resolve else {}
        made = HttpTransport(Endpoint(base_url, secs=secs, **options), at_once=at_once, **more)
        transports.append(made)
        return made

    yield open_
    for transport in transports:
        transport.close()


def parcel(number: int = 0, **request: Any) -> Parcel:
    return Parcel(number, f"key-{number}", NOON, request)


def ask(transport: HttpTransport, *parcels: Parcel) -> list[Reply]:
    """Send, and wait until all have been replied to, in their order."""
    found: list[Reply] = []
    waiting = list(parcels)
    until = time.monotonic() + 60
    while len(found) < len(parcels):
        while waiting and transport.has_room:
            transport.send(waiting.pop(0))
        found += transport.replies(secs=0.2)
        assert time.monotonic() < until
    return sorted(found, key=lambda reply: reply.parcel.id)


def test_a_request_has_what_it_says_and_what_the_endpoint_adds(system: Outside, opened: Open) -> None:
    transport = opened(f"{system.address}/v1/", headers={"Authorization": "Bearer open sesame"})
    headers = {"X-Shop": "Grüße", "authorization": "mine", "Content-Type": "text/plain"}

    [reply] = ask(transport, parcel(path="/hook?a=1", body="Grüße", headers=headers))

    [taken] = system.taken
    assert (taken.path, taken.body.decode()) == ("/v1/hook?a=1", "Grüße")
    assert taken.headers["authorization"] == "Bearer open sesame"  # ours wins
    assert (taken.headers["content-type"], taken.headers["user-agent"]) == ("text/plain", "cdp")
    assert (taken.headers["idempotency-key"], taken.headers["webhook-id"]) == ("key-0", "key-0")
    assert taken.headers["host"] == f"127.0.0.1:{system.port}"
    assert "expect" not in taken.headers
    assert (reply.verdict, reply.status, reply.body) == (Verdict.DELIVERED, 200, "ok")
    assert "sesame" not in str(reply.answer)


def test_a_body_without_a_type_is_json_and_none_has_no_type(system: Outside, opened: Open) -> None:
    ask(opened(system.address, at_once=1), parcel(body="{}"), parcel(1))

    assert [taken.headers.get("content-type") for taken in system.taken] == ["application/json", None]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"])
def test_each_method_is_spoken_and_leaves_nothing_to_the_next(method: str, system: Outside, opened: Open) -> None:
    body = "{}" if method in ("POST", "PUT", "PATCH") else ""
    transport = opened(system.address, at_once=1)

    replies = ask(transport, parcel(method=method, body=body), parcel(1, method="GET"), parcel(2, body="{}"))

    assert [reply.verdict for reply in replies] == [Verdict.DELIVERED] * 3
    assert [(taken.method, taken.body) for taken in system.taken] == [
        (method, body.encode()),
        ("GET", b""),
        ("POST", b"{}"),
    ]


def test_connections_are_kept_and_no_more_are_open_than_may_be(opened: Open) -> None:
    with outside(keeps=True) as system:
        transport = opened(system.address, at_once=4)
        ask(transport, *(parcel(number) for number in range(40)))
        transport.close()

    assert len(system.taken) == 40
    assert 1 <= len({taken.peer for taken in system.taken}) <= 4


def test_one_that_hangs_holds_no_other_up(system: Outside, opened: Open) -> None:
    hangs = threading.Event()

    def handle(request: BaseHTTPRequestHandler) -> None:
        if request.path == "/slow":
            hangs.wait(60)
        answer(request, 200)

    system.handle = handle
    transport = opened(system.address, at_once=2)
    transport.send(parcel(path="/slow"))
    others = ask(transport, *(parcel(number, path="/fast") for number in range(1, 20)))
    hangs.set()

    assert [reply.parcel.id for reply in others] == list(range(1, 20))
    assert transport.n_under_way == 1
    [slow] = transport.replies(secs=30)
    assert slow.parcel.id == 0


def answer(request: BaseHTTPRequestHandler, status: int, **headers: str) -> None:
    request.send_response(status)
    for name, value in headers.items():
        request.send_header(name.replace("_", "-"), value)
    request.send_header("Content-Length", "0")
    request.end_headers()


def test_who_does_not_answer_is_not_waited_for(system: Outside, opened: Open) -> None:
    hangs = threading.Event()
    system.handle = lambda _request: hangs.wait(60) and None

    began_at = time.monotonic()
    [reply] = ask(opened(system.address, secs=0.3), parcel())
    hangs.set()

    assert (reply.verdict, reply.status) == (Verdict.AGAIN, None)
    assert reply.said == "127.0.0.1 did not answer within 0.3 seconds."
    assert time.monotonic() - began_at < 30


def test_a_drip_of_bytes_does_not_hold_us_either(opened: Open) -> None:
    def drip(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
        for _ in range(50):
            request.wfile.write(b".")
            request.wfile.flush()
            time.sleep(0.05)

    with outside() as system:
        system.handle = drip
        [reply] = ask(opened(system.address, secs=0.4), parcel())

    assert reply.verdict is Verdict.AGAIN


def test_nobody_there_is_said(opened: Open) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    [reply] = ask(opened(f"http://127.0.0.1:{port}"), parcel())

    assert (reply.verdict, reply.said) == (Verdict.AGAIN, f"No connection to 127.0.0.1, port {port}.")


def test_a_name_that_nobody_knows_is_tried_again(opened: Open) -> None:
    [reply] = ask(opened("http://nowhere.example"), parcel())

    assert reply.verdict is Verdict.AGAIN
    assert "There is no host nowhere.example" in reply.said


def test_a_name_that_leads_into_our_network_is_not_asked(system: Outside, opened: Open, settings: Any) -> None:
    settings.EGRESS_ALLOWED_NETWORKS = []

    [reply] = ask(opened(f"http://{HOST}:{system.port}"), parcel())

    assert (reply.verdict, system.taken) == (Verdict.HOLD, [])
    assert f"{HOST} leads to 127.0.0.1, an address of a private or reserved network" in reply.said


def test_a_name_that_leads_elsewhere_a_moment_later_changes_nothing(system: Outside, opened: Open) -> None:
    """DNS rebinding: libcurl asks for no name, but takes what was checked."""
    leads = iter([["127.0.0.1"], ["10.0.0.1"]])
    transport = opened(f"http://rebinding.example:{system.port}", resolve=lambda _host, _port: next(leads))

    replies = ask(transport, *(parcel(number) for number in range(6)))

    assert {reply.verdict for reply in replies} == {Verdict.DELIVERED}
    assert {taken.headers["host"] for taken in system.taken} == {f"rebinding.example:{system.port}"}


def test_a_name_that_leads_into_our_network_when_it_is_looked_up_again_is_not_asked_any_more(
    system: Outside, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FRESH_SECS", 0.0)
    leads = iter([["127.0.0.1"], ["10.0.0.1"]])
    transport = opened(f"http://rebinding.example:{system.port}", resolve=lambda _host, _port: next(leads), at_once=1)

    replies = ask(transport, parcel(0), parcel(1))

    assert [reply.verdict for reply in replies] == [Verdict.DELIVERED, Verdict.HOLD]
    assert len(system.taken) == 1


def test_a_socket_to_what_was_not_checked_is_not_opened(system: Outside, opened: Open) -> None:
    """Even if libcurl asked for a name by itself."""
    transport = opened(system.address)
    ask(transport, parcel())
    transport._addresses = frozenset(["10.0.0.1"])

    [reply] = ask(transport, parcel(1))

    assert reply.verdict is Verdict.AGAIN
    assert len(system.taken) == 1


def test_proxies_of_the_environment_are_not_asked(
    system: Outside, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    with outside() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.address)
        [reply] = ask(opened(system.address), parcel())

    assert (reply.verdict, proxy.taken) == (Verdict.DELIVERED, [])


def test_a_redirect_is_an_answer_and_nobody_follows_it(system: Outside, opened: Open) -> None:
    with outside() as other:
        system.handle = lambda request: answer(request, 302, Location=other.address)
        [reply] = ask(opened(system.address), parcel())

    assert (reply.verdict, reply.status, other.taken) == (Verdict.HOLD, 302, [])
    assert "leads elsewhere" in reply.said
    assert reply.headers["location"] == other.address


@pytest.mark.parametrize(("may_be_missing", "verdict"), [(True, Verdict.REFUSED), (False, Verdict.HOLD)])
def test_what_may_be_missing_holds_nobody_up(
    may_be_missing: bool, verdict: Verdict, system: Outside, opened: Open
) -> None:
    system.status = 404
    [reply] = ask(opened(system.address), parcel(path="/customers/7", may_be_missing=may_be_missing))

    assert (reply.verdict, reply.status, reply.said) == (verdict, 404, "The answer was 404.")


def test_a_certificate_that_nobody_trusts_is_not_trusted(secure_system: Outside, opened: Open) -> None:
    [reply] = ask(opened(f"https://{HOST}:{secure_system.port}"), parcel())

    assert (reply.verdict, secure_system.taken) == (Verdict.AGAIN, [])
    assert f"The certificate of {HOST} is not to be trusted" in reply.said


def test_a_certificate_is_of_the_name_and_not_of_the_address(
    secure_system: Outside, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "authorities", lambda: str(CERTIFICATE))

    [right] = ask(opened(f"https://{HOST}:{secure_system.port}"), parcel())
    other = opened(f"https://other.example:{secure_system.port}", resolve=lambda _host, _port: ["127.0.0.1"])
    [wrong] = ask(other, parcel())

    assert (right.verdict, wrong.verdict) == (Verdict.DELIVERED, Verdict.AGAIN)


@pytest.mark.parametrize(
    ("said", "secs"), [("7", 7), ("0", 0), ("99999999999", 10**7), ("soon", None), ("-5", None), ("", None)]
)
def test_it_is_read_for_how_long_to_wait(said: str, secs: int | None, system: Outside, opened: Open) -> None:
    system.handle = lambda request: answer(request, 503, Retry_After=said)

    [reply] = ask(opened(system.address), parcel())

    assert reply.asked == (None if secs is None else timedelta(seconds=secs))


def test_a_time_to_come_back_is_read_too(system: Outside, opened: Open) -> None:
    system.handle = lambda request: answer(request, 429, Retry_After="Fri, 01 Jan 2100 00:00:00 GMT")

    [reply] = ask(opened(system.address), parcel())

    assert reply.verdict is Verdict.SLOWER
    assert reply.asked is not None
    assert reply.asked > timedelta(days=365)


def test_of_a_large_answer_only_the_beginning_is_read(system: Outside, opened: Open) -> None:
    sent = []

    def flood(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"HTTP/1.1 200 OK\r\nSet-Cookie: secret\r\nX-Request-Id: 5\r\n\r\n")
        for _ in range(1_000):
            request.wfile.write(b"x" * 100_000)
            sent.append(1)

    system.handle = flood
    [reply] = ask(opened(system.address), parcel())

    assert (reply.verdict, reply.status, reply.body) == (Verdict.DELIVERED, 200, "x" * 4_000)
    assert len(sent) < 200
    assert reply.headers == {"x-request-id": "5"}


def test_what_is_no_http_is_said(opened: Open) -> None:
    with outside() as system:
        system.handle = lambda request: request.wfile.write(b"220 mail.example ESMTP\r\n") and None
        [reply] = ask(opened(system.address), parcel())

    assert reply.verdict is Verdict.AGAIN
    assert "gave no answer of HTTP" in reply.said


def test_a_request_that_would_say_more_is_refused_and_not_sent(system: Outside, opened: Open) -> None:
    replies = ask(
        opened(system.address), parcel(headers={"X": "y\r\nHost: elsewhere"}), parcel(1, path="/a\r\nHost: elsewhere")
    )

    assert [reply.verdict for reply in replies] == [Verdict.REFUSED] * 2
    assert system.taken == []


def test_more_than_a_thousand_files_may_be_open(system: Outside, opened: Open) -> None:
    """As in a worker with many lanes: the `select` of old knows no file beyond the 1,024th."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(before[0], min(4_096, before[1])), before[1]))
    held = [socket.socket() for _ in range(1_100)]
    try:
        [reply] = ask(opened(system.address), parcel())
    finally:
        for each in held:
            each.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, before)

    assert reply.verdict is Verdict.DELIVERED


def test_what_is_under_way_is_broken_off_at_the_end(system: Outside, opened: Open) -> None:
    hangs = threading.Event()
    system.handle = lambda _request: hangs.wait(60) and None
    transport = opened(system.address)
    transport.send(parcel())
    transport.replies(secs=0.1)

    transport.close()

    hangs.set()
    assert transport.n_under_way == 0
