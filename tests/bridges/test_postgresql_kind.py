"""Connections to PostgreSQL: what is refused, what a test says, and what becomes of statements, by a real server."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from resource import RUSAGE_SELF, getrusage
from typing import Any

import pytest
from django.db import connection

from apps.bridges.kinds import postgresql
from apps.bridges.kinds.postgresql import PostgresqlSettings
from apps.bridges.requests import problem_of_sql
from apps.bridges.transport import Parcel, Reply
from apps.bridges.transport.statement_runner import StatementTransport
from apps.bridges.verdicts import Verdict, of_sql
from apps.core.typed_settings import SettingsError, read
from tests.factories import NOON


@pytest.fixture
def port(transactional_db: None) -> Iterator[int]:
    """The tests' database, reached by TCP."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE of_a_shop (number integer PRIMARY KEY, name text)")
        cursor.execute("INSERT INTO of_a_shop VALUES (1, 'Åse'), (2, 'Ben')")
    info = connection.connection.info
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=forward, args=(listener, f"{info.host}/.s.PGSQL.{info.port}"), daemon=True).start()
    yield listener.getsockname()[1]
    listener.close()
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE of_a_shop")


def forward(listener: socket.socket, path: str) -> None:
    with suppress(OSError):
        while True:
            here, _ = listener.accept()
            there = socket.socket(socket.AF_UNIX)
            there.connect(path)
            for one, other in ((here, there), (there, here)):
                threading.Thread(target=pump, args=(one, other), daemon=True).start()


def pump(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while data := one.recv(65_536):
            other.sendall(data)
    with suppress(OSError):
        other.shutdown(socket.SHUT_RDWR)


def settings_of(port: int, **document: Any) -> PostgresqlSettings:
    info = connection.connection.info if connection.connection else None
    usual = {
        "host": "127.0.0.1",
        "port": port,
        "database": info.dbname if info else "shop",
        "user": info.user if info else "cdp",
        "password": "open sesame",
        "security": "none",
        "time_out": "15 seconds",
    }
    return read(PostgresqlSettings, {**usual, **document})


def done(
    port: int, statement: str, *, most: int = 10, is_read: bool = True, role: str = "", **parameters: Any
) -> Reply:
    transport = StatementTransport(settings_of(port, **({"user": role} if role else {})))
    try:
        request = {"statement": statement, "parameters": parameters, "is_read": is_read, "most": most}
        transport.send(Parcel(1, "key-1", NOON, request))
        [reply] = transport.replies(secs=1)
    finally:
        transport.close()
    return reply


def test_a_query_finds_rows(port: int) -> None:
    reply = done(port, "SELECT number, name FROM of_a_shop WHERE name = :name; ", name="Åse")

    assert (reply.verdict, json.loads(reply.body)) == (Verdict.DELIVERED, {"rows": [{"number": 1, "name": "Åse"}]})


def test_values_are_bound_whatever_they_say(port: int) -> None:
    nasty = "x'; DROP TABLE of_a_shop; --"

    reply = done(port, "SELECT :a AS a, :b::int + 1 AS b, :c::jsonb AS c, :key AS key", a=nasty, b=2, c={"d": [1]})

    assert json.loads(reply.body)["rows"] == [{"a": nasty, "b": 3, "c": {"d": [1]}, "key": "key-1"}]


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM of_a_shop",
        "WITH gone AS (DELETE FROM of_a_shop RETURNING 1) SELECT * FROM gone",
        "SELECT 1) AS it; DELETE FROM of_a_shop; SELECT row_to_json(it) FROM (SELECT 1",
        "SELECT setval('x', 1)",
        "SELECT * FROM nothing_there",
        "SELECT name::int FROM of_a_shop",
    ],
)
def test_a_query_that_is_none_is_refused_and_changes_nothing(statement: str, port: int) -> None:
    reply = done(port, statement)

    assert reply.verdict is Verdict.REFUSED
    assert "Ben" not in reply.said
    assert json.loads(done(port, "SELECT count(*) FROM of_a_shop").body) == {"rows": [{"count": 2}]}


def test_more_than_was_asked_for_is_refused(port: int) -> None:
    assert done(port, "SELECT * FROM of_a_shop", most=2).verdict is Verdict.DELIVERED
    assert done(port, "SELECT * FROM of_a_shop", most=1).said == "There are more than 1 rows."
    assert "60,000 bytes" in done(port, "SELECT repeat('x', 70000) AS x").said


def test_a_statement_writes_once_under_its_key(port: int) -> None:
    statement = "INSERT INTO of_a_shop VALUES (:number::int, :key) ON CONFLICT DO NOTHING"

    first, again = (done(port, statement, is_read=False, number=3) for _ in range(2))

    assert (json.loads(first.body), json.loads(again.body)) == ({"count": 1}, {"count": 0})
    found = done(port, "SELECT name FROM of_a_shop WHERE number = 3")
    assert json.loads(found.body)["rows"] == [{"name": "key-1"}]


def test_several_statements_are_refused_and_none_is_done(port: int) -> None:
    reply = done(port, "DELETE FROM of_a_shop; DELETE FROM of_a_shop", is_read=False)

    assert reply.verdict is Verdict.REFUSED
    assert json.loads(done(port, "SELECT count(*) FROM of_a_shop").body) == {"rows": [{"count": 2}]}


@pytest.mark.parametrize(
    ("statement", "count"),
    [
        ("UPDATE of_a_shop SET name = 'x' WHERE number < 9 RETURNING name", 2),
        ("WITH new AS (SELECT 3) INSERT INTO of_a_shop SELECT *, 'x' FROM new", 1),
        ("SELECT number FROM of_a_shop", 2),
        ("SET work_mem = '1MB'", -1),
    ],
)
def test_the_rows_that_a_statement_changes_or_gives_are_counted(statement: str, count: int, port: int) -> None:
    assert json.loads(done(port, statement, is_read=False).body) == {"count": count}


def test_rows_that_nobody_reads_take_no_memory(port: int) -> None:
    before = getrusage(RUSAGE_SELF).ru_maxrss

    reply = done(port, "SELECT repeat('x', 1000000) FROM generate_series(1, 200)", is_read=False)

    assert json.loads(reply.body) == {"count": 200}
    assert getrusage(RUSAGE_SELF).ru_maxrss - before < 100_000  # KB


@pytest.mark.parametrize("way", ["TO STDOUT", "FROM STDIN"])
def test_nothing_is_copied_by_the_connection_which_is_of_use_afterwards(way: str, port: int) -> None:
    transport = StatementTransport(settings_of(port))
    for number, statement in enumerate((f"COPY of_a_shop {way}", "DELETE FROM of_a_shop WHERE number = 1")):
        request = {"statement": statement, "parameters": {}, "is_read": False, "most": 0}
        transport.send(Parcel(number, "key-1", NOON, request))

    refused, written = transport.replies(secs=1)

    transport.close()
    assert (refused.verdict, refused.said) == (Verdict.REFUSED, "Nothing is copied from here, or to here.")
    assert json.loads(written.body) == {"count": 1}


def test_what_takes_too_long_is_ended_and_tried_again(port: int) -> None:
    transport = StatementTransport(settings_of(port, time_out="1 second"))
    request = {"statement": "SELECT pg_sleep(30)", "parameters": {}, "is_read": True, "most": 1}
    transport.send(Parcel(1, "key-1", NOON, request))

    [reply] = transport.replies(secs=1)

    transport.close()
    assert (reply.verdict, "57014" in reply.said) == (Verdict.AGAIN, True)
    assert 900 < reply.took_ms < 20_000


def test_a_connection_that_went_away_is_made_anew(port: int) -> None:
    transport = StatementTransport(settings_of(port))
    request = {"statement": "SELECT 1 AS one", "parameters": {}, "is_read": True, "most": 1}
    verdicts = []
    for number in range(3):
        transport.send(Parcel(number, f"key-{number}", NOON, request))
        verdicts += [reply.verdict for reply in transport.replies(secs=1)]
        if number == 0:
            transport.break_off()
    transport.close()

    assert verdicts == [Verdict.DELIVERED] * 3


def test_a_test_signs_in_and_doubts_a_role_that_may_do_everything(port: int) -> None:
    report = postgresql.test(settings_of(port))

    assert [(finding.part, finding.state.value) for finding in report.findings] == [
        ("name", "well"),
        ("network", "well"),
        ("tls", "doubt"),
        ("sign_in", "well"),
        ("right", "doubt"),
    ]


def test_who_is_not_let_in_is_told_and_holds_the_connection(port: int) -> None:
    there = settings_of(port, database="none_such")

    report = postgresql.test(there)
    transport = StatementTransport(there)
    transport.send(Parcel(1, "k", NOON, {"statement": "SELECT 1", "parameters": {}, "is_read": True, "most": 1}))
    [reply] = transport.replies(secs=1)

    assert (report.findings[-1].part, report.is_well) == ("sign_in", False)
    assert "none_such" in report.findings[-1].told
    assert reply.verdict is Verdict.HOLD


def test_nobody_there_is_told_by_the_network() -> None:
    report = postgresql.test(settings_of(1))

    assert [(finding.part, finding.state.value) for finding in report.findings] == [
        ("name", "well"),
        ("network", "failed"),
    ]


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        ("28P01", Verdict.HOLD),
        ("3D000", Verdict.HOLD),
        ("53300", Verdict.AGAIN),
        ("40001", Verdict.AGAIN),
        ("57014", Verdict.AGAIN),
        ("42P01", Verdict.REFUSED),
        ("42501", Verdict.REFUSED),
        ("25006", Verdict.REFUSED),
        ("23505", Verdict.REFUSED),
        (None, Verdict.AGAIN),
    ],
)
def test_what_a_database_says_is_judged_by_its_code(code: str | None, verdict: Verdict) -> None:
    assert of_sql(code) is verdict


@pytest.mark.parametrize(
    "changed",
    [{"statement": " "}, {"statement": 5}, {"parameters": []}, {"is_read": 1}, {"most": "x"}, {"most": 2_000}],
)
def test_what_is_no_statement_is_refused(changed: dict[str, Any]) -> None:
    problem = problem_of_sql({"statement": "SELECT 1", "parameters": {}, "is_read": True, "most": 1, **changed})

    assert problem is not None
    assert problem.field in changed


@pytest.mark.parametrize(
    ("document", "path", "message"),
    [
        ({"host": "10.0.0.1"}, "host", "EGRESS_ALLOWED_NETWORKS"),
        ({"host": "93.184.215.14"}, "security", "outside of the networks"),
        ({"port": 0}, "port", "At least 1"),
        ({"password": ""}, "password", "has to be filled in"),
    ],
)
def test_what_is_wrong_is_said_of_its_field(document: dict[str, Any], path: str, message: str) -> None:
    with pytest.raises(SettingsError) as raised:
        read(
            PostgresqlSettings,
            {"host": "db.example", "database": "d", "user": "u", "password": "p", "security": "none", **document},
        )

    [problem] = raised.value.problems
    assert (problem.path, message in problem.message) == (path, True)
