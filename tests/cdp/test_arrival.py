"""Who sends slowly keeps nobody else waiting, and is cut off in the end."""

import json
import select
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from io import BytesIO
from typing import Any
from urllib.request import Request, urlopen

import pytest

from cdp import arrival
from tests.factories import CHROME
from tests.live import Live, wait_for

HEAD = b"POST /track HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
pytestmark = pytest.mark.xdist_group("live")

SLOW = {
    "half a body": HEAD + b'Content-Length: 150\r\n\r\n{"source": ',
    "half a body in chunks": HEAD + b"Transfer-Encoding: chunked\r\n\r\nb\r\n",
    "half a long body": HEAD.replace(b"/track", b"/admin/login/") + b"Content-Length: 9000000\r\n\r\n_",
    "half a head": HEAD,
}
SENDERS = 40  # of each sort


@pytest.mark.timeout(300)
def test_slow_senders_keep_nobody_waiting_and_are_cut_off(live: Live) -> None:
    source = live.source("Patient shop")
    body = {"source": {"id": source["write_key"]}, "session": {"id": "s"}, "events": [{"type": "page-view"}]}

    answers: list[int] = []

    def is_answered_meanwhile() -> bool:
        with ExitStack() as stack:
            slow = [stack.enter_context(sending(live, part)) for part in SLOW.values() for _ in range(SENDERS)]
            answers.append(track(live, body))
            is_meanwhile = not any(map(is_closed, slow[:SENDERS]))
            answers.extend(track(live, body) for _ in range(9))
            wait_for(lambda: all(map(is_closed, slow)), "the end of slow bodies and heads")
        return is_meanwhile

    # Slow senders are cut off after two seconds, which a machine that does something else may take to answer.
    wait_for(is_answered_meanwhile, "an answer before slow senders are cut off", timeout_secs=200)

    answers.append(track(live, body))
    assert set(answers) == {200}
    assert len(live.events(source)) == len(answers)


def test_a_body_that_arrives_in_time_is_whole(live: Live) -> None:
    body = json.dumps({"source": {"id": "nobody"}}).encode()

    with sending(live, HEAD + b"Content-Length: %d\r\n\r\n%s" % (len(body), body[:5])) as sender:
        time.sleep(0.3)
        sender.sendall(body[5:])
        sender.settimeout(60)
        assert b"401 Unauthorized" in sender.recv(1000)


def test_a_body_that_ends_too_early_is_refused(live: Live) -> None:
    with sending(live, SLOW["half a body"]) as sender:
        sender.shutdown(socket.SHUT_WR)
        sender.settimeout(60)
        assert b"408 Request Timeout" in sender.recv(1000)


def test_drips_do_not_keep_a_connection_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrival, "HEADER_SECS", 0.1)
    monkeypatch.setattr(arrival, "BODY_SECS", 0.2)

    with connected() as (client, server):
        for _ in range(5):
            client.sendall(b"x")
            time.sleep(0.1)
        assert arrival._is_slow(server, stall_secs=10)

        server.sendall(b"an answer")
        time.sleep(0.4)
        assert not arrival._is_slow(server, stall_secs=0.1), "Who was answered owes nothing"


def test_only_connections_to_our_port_are_looked_at() -> None:
    with connected() as (client, server):
        time.sleep(0.1)
        port = str(server.getsockname()[1])

        arrival._close_slow({("127.0.0.1", "1"), ("192.0.2.1", port)}, stall_secs=0.01)
        assert not is_closed(client)

        arrival._close_slow({("127.0.0.1", port)}, stall_secs=0.01)
        wait_for(lambda: is_closed(client), "the end of the connection")


def test_a_long_body_gives_its_place_to_others_between_its_parts() -> None:
    class Slow(BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            assert arrival._places.qsize() == arrival.PLACES
            return super().read(size)

    sender = ("192.0.2.1", "80")
    with arrival.place(sender):
        assert arrival._places.qsize() == arrival.PLACES - 1
        assert arrival._Parts(Slow(b"abcdef"), sender).read(4) == b"abcd"
        assert arrival._places.qsize() == arrival.PLACES - 1


def test_a_thread_beyond_the_places_does_not_keep_its_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrival, "PLACES", 2)
    arrival._kept.clear()
    databases = [Database() for _ in range(3)]

    def finish_requests() -> list[bool]:
        for database in databases:
            monkeypatch.setattr(arrival.connections, "all", lambda initialized_only, database=database: [database])
            arrival.keep_few_connections()
        return [database.connection is not None for database in databases]

    assert finish_requests() == [True, True, False]
    databases[0].connection, databases[2].connection = None, object()
    assert finish_requests() == [False, True, True]


class Database:
    """A connection of some thread."""

    def __init__(self) -> None:
        self.connection: object | None = object()

    def close(self) -> None:
        self.connection = None


@contextmanager
def sending(live: Live, part: bytes) -> Iterator[socket.socket]:
    """A connection on which something was sent."""
    with socket.create_connection(("127.0.0.1", live.port), timeout=60) as sender:
        sender.sendall(part)
        yield sender


@contextmanager
def connected() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Both ends of a TCP connection."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()) as client,
        listener.accept()[0] as server,
    ):
        yield client, server


def is_closed(connection: socket.socket) -> bool:
    """Tell whether the other side has ended it, whatever it said before."""
    while select.select([connection], [], [], 0)[0]:
        try:
            if not connection.recv(1000):
                return True
        except OSError:
            return True
    return False


def track(live: Live, body: Any) -> int:
    headers = {"Content-Type": "application/json", "User-Agent": CHROME}
    with urlopen(Request(f"{live.address}/track", json.dumps(body).encode(), headers), timeout=60) as answer:
        return int(answer.status)
