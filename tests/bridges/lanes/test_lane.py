"""What is due is sent by lanes: once, under its key, and no receiver delays another."""

import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from django.db import connection, connections
from django.utils import timezone

from apps.bridges import endings, releasing
from apps.bridges.models import Connection, Delivery
from apps.bridges.transport.http import HttpTransport
from apps.core.ids import new_id
from tests.bridges.conftest import HOST
from tests.bridges.factories import ConnectionFactory, DeliveryFactory
from tests.live import wait_for
from tests.outside import Outside, outside

Outcome = Delivery.Outcome
Serve = Callable[..., None]


def to(receiver: Outside, **values: Any) -> Connection:
    return ConnectionFactory(settings={"base_url": receiver.address}, secrets="", **values)


def address_of(server: socket.socket) -> str:
    return f"http://127.0.0.1:{server.getsockname()[1]}"


def due(connection: Connection, number: int = 1, **values: Any) -> list[Delivery]:
    now = timezone.now()
    return [DeliveryFactory(connection=connection, created_at=now, **values) for _ in range(number)]


def answering(status: int, **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    def handle(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.send_header("Content-Length", "0")
        request.end_headers()

    return handle


def outcomes() -> Counter[str]:
    return Counter(Delivery.objects.values_list("outcome", flat=True))


def test_what_is_due_is_delivered_once_and_kept_with_its_answer(system: Outside, serve: Serve) -> None:
    rows = due(to(system), 250)

    serve()

    assert outcomes() == {Outcome.DELIVERED: 250}
    assert sorted(taken.headers["idempotency-key"] for taken in system.taken) == sorted(row.key for row in rows)
    assert {(taken.path, taken.body) for taken in system.taken} == {("/hook", b"{}")}
    row = Delivery.objects.first()
    assert row is not None
    assert (row.due_at, row.error, row.n_tries, row.answer["status"], row.answer["body"]) == (None, "", 1, 200, "ok")
    [tried] = row.tries
    assert (tried["status"], tried["said"]) == (200, "The answer was 200.")
    assert row.ended_at is not None


def test_wrong_credentials_hold_the_connection_and_nothing_is_lost(system: Outside, serve: Serve) -> None:
    system.status = 401
    connection = to(system)
    due(connection, 40)

    serve()

    connection.refresh_from_db()
    assert connection.held_at is not None
    assert connection.held_because == "The answer was 401."
    assert outcomes() == {Outcome.WAITING: 40}
    assert (n_asked := len(system.taken)) <= connection.in_flight
    assert Delivery.objects.filter(n_tries=1).count() == n_asked

    serve()

    assert len(system.taken) == n_asked  # nobody is asked while it is held


def test_one_that_is_refused_is_set_aside_and_the_others_go_on(system: Outside, serve: Serve) -> None:
    def picky(request: BaseHTTPRequestHandler) -> None:
        answering(400 if request.path == "/bad" else 200)(request)

    system.handle = picky
    connection = to(system)
    [bad] = due(connection, request={"path": "/bad"})
    due(connection, 20)

    serve()

    assert outcomes() == {Outcome.DELIVERED: 20, Outcome.REFUSED: 1}
    bad.refresh_from_db()
    assert (bad.error, bad.answer["status"], bad.due_at) == ("The answer was 400.", 400, None)
    assert bad.dead_at == bad.ended_at is not None
    assert not Connection.objects.exclude(held_at=None).exists()


def test_what_fails_is_tried_again_after_a_rest(system: Outside, serve: Serve) -> None:
    system.status = 503
    [row] = due(to(system))
    before = timezone.now()

    serve()

    row.refresh_from_db()
    assert (row.outcome, row.n_tries, row.error, row.attempts) == (Outcome.WAITING, 1, "The answer was 503.", 0)
    assert row.due_at is not None
    assert before + timedelta(seconds=1.6) <= row.due_at <= timezone.now() + timedelta(seconds=2.4)


def test_it_is_there_as_soon_as_the_receiver_is_well_again(system: Outside, serve: Serve) -> None:
    system.status = 500
    rows = due(to(system), 3)
    serve()
    system.status = 200

    serve(idle_secs=3.5)

    assert outcomes() == {Outcome.DELIVERED: 3}
    row = Delivery.objects.get(pk=rows[0].pk)
    assert [tried["status"] for tried in row.tries] == [500, 200]
    assert [taken.headers["idempotency-key"] for taken in system.taken].count(row.key) == 2


def test_a_connection_that_fails_again_and_again_rests_and_then_one_is_tried(system: Outside, serve: Serve) -> None:
    system.status = 500
    connection = to(system, in_flight=1)
    due(connection, 30)

    serve()

    connection.refresh_from_db()
    assert len(system.taken) == connection.failures == 5
    assert connection.rests_until is not None
    assert connection.rests_until > timezone.now()

    Connection.sending.update(rests_until=timezone.now())
    serve()

    connection.refresh_from_db()
    assert len(system.taken) == 6  # the probe alone
    assert connection.failures == 6

    Connection.sending.update(rests_until=timezone.now())
    system.status = 200
    serve()

    connection.refresh_from_db()
    assert (connection.failures, connection.rests_until) == (0, None)
    assert outcomes()[Outcome.DELIVERED] >= 24  # all but those that rest by themselves


def test_who_is_told_to_wait_waits(system: Outside, serve: Serve) -> None:
    system.handle = answering(429, Retry_After="3")
    connection = to(system, in_flight=2)
    due(connection, 10)
    before = timezone.now()

    serve()

    connection.refresh_from_db()
    assert len(system.taken) <= 2
    assert connection.rests_until is not None
    assert before + timedelta(seconds=2.9) <= connection.rests_until <= timezone.now() + timedelta(seconds=5)
    assert connection.failures == 0
    tried = Delivery.objects.filter(n_tries=1).first()
    assert tried is not None
    assert tried.due_at is not None
    assert tried.due_at >= before + timedelta(seconds=2.9)

    system.handle = None
    serve(idle_secs=4)

    assert outcomes() == {Outcome.DELIVERED: 10}


def test_what_is_not_delivered_in_time_expires(system: Outside, serve: Serve) -> None:
    connection = to(system)
    [late] = due(connection, deadline_at=timezone.now() - timedelta(seconds=1), error="The answer was 503.")

    serve()

    late.refresh_from_db()
    assert (late.outcome, late.error) == (
        Outcome.EXPIRED,
        "Its time was over before it was delivered. The answer was 503.",
    )
    assert system.taken == []


def test_no_second_has_more_than_the_rate(system: Outside, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    due(to(system, rate_per_sec=20), 50)
    sent: list[float] = []
    really = HttpTransport.send
    monkeypatch.setattr(HttpTransport, "send", lambda *it: sent.append(time.monotonic()) or really(*it))  # type: ignore[func-returns-value]

    serve()

    assert len(sent) == len(system.taken) == 50
    assert max(sum(at <= other < at + 0.9 for other in sent) for at in sent) <= 20  # we are held up, too
    assert sent[-1] - sent[0] < 15


def test_what_is_switched_off_waits(system: Outside, serve: Serve) -> None:
    due(to(system, is_enabled=False))

    serve()

    assert (outcomes(), system.taken) == ({Outcome.WAITING: 1}, [])


def test_what_was_cancelled_on_its_way_is_shown_as_delivered(system: Outside, serve: Serve) -> None:
    [row] = due(to(system))

    def cancel(request: BaseHTTPRequestHandler) -> None:
        Delivery.objects.filter(pk=row.pk).update(
            due_at=None, outcome=Outcome.CANCELLED, ended_at=datetime(2026, 1, 1, tzinfo=row.created_at.tzinfo)
        )
        answering(200)(request)

    system.handle = cancel
    serve()

    row.refresh_from_db()
    assert (row.outcome, row.answer["status"]) == (Outcome.DELIVERED, 200)


def test_what_was_erased_on_its_way_does_not_come_back(system: Outside, serve: Serve) -> None:
    [row] = due(to(system))

    def erase(request: BaseHTTPRequestHandler) -> None:
        Delivery.objects.filter(pk=row.pk).delete()
        answering(200)(request)

    system.handle = erase
    serve()

    assert outcomes() == {}


def test_what_somebody_else_leased_meanwhile_is_not_written(system: Outside, serve: Serve) -> None:
    [row] = due(to(system))

    def lease(request: BaseHTTPRequestHandler) -> None:
        Delivery.objects.filter(pk=row.pk).update(leases=99)
        answering(200)(request)

    system.handle = lease
    serve()

    row.refresh_from_db()
    assert (row.outcome, row.leases) == (Outcome.WAITING, 99)


def test_a_dead_and_a_slow_receiver_delay_a_healthy_one_by_nothing(system: Outside, serve: Serve) -> None:
    is_over = threading.Event()
    with outside() as slowly, socket.create_server(("127.0.0.1", 0)) as silent:  # who takes all and says nothing

        def slow(request: BaseHTTPRequestHandler) -> None:
            is_over.wait(60)
            answering(200)(request)

        def note(request: BaseHTTPRequestHandler) -> None:
            if len(system.taken) == 300:
                is_over.set()
                silent.close()
            answering(200)(request)

        slowly.handle, system.handle = slow, note
        due(ConnectionFactory(settings={"base_url": address_of(silent), "time_out": "60 seconds"}, secrets=""), 100)
        due(to(slowly, in_flight=4), 12)
        due(to(system), 300)
        serve(is_stopping=is_over.is_set)

    assert is_over.is_set()  # before anybody else has had an answer
    assert len(system.taken) == 300


def test_all_lanes_end_though_one_is_slow_and_what_is_fast_goes_on_meanwhile(system: Outside, serve: Serve) -> None:
    has_begun = threading.Event()
    with outside() as slowly:

        def slow(request: BaseHTTPRequestHandler) -> None:
            has_begun.set()
            wait_for(lambda: len(system.taken) >= 6, "those that are fast")
            answering(200)(request)

        slowly.handle = slow
        due(to(slowly), 1)
        healthy = to(system)

        def keep_on() -> None:
            has_begun.wait(30)
            for _ in range(10):
                due(healthy)
                time.sleep(0.2)
            connections.close_all()

        planning = threading.Thread(target=keep_on)
        planning.start()
        serve(secs=1.5, idle_secs=5)  # its time is over while the slow one is on its way
        planning.join()

    assert len(system.taken) >= 6
    assert Delivery.objects.get(connection__in=Connection.objects.exclude(pk=healthy.pk)).outcome == Outcome.DELIVERED


def test_who_planned_them_is_told_in_the_transaction_that_writes(
    system: Outside, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, str, int, str]] = []

    def note(rows: Sequence[Delivery]) -> None:
        assert connection.in_atomic_block
        for row in rows:
            stored = Delivery.objects.get(pk=row.pk)
            told.append((row.key, row.outcome, row.answer["status"], stored.outcome))

    monkeypatch.setattr(endings, "endings", {"test": note})
    system.handle = lambda request: answering(400 if request.path == "/bad" else 200)(request)
    there = to(system)
    due(there, key="good")
    due(there, key="bad", request={"path": "/bad"})
    due(there, key="another", origin="another")

    serve()

    # They are told before: rows of theirs are locked first.
    assert sorted(told) == [("bad", "refused", 400, "waiting"), ("good", "delivered", 200, "waiting")]
    assert outcomes() == {Outcome.DELIVERED: 2, Outcome.REFUSED: 1}


def test_a_fault_of_who_is_told_sends_nothing_twice(
    system: Outside, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_rows: Sequence[Delivery]) -> None:
        Delivery.objects.filter(pk=new_id()).get()

    monkeypatch.setattr(endings, "endings", {"test": fail})
    due(to(system), 3)

    serve()

    assert (outcomes(), len(system.taken)) == ({Outcome.DELIVERED: 3}, 3)


def test_a_test_goes_by_the_settings_for_tests_and_holds_nobody(system: Outside, serve: Serve) -> None:
    with outside() as other:
        other.status = 401
        there = to(system, test_settings={"base_url": other.address})
        [wrong] = due(there, is_test=True)
        [without] = due(to(system), is_test=True)
        [real] = due(there)
        serve()

    for row in (wrong, without, real):
        row.refresh_from_db()
    assert (wrong.outcome, wrong.error) == (Outcome.REFUSED, "The answer was 401.")
    assert without.outcome == Outcome.REFUSED
    assert "has no settings for tests" in without.error
    assert real.outcome == Outcome.DELIVERED
    assert [taken.headers["idempotency-key"] for taken in system.taken] == [real.key]
    assert not Connection.objects.exclude(held_at=None).exists()


def test_settings_that_are_none_any_more_hold_the_connection(system: Outside, serve: Serve) -> None:
    there = to(system)
    due(there, 2)
    Connection.objects.update(kind="telex")

    serve()

    there.refresh_from_db()
    assert there.held_because.startswith("There is no kind of connection telex.")
    assert outcomes() == {Outcome.WAITING: 2}


def test_a_name_that_leads_into_our_network_at_last_holds_the_connection(
    system: Outside, serve: Serve, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    """It led elsewhere when the connection was saved."""
    settings.EGRESS_ALLOWED_NETWORKS = []
    there = ConnectionFactory(settings={"base_url": f"http://hook.example:{system.port}"}, secrets="")
    due(there, 3)

    serve()

    there.refresh_from_db()
    assert "hook.example leads to 127.0.0.1, an address of a private or reserved network" in there.held_because
    assert (outcomes(), system.taken) == ({Outcome.WAITING: 3}, [])


def test_what_was_held_goes_on_when_it_is_released(system: Outside, serve: Serve) -> None:
    system.status = 403
    there = to(system)
    due(there, 60)
    serve()
    there.refresh_from_db()
    assert there.held_at is not None

    system.status = 200
    releasing.release(there, now=timezone.now())
    serve()

    assert outcomes() == {Outcome.DELIVERED: 60}


def test_settings_that_are_changed_count_at_once(system: Outside, serve: Serve) -> None:
    with outside() as other:
        there = to(system, in_flight=1, rate_per_sec=10)
        due(there, 40)

        def change(request: BaseHTTPRequestHandler) -> None:
            if len(system.taken) == 5:
                there.settings = {"base_url": other.address}
                there.save()
                connections.close_all()
            answering(200)(request)

        system.handle = change
        serve()

    assert outcomes() == {Outcome.DELIVERED: 40}
    assert len(system.taken) + len(other.taken) == 40
    assert len(other.taken) >= 10


def test_mail_is_delivered_by_a_lane_too(mail_server: Any, trusted: None, serve: Serve) -> None:
    settings = {
        **{"host": HOST, "port": mail_server(), "security": "starttls", "sign_in": "password", "user": "anna"},
        "from_address": "news@shop.example",
    }
    there = ConnectionFactory(kind="smtp", settings=settings, secrets='{"password": "open sesame"}')
    due(there, 5, request={"to": "anna@example.com", "subject": "Hello", "text": "Hello"})

    serve()

    assert outcomes() == {Outcome.DELIVERED: 5}
