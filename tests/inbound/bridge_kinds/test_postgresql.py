"""Bridges from PostgreSQL: what is its own of it, by a real server."""

import base64
import json
from collections.abc import Iterator

import pytest

from apps.bridges.connection_kind import Report
from apps.bridges.kinds import postgresql
from apps.inbound.bridge_kind import kinds
from apps.inbound.received import Failure
from tests.inbound.bridge_kinds.tables import Bridge, emptied, order, settings_of, there
from tests.systems.shops import Shop

pytestmark = pytest.mark.xdist_group("databases")
KIND = kinds["postgresql"]


@pytest.fixture
def shop(shops: dict[str, Shop]) -> Iterator[Shop]:
    yield from emptied(shops["postgresql"])


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 1 AS id, now() AS updated_at) AS it; DELETE FROM orders; SELECT * FROM (SELECT 1 AS id",
        "WITH gone AS (DELETE FROM orders RETURNING *) SELECT * FROM gone",
        "SELECT *, set_config('transaction_read_only', 'off', false) FROM orders",
        "SELECT id, updated_at, setval('numbers', 5) FROM orders",
    ],
)
def test_a_query_changes_nothing_whatever_the_role_may(shop: Shop, query: str) -> None:
    user = shop.settings["user"]
    shop.execute(f"GRANT ALL ON orders TO {user}; CREATE SEQUENCE numbers; GRANT ALL ON SEQUENCE numbers TO {user}")
    order(shop, 1, "10:00")
    settings = settings_of(reads="query", query=query.replace(";", ""), key=["id"])
    object.__setattr__(settings, "query", query)  # as if it had not been refused before

    with pytest.raises(Failure):
        KIND.peek(there(shop), settings, 5)

    assert shop.execute("SELECT count(*), (SELECT is_called FROM numbers) FROM orders") == [(1, False)]


VALUES = [
    ("integer", "7", 7),
    ("bigint", "9223372036854775807", 9223372036854775807),
    ("numeric", "12345678901234567890.123", "12345678901234567890.123"),
    ("numeric(8, 2)", "-12.50", -12.5),
    ("numeric(5)", "12", 12),
    ("numeric(6, 1)", "'NaN'", "NaN"),
    ("double precision", "'NaN'", "NaN"),
    ("double precision", "0.1", 0.1),
    ("real", "'-Infinity'", "-Infinity"),
    ("boolean", "true", True),
    ("text", "E'Å\\n\"'", 'Å\n"'),
    ("timestamp", "'2026-12-01 10:00:00.123456'", "2026-12-01T10:00:00.123456"),
    ("timestamptz", "'2026-12-01 10:00:00.123456+02'", "2026-12-01T08:00:00.123456+00:00"),
    ("timestamptz", "'infinity'", "infinity"),
    ("date", "'0044-03-15 BC'", "0044-03-15 BC"),
    ("time", "'24:00'", "24:00:00"),
    ("interval", "'1 month 2 days 3:04'", "P1M2DT3H4M"),
    ("bytea", r"'\x00ff'", base64.b64encode(b"\0\xff").decode()),
    ("uuid", "'0190d9a0-0000-7000-8000-000000000001'", "0190d9a0-0000-7000-8000-000000000001"),
    ("json", """'{"a": [1, null, {"b": "Å"}]}'""", {"a": [1, None, {"b": "Å"}]}),
    ("jsonb", "'[1, 2]'", [1, 2]),
    ("integer[]", "'{1,NULL,3}'", [1, None, 3]),
    ("float8[]", "'{1.5,NaN}'", [1.5, "NaN"]),
    ("bytea[]", r"""'{"\\x00ff"}'""", ["AP8="]),
    ("text[][]", "'{{a,b},{c,d}}'", [["a", "b"], ["c", "d"]]),
    ("int4range", "'[1,5)'", "[1,5)"),
    ("int8multirange", "'{[1,5), [7,9)}'", "{[1,5),[7,9)}"),
    ("inet", "'10.0.0.1/8'", "10.0.0.1/8"),
    ("varchar", "NULL", None),
]


def test_values_are_json_as_far_as_json_has_them(shop: Shop) -> None:
    columns = ", ".join(f"c{n} {type}" for n, (type, _, _) in enumerate(VALUES))
    shop.execute(f"CREATE TABLE many (id int PRIMARY KEY, {columns})")
    shop.execute(f"INSERT INTO many VALUES (1, {', '.join(value for _, value, _ in VALUES)})")
    shop.let_read("many")

    [row] = KIND.peek(there(shop), settings_of(table="shop.many", watermark="id"), 5)

    body = json.loads(row.body)
    found = [(type, body[f"c{n}"]) for n, (type, _, _) in enumerate(VALUES)]
    assert found == [(type, told) for type, _, told in VALUES]


def test_what_is_json_for_the_database_alone_is_left_to_whoever_reads_it(shop: Shop) -> None:
    shop.execute("""CREATE TABLE odd (id int PRIMARY KEY, doc jsonb); INSERT INTO odd VALUES (1, '{"b": 1e400}')""")
    shop.let_read("odd")

    [row] = KIND.peek(there(shop), settings_of(table="odd", watermark="id"), 5)

    assert row.body.startswith(b'{"id":1,"doc":{"b": 1000')


def test_times_without_an_end_are_not_read_and_end_nothing(shop: Shop) -> None:
    bridge = Bridge(shop)
    order(shop, 1, "10:00")
    shop.execute("INSERT INTO orders VALUES (3, 1, 'infinity'), (4, 1, '-infinity')")
    assert bridge.ids() == [1]

    order(shop, 5, "10:01")

    assert bridge.ids() == [5]
    bridge.close()


@pytest.mark.parametrize("type", ["date", "timestamp", "double precision", "real"])
def test_other_watermarks_overlap_as_well(shop: Shop, type: str) -> None:
    is_number = type in ("double precision", "real")
    shop.execute(f"CREATE TABLE other (id int PRIMARY KEY, at {type})")
    shop.let_read("other")
    first, newest, late = ("1", "9.5", "9") if is_number else ("2026-11-01", "2026-12-03", "2026-12-02")
    shop.many("INSERT INTO other VALUES (%s, %s)", [[1, first], [2, newest]])
    bridge = Bridge(shop, table="other", watermark="at", overlap_secs=86_400, overlap_ids=1)
    assert bridge.ids() == [1, 2]

    shop.execute("INSERT INTO other VALUES (3, %s)", [late])

    assert bridge.ids() == [3]
    bridge.close()


@pytest.mark.parametrize("table", ["nothing", "nowhere.orders"])
def test_a_table_that_is_not_there_is_no_such_place(shop: Shop, table: str) -> None:
    report = Report()

    KIND.look(there(shop), settings_of(table=table), report)

    assert (report.findings[-1].part, "no such table" in report.findings[-1].told) == ("place", True)


def test_a_test_says_that_a_server_has_no_tls(shop: Shop) -> None:
    report = postgresql.test(there(shop, security="tls"))

    assert [(finding.part.value, finding.state.value) for finding in report.findings] == [
        ("name", "well"),
        ("network", "well"),
        ("tls", "failed"),
    ]
    assert "has no TLS" in report.findings[-1].told


def test_a_server_that_answers_and_then_hangs_is_a_failure(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """It keeps to no time-out of its own: one that it was never told of stands for that."""
    monkeypatch.setattr("apps.bridges.transport.statement_runner.CUT_SECS", -0.5)
    bridge = Bridge(shop)
    bridge.connection = there(shop, time_out="1 second")
    bridge.read()
    with shop.other() as other:
        other.execute("LOCK TABLE orders")

        with pytest.raises(Failure, match="broke off, or took too long"):
            bridge.read()
