"""Connections to MariaDB and bridges from it: what is its own of it, by a real server."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from apps.bridges.connection_kind import Report
from apps.bridges.kinds import mysql
from apps.bridges.kinds.mysql import MysqlSettings
from apps.core.typed_settings import SettingsError, read
from apps.inbound.bridge_kind import kinds
from apps.inbound.received import Failure
from tests.inbound.bridge_kinds.conftest import HOST
from tests.inbound.bridge_kinds.tables import Bridge, emptied, order, settings_of, there
from tests.systems.mariadb import PEM, MariaDbShop
from tests.systems.shops import Shop

pytestmark = pytest.mark.xdist_group("databases")
KIND = kinds["mysql"]
_, _, _REST = PEM.read_text().partition("-----BEGIN CERTIFICATE-----")
CA = f"-----BEGIN CERTIFICATE-----{_REST.partition('-----END CERTIFICATE-----')[0]}-----END CERTIFICATE-----\n"


@pytest.fixture
def shop(shops: dict[str, Shop]) -> Iterator[MariaDbShop]:
    there = shops["mysql"]
    assert isinstance(there, MariaDbShop)
    for _ in emptied(there):
        yield there


def parts(report: Report) -> dict[str, str]:
    return {finding.part.value: finding.state.value for finding in report.findings}


def test_a_test_signs_in(shop: MariaDbShop) -> None:
    assert parts(mysql.test(there(shop))) == {"name": "well", "network": "well", "tls": "doubt", "sign_in": "well"}


def test_a_test_signs_in_by_tls_with_an_authority_of_ones_own(shop: MariaDbShop) -> None:
    report = mysql.test(there(shop, host=HOST, security="tls", ca=CA))

    assert parts(report) == {"name": "well", "network": "well", "tls": "well", "sign_in": "well"}
    bridge = Bridge(shop)
    bridge.connection = there(shop, host=HOST, security="tls", ca=CA)
    order(shop, 1, "10:00")
    assert bridge.ids() == [1]
    bridge.close()


@pytest.mark.parametrize(
    ("changed", "part", "told"),
    [
        ({"host": "nobody.example"}, "name", "There is no host nobody.example"),
        ({"host": "10.0.0.1"}, "host", "EGRESS_ALLOWED_NETWORKS"),
        ({"port": 1}, "network", "connection refused"),
        ({"host": HOST, "security": "tls"}, "tls", "not to be trusted"),
        ({"security": "tls", "ca": CA}, "tls", "not to be trusted"),  # it is of another name
        ({"password": "wrong"}, "sign_in", "It does not take the user reader"),
        ({"user": "nobody"}, "sign_in", "It does not take the user nobody"),
        ({"database": "mysql"}, "right", "reader may not read this"),
        ({"database": "none_such"}, "right", "reader may not read this"),
    ],
)
def test_a_test_says_what_fails(shop: MariaDbShop, changed: dict[str, Any], part: str, told: str) -> None:
    try:
        report = mysql.test(there(shop, **changed))
    except SettingsError as error:
        [problem] = error.problems
        assert (problem.path, told in problem.message) == (part, True)
        return

    last = report.findings[-1]
    assert (last.part, last.state, told in last.told) == (part, "failed", True)
    assert shop.settings["password"] not in last.told


def test_a_server_that_has_no_tls_is_told_from_one_that_is_not_there() -> None:
    settings = read(MysqlSettings, {"host": "db.example", "database": "d", "user": "u", "password": "p"})
    error = mysql.mysql_session.pymysql.OperationalError(2026, "SSL is required but the server doesn't support it")

    failure = mysql.mysql_session.failure_at(error, settings)

    assert (failure.part, failure.told) == ("tls", "No secure connection to db.example: the server has no TLS.")


def test_a_server_that_answers_and_then_hangs_is_a_failure(shop: MariaDbShop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.bridges.transport.statement_runner.CUT_SECS", 0.2)
    bridge = Bridge(shop)
    bridge.connection = there(shop, time_out="1 second")
    bridge.read()
    shop.server.freeze()
    try:
        with pytest.raises(Failure, match="broke off, or took too long"):
            bridge.read()
    finally:
        shop.server.thaw()
        bridge.close()


def test_a_bridge_goes_on_after_its_server_was_away(shop: MariaDbShop) -> None:
    bridge = Bridge(shop)
    order(shop, 1, "10:00")
    assert bridge.ids() == [1]

    shop.server.restart()
    shop.connection = shop.server.connect("shop")
    shop.execute("SET time_zone = '+00:00'")
    order(shop, 2, "10:01")
    with pytest.raises(Failure, match="broke off"):
        bridge.read()
    bridge.close()

    assert bridge.ids() == [2]
    bridge.close()


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 1 AS id, now() AS updated_at) AS it; DELETE FROM orders; SELECT * FROM (SELECT 1 AS id",
        "SELECT id, updated_at, nextval(numbers) FROM orders",
        "SELECT * FROM orders INTO OUTFILE '/tmp/cdp-out'",
        "SELECT 1 AS id, now() AS updated_at) AS it INTO OUTFILE '/tmp/cdp-out' -- ",
        "SELECT 1 AS id, now() AS updated_at) AS it INTO OUTFILE '/tmp/cdp-out' /*",
    ],
)
def test_a_query_changes_nothing_whatever_the_user_may(shop: MariaDbShop, query: str) -> None:
    shop.execute("CREATE SEQUENCE numbers")
    shop.execute("GRANT ALL ON shop.* TO 'reader'@'%'")
    shop.execute("GRANT FILE ON *.* TO 'reader'@'%'")
    order(shop, 1, "10:00")
    settings = settings_of(reads="query", query=query.replace(";", ""), key=["id"])
    object.__setattr__(settings, "query", query)  # as if it had not been refused before

    with pytest.raises(Failure):
        KIND.peek(there(shop), settings, 5)

    assert shop.execute("SELECT count(*) FROM orders") == ((1,),)
    assert not shop.execute("SELECT LOAD_FILE('/tmp/cdp-out')")[0][0]


VALUES = [
    ("bigint unsigned", "18446744073709551615", 18446744073709551615),
    ("decimal(30, 5)", "1234567890123456789.12345", "1234567890123456789.12345"),
    ("decimal(8, 2)", "-12.50", -12.5),
    ("double", "0.1", 0.1),
    ("boolean", "true", 1),
    ("bit(5)", "b'101'", 5),
    ("varchar(20)", "'Å\\n\"😀'", 'Å\n"😀'),
    ("varchar(20) CHARACTER SET latin1", "'Å'", "Å"),
    ("datetime(6)", "'2026-12-01 10:00:00.123456'", "2026-12-01T10:00:00.123456"),
    ("datetime", "'0000-00-00'", "0000-00-00T00:00:00"),
    ("timestamp NULL", "'2026-12-01 10:00:00'", "2026-12-01T10:00:00+00:00"),
    ("date", "'2026-12-01'", "2026-12-01"),
    ("time", "'-25:04:05'", "-25:04:05"),
    ("year", "2026", 2026),
    ("blob", "x'00ff'", "AP8="),
    ("binary(2)", "x'00ff'", "AP8="),
    ("json", """'{"a": [1, null]}'""", {"a": [1, None]}),
    ("enum('a', 'b')", "'b'", "b"),
    ("text", "NULL", None),
]


def test_values_are_json_as_far_as_json_has_them(shop: MariaDbShop) -> None:
    columns = ", ".join(f"c{n} {type}" for n, (type, _, _) in enumerate(VALUES))
    shop.execute("SET sql_mode = ''")
    shop.execute(f"CREATE TABLE many (id int PRIMARY KEY, {columns})")
    shop.execute(f"INSERT INTO many VALUES (1, {', '.join(value for _, value, _ in VALUES)})")
    shop.let_read("many")

    [row] = KIND.peek(there(shop), settings_of(table="shop.many", watermark="id"), 5)

    body = json.loads(row.body)
    found = [(type, body[f"c{n}"]) for n, (type, _, _) in enumerate(VALUES)]
    assert found == [(type, told) for type, _, told in VALUES]


@pytest.mark.parametrize("type", ["date", "datetime", "datetime(3)", "timestamp", "bigint unsigned", "decimal(9, 3)"])
def test_other_watermarks_overlap_as_well(shop: MariaDbShop, type: str) -> None:
    is_number = type in ("bigint unsigned", "decimal(9, 3)")
    shop.execute(f"CREATE TABLE other (id int PRIMARY KEY, at {type})")
    shop.let_read("other")
    first, newest, late = ("1", "9", "8") if is_number else ("2026-11-01", "2026-12-03", "2026-12-02")
    shop.many("INSERT INTO other VALUES (%s, %s)", [[1, first], [2, newest]])
    bridge = Bridge(shop, table="other", watermark="at", overlap_secs=86_400, overlap_ids=1_000)
    assert bridge.ids() == [1, 2]

    shop.execute("INSERT INTO other VALUES (3, %s)", [late])

    assert bridge.ids() == [3]
    assert bridge.read() == []
    bridge.close()


def test_times_that_are_none_are_not_read(shop: MariaDbShop) -> None:
    shop.execute("SET sql_mode = ''")
    shop.execute("CREATE TABLE other (id int PRIMARY KEY, at datetime NOT NULL)")
    shop.let_read("other")
    shop.many("INSERT INTO other VALUES (%s, %s)", [[1, "0000-00-00"], [2, "2026-12-01"]])
    bridge = Bridge(shop, table="other", watermark="at")

    assert bridge.ids() == [2]
    bridge.close()


def test_a_table_that_is_not_there_is_said_not_to_be_read(shop: MariaDbShop) -> None:
    """It tells nobody what there is who may not read it."""
    report = Report()
    KIND.look(there(shop), settings_of(table="nothing"), report)
    assert report.findings[-1].part == "right"

    shop.execute("GRANT SELECT ON shop.* TO 'reader'@'%'")
    KIND.look(there(shop), settings_of(table="nothing"), report)
    assert (report.findings[-1].part, "no such table" in report.findings[-1].told) == ("place", True)


@pytest.mark.parametrize(
    ("document", "path", "message"),
    [
        ({"host": "93.184.215.14", "security": "none"}, "security", "outside of the networks"),
        ({"ca": "x"}, "ca", "no certificate in PEM"),
        ({"certificate": CA}, "certificate_key", "go together"),
    ],
)
def test_what_is_wrong_is_said_of_its_field(document: dict[str, Any], path: str, message: str) -> None:
    with pytest.raises(SettingsError) as raised:
        read(MysqlSettings, {"host": "db.example", "database": "d", "user": "u", "password": "p", **document})

    [problem] = raised.value.problems
    assert (problem.path, message in problem.message) == (path, True)
