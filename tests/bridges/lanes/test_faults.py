"""What is wrong with one mail, receiver or transport is nothing to the others, and what was sent is known."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from django.db import connections

from apps.bridges.lanes import dispatcher
from apps.bridges.lanes.lane import Lane
from apps.bridges.models import Delivery
from apps.bridges.transport.http import HttpTransport
from tests.bridges.conftest import HOST
from tests.bridges.factories import ConnectionFactory
from tests.bridges.lanes.test_lane import Serve, due, outcomes, to
from tests.outside import Outside

Outcome = Delivery.Outcome


@contextmanager
def dripping(said: bytes = b"220 ") -> Iterator[int]:
    """Run a server that says one letter now and then, and never a whole line; yields the port."""
    is_over = threading.Event()

    def drip(client: socket.socket) -> None:
        with client, suppress(OSError):
            client.sendall(said)
            while not is_over.wait(0.2):
                client.sendall(b".")

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=drip, args=[listener.accept()[0]], daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
        is_over.set()


def mail_to(port: int, **values: Any) -> Any:
    settings = {"host": HOST, "port": port, "security": "none", "sign_in": "none", "from_address": "a@shop.example"}
    return ConnectionFactory(kind="smtp", settings={**settings, **values}, secrets="")


MAIL = {"to": "anna@example.com", "subject": "Hello", "text": "Hello"}


def test_a_mail_server_that_drips_is_a_try_that_failed(serve: Serve) -> None:
    with dripping() as port:
        [row] = due(mail_to(port, time_out="1 second"), request=MAIL)
        serve(idle_secs=1.5)

    row.refresh_from_db()
    assert row.outcome == Outcome.WAITING
    assert row.tries[0]["said"] == f"{HOST} does not greet us: it takes too long."


@pytest.mark.parametrize("kind", ["smtp", "http"])
def test_a_lane_that_does_not_end_holds_up_nobody_and_its_try_is_noted(
    kind: str, system: Outside, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatcher, "END_SECS", 5.0)
    healthy = to(system)
    with dripping(b"220 " if kind == "smtp" else b"HTTP/1.1 200 OK\r\nX: ") as port:
        address = {"base_url": f"http://127.0.0.1:{port}", "time_out": "60 seconds"}
        drips = (
            mail_to(port, time_out="60 seconds") if kind == "smtp" else ConnectionFactory(settings=address, secrets="")
        )
        [row] = due(drips, request=MAIL if kind == "smtp" else {"path": "/"})

        def keep_on() -> None:
            time.sleep(1.5)  # the time is over, and the slow one is on its way
            due(healthy)
            connections.close_all()

        planning = threading.Thread(target=keep_on)
        planning.start()
        began_at = time.monotonic()
        serve(secs=1, idle_secs=5)
        took = time.monotonic() - began_at
        planning.join()

    row.refresh_from_db()
    assert len(system.taken) == 1
    assert took < 40
    assert (row.outcome, row.n_tries, len(row.tries)) == (Outcome.WAITING, 1, 1)
    assert row.error


@pytest.mark.parametrize("to", [" :<a@b.de>", "\u2028-:<a@b.de>", '"a@b.de', "a\x85@b.de"])
def test_a_recipient_that_cannot_be_read_is_refused_alone(to: str, mail_server: Any, serve: Serve) -> None:
    there = mail_to(mail_server(tls="none", has_auth=False))
    [bad] = due(there, request={"to": to, "subject": "Hello", "text": "Hello"})
    due(there, 3, request={"to": "anna@example.com", "subject": "Hello", "text": "Hello"})

    serve()

    bad.refresh_from_db()
    assert (bad.outcome, bad.error) == (Outcome.REFUSED, "to is an e-mail address, and one of them.")
    assert outcomes() == {Outcome.DELIVERED: 3, Outcome.REFUSED: 1}


def test_what_a_transport_raises_is_noted_and_the_lane_goes_on(
    system: Outside, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    [row] = due(to(system))
    really, raised = HttpTransport.replies, []

    def replies(self: HttpTransport, *, secs: float) -> Any:
        if not raised:
            raised.append(1)
            raise LookupError
        return really(self, secs=secs)

    monkeypatch.setattr(HttpTransport, "replies", replies)
    serve(idle_secs=3.5)

    row.refresh_from_db()
    assert row.outcome == Outcome.DELIVERED
    assert "LookupError" in row.tries[0]["said"]


def test_what_was_sent_is_written_though_the_lane_ends_badly(
    system: Outside, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    [row] = due(to(system))

    def patience(lane: Lane) -> float:
        if lane._done:
            raise LookupError
        return 0.05

    monkeypatch.setattr(Lane, "_write", lambda lane: lane._patience())
    monkeypatch.setattr(Lane, "_patience", patience)
    serve(secs=2)

    row.refresh_from_db()
    assert (row.outcome, len(system.taken)) == (Outcome.DELIVERED, 1)
