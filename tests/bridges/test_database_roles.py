"""Databases as operators open them to flows: roles that may little, TLS, and networks that are allowed."""

import json
import os
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from django.db import connection

from apps.bridges.connection_kind import State
from apps.bridges.kinds import postgresql
from apps.bridges.transport import Parcel, Reply, statement_runner
from apps.bridges.transport.statement_runner import StatementTransport
from apps.bridges.verdicts import Verdict
from tests.bridges.conftest import CERTIFICATE, HOST
from tests.bridges.test_postgresql_kind import done, port, pump, settings_of
from tests.factories import NOON

__all__ = ["port"]
# Roles are of the whole server, which several workers share.
_WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
READS, WRITES = f"a_role_that_reads{_WORKER}", f"a_role_that_writes{_WORKER}"
_OWN_LOCKS = "FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"


@pytest.fixture
def roles(port: int) -> Iterator[int]:
    """Let one role read a table, and another put rows into one."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE of_reminders (key text PRIMARY KEY, customer text, total numeric)")
        cursor.execute(f"CREATE ROLE {READS} LOGIN; GRANT SELECT ON of_a_shop TO {READS}")
        cursor.execute(f"CREATE ROLE {WRITES} LOGIN; GRANT INSERT ON of_reminders TO {WRITES}")
    yield port
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE of_reminders")
        cursor.execute(f"DROP OWNED BY {READS}, {WRITES}")
        cursor.execute(f"DROP ROLE {READS}, {WRITES}")


def test_a_role_that_may_read_reads_its_table_and_no_other(roles: int) -> None:
    found = done(roles, "SELECT count(*) AS n FROM of_a_shop", role=READS)

    assert json.loads(found.body) == {"rows": [{"n": 2}]}
    for statement in ("SELECT * FROM of_reminders", "SELECT * FROM profiles_profile", "SELECT * FROM pg_authid"):
        reply = done(roles, statement, role=READS)
        assert (reply.verdict, "42501" in reply.said) == (Verdict.REFUSED, True)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO of_a_shop VALUES (3, 'C')",
        "DELETE FROM of_a_shop",
        "DROP TABLE of_a_shop",
        "COPY of_a_shop TO '/tmp/x'",
        "COPY of_a_shop TO STDOUT",
        "SET ROLE postgres",
        "SELECT pg_read_file('/etc/passwd')",
    ],
)
def test_a_role_that_may_read_does_nothing_else(roles: int, statement: str) -> None:
    assert done(roles, statement, role=READS, is_read=False).verdict is Verdict.REFUSED
    assert json.loads(done(roles, "SELECT count(*) AS n FROM of_a_shop").body) == {"rows": [{"n": 2}]}


def test_a_role_that_may_put_rows_into_one_table_does_that_alone(roles: int) -> None:
    nasty = "x'); DELETE FROM of_a_shop; --"
    statement = "INSERT INTO of_reminders VALUES (:key, :customer, :total::numeric)"

    first, again = (done(roles, statement, role=WRITES, is_read=False, customer=nasty, total=9.5) for _ in range(2))

    assert json.loads(first.body) == {"count": 1}
    assert (again.verdict, "23505" in again.said) == (Verdict.REFUSED, True)  # it is there already
    assert nasty not in again.said
    assert done(roles, "UPDATE of_reminders SET total = 0", role=WRITES, is_read=False).verdict is Verdict.REFUSED
    assert done(roles, "SELECT * FROM of_reminders", role=WRITES).verdict is Verdict.REFUSED
    found = done(roles, "SELECT customer, total FROM of_reminders")
    assert json.loads(found.body)["rows"] == [{"customer": nasty, "total": 9.5}]


def test_a_test_has_nothing_against_a_role_that_may_little(roles: int) -> None:
    report = postgresql.test(settings_of(roles, user=READS))

    assert report.is_well
    assert report.findings[-1].part == "sign_in"


@pytest.mark.parametrize(
    ("statement", "asked", "answer"),
    [
        ("SET search_path = pg_catalog", "SELECT current_setting('search_path') AS x", '"$user", public'),
        ("SET statement_timeout = 0", "SELECT current_setting('statement_timeout') AS x", "15s"),
        ("SET ROLE pg_monitor", "SELECT (current_user = session_user)::text AS x", "true"),
        ("CREATE TEMP TABLE of_a_shop (n int)", "SELECT count(*)::text AS x FROM of_a_shop", "2"),
        ("SELECT pg_advisory_lock(7)", f"SELECT count(*)::text AS x {_OWN_LOCKS}", "0"),
    ],
)
def test_what_a_statement_has_set_is_gone_with_it(roles: int, statement: str, asked: str, answer: str) -> None:
    transport = StatementTransport(settings_of(roles))
    for number, (each, is_read) in enumerate(((statement, False), (asked, True))):
        request = {"statement": each, "parameters": {}, "is_read": is_read, "most": 1 if is_read else 0}
        transport.send(Parcel(number, f"key-{number}", NOON, request))
    first, second = transport.replies(secs=1)
    transport.close()

    assert first.verdict is Verdict.DELIVERED
    assert json.loads(second.body) == {"rows": [{"x": answer}]}


@pytest.mark.parametrize("statement", ["COPY of_a_shop FROM STDIN", "COPY of_a_shop TO STDOUT"])
def test_what_the_driver_does_not_take_is_refused_and_not_tried_for_days(port: int, statement: str) -> None:
    assert done(port, statement, is_read=False).verdict is Verdict.REFUSED


@pytest.fixture
def encrypted(port: int) -> Iterator[int]:
    """The same database by TLS, with the certificate of hook.example: what PostgreSQL does on a socket of its own."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            while True:
                here, _ = listener.accept()
                threading.Thread(target=secure, args=(here,), daemon=True).start()

    def secure(here: socket.socket) -> None:
        with suppress(OSError):
            here.recv(8)  # it asks for TLS
            here.sendall(b"S")
            inside = context.wrap_socket(here, server_side=True)
            there = socket.create_connection(("127.0.0.1", port))
            threading.Thread(target=pump, args=(there, inside), daemon=True).start()
            pump(inside, there)

    threading.Thread(target=serve, daemon=True).start()
    yield listener.getsockname()[1]
    listener.close()


def asked(**document: Any) -> Reply:
    transport = StatementTransport(settings_of(**document))
    request = {"statement": "SELECT 1 AS one", "parameters": {}, "is_read": True, "most": 1}
    transport.send(Parcel(1, "key-1", NOON, request))
    [reply] = transport.replies(secs=1)
    transport.close()
    return reply


def test_by_tls_the_certificate_has_to_be_trusted_and_that_of_the_host(
    encrypted: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = {"port": encrypted, "security": "tls", "host": HOST}
    assert asked(**there).verdict is Verdict.AGAIN  # nobody trusts it

    monkeypatch.setattr(statement_runner, "authorities", lambda: str(CERTIFICATE))
    assert json.loads(asked(**there).body) == {"rows": [{"one": 1}]}
    assert [each.state for each in postgresql.test(settings_of(**there)).findings[:4]] == [State.WELL] * 4
    assert asked(**{**there, "host": "localhost"}).verdict is Verdict.AGAIN  # it is another host's


def test_what_is_to_be_encrypted_never_goes_in_clear(port: int) -> None:
    reply = asked(port=port, security="tls", host=HOST)

    assert reply.verdict is Verdict.AGAIN
    assert not postgresql.test(settings_of(port, security="tls", host=HOST)).is_well


@pytest.mark.parametrize("security", ["none", "tls"])
def test_a_network_that_is_not_allowed_is_not_reached(port: int, settings: Any, security: str) -> None:
    there = settings_of(port, security=security, host=HOST)
    settings.EGRESS_ALLOWED_NETWORKS = []

    transport = StatementTransport(there)
    request = {"statement": "SELECT 1 AS one", "parameters": {}, "is_read": True, "most": 1}
    transport.send(Parcel(1, "key-1", NOON, request))
    [reply] = transport.replies(secs=1)

    assert (reply.verdict, "hook.example leads to 127.0.0.1" in reply.said) == (Verdict.HOLD, True)
    assert postgresql.test(there).findings[0].state is State.FAILED
