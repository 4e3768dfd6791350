"""Bridges from tables: which rows come, how often and in which order, by real servers of each kind."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from apps.bridges.connection_kind import Report
from apps.inbound.bridge_kind import To, kinds
from apps.inbound.received import Failure, Lag
from tests.inbound.bridge_kinds.tables import Bridge, emptied, order, settings_of, there
from tests.systems.shops import Shop

pytestmark = pytest.mark.xdist_group("databases")


@pytest.fixture(params=["postgresql", "mysql"])
def shop(shops: dict[str, Shop], request: Any) -> Iterator[Shop]:
    """A shop with a table of orders, in a database of each kind."""
    yield from emptied(shops[request.param])


@pytest.fixture
def bridge(shop: Shop) -> Iterator[Bridge]:
    """A bridge from the orders."""
    found = Bridge(shop)
    yield found
    found.close()


def test_rows_come_in_the_order_of_their_watermark_and_key(shop: Shop, bridge: Bridge) -> None:
    order(shop, 3, "10:00")
    order(shop, 2, "10:00")
    order(shop, 1, "11:00")

    [first, second, third] = bridge.read()

    assert [json.loads(each.body)["id"] for each in (first, second, third)] == [2, 3, 1]
    body = json.loads(first.body)
    assert datetime.fromisoformat(body.pop("updated_at")) == datetime(2026, 12, 1, 10, tzinfo=UTC)
    assert body == {"id": 2, "total": 9.5}
    assert (first.at, first.about["table"], first.about["key"]) == (
        datetime(2026, 12, 1, 10, tzinfo=UTC),
        "orders",
        "2",
    )
    assert third.position["watermark"].startswith("2026-12-01 11:00:00")


def test_a_changed_row_is_another_message_and_one_that_is_read_again_is_none(shop: Shop, bridge: Bridge) -> None:
    order(shop, 1, "10:00")
    assert bridge.ids() == [1]

    order(shop, 1, "10:05")
    order(shop, 2, "10:05")

    assert bridge.ids() == [1, 2]
    assert bridge.read() == []


def test_who_begins_anew_goes_on_where_what_was_stored_ends(shop: Shop, bridge: Bridge) -> None:
    bridge.settings = settings_of(overlap_secs=0)
    for id in range(1, 8):
        order(shop, id, "10:00" if id < 6 else "10:01")
    bridge.some(4)
    bridge.close()

    assert bridge.ids() == [5, 6, 7]


def test_a_row_that_commits_late_is_found_within_the_overlap(shop: Shop, bridge: Bridge) -> None:
    order(shop, 1, "10:00:00")
    order(shop, 2, "10:00:50")
    assert bridge.ids() == [1, 2]

    order(shop, 3, "10:00:25")  # 25 seconds before the newest, with an overlap of 30
    order(shop, 4, "10:00:19")  # 31 seconds before it: too late
    [late] = bridge.read()

    assert json.loads(late.body)["id"] == 3
    assert late.position["watermark"].startswith("2026-12-01 10:00:50")  # never back
    assert bridge.read() == []


def test_a_row_that_commits_late_is_found_while_nobody_read(shop: Shop, bridge: Bridge) -> None:
    order(shop, 2, "10:00:50")
    assert bridge.ids() == [2]
    bridge.close()

    order(shop, 3, "10:00:25")

    assert bridge.ids() == [3]


def test_numbers_that_are_counted_up_overlap_as_well(shop: Shop, bridge: Bridge) -> None:
    bridge.settings = settings_of(watermark="id", overlap_ids=10)
    for id in (5, 6, 30, 25, 2):
        order(shop, id, "10:00")
    assert bridge.ids() == [2, 5, 6, 25, 30]

    for id in (19, 21, 31):
        order(shop, id, "10:00")

    assert bridge.ids() == [21, 31]


@pytest.mark.parametrize("type", ["smallint", "bigint", "numeric(30, 5)"])
def test_a_watermark_may_be_any_number_and_the_key_itself(shop: Shop, type: str) -> None:
    shop.execute(f"CREATE TABLE numbered (id {type} PRIMARY KEY)")
    shop.let_read("numbered")
    shop.many("INSERT INTO numbered VALUES (%s)", [[-32_768], [0], [7], [32_767]])
    bridge = Bridge(shop, table="numbered", watermark="id", overlap_ids=1_000_000)

    assert bridge.ids() == [-32_768, 0, 7, 32_767]
    assert bridge.ids() == []
    bridge.close()


def test_a_round_reads_up_to_what_there_was_and_the_next_one_the_rest(shop: Shop, bridge: Bridge) -> None:
    bridge.settings = settings_of(batch_size=10)
    rows = [[n, f"2026-12-01 10:0{n // 100}:{n // 4 % 60:02}"] for n in range(300)]
    shop.many("INSERT INTO orders VALUES (%s, 1, %s)", rows)
    found = [json.loads(each.body)["id"] for each in bridge.some(10)]
    shop.execute("UPDATE orders SET updated_at = '2026-12-01 10:05' WHERE id BETWEEN 100 AND 109")
    order(shop, 500, "10:02:40")

    for _ in range(2):
        found += bridge.ids()

    assert sorted(found) == [*range(300), 500]


def test_many_writers_at_once_and_readers_that_end_miss_no_row_and_no_change(shop: Shop, bridge: Bridge) -> None:
    """Each writes in transactions of its own, which take their time: older rows commit after newer ones."""
    bridge.settings = settings_of(batch_size=50)
    n_writers, n_rows = 4, 120

    def write(writer: int) -> None:
        connection = shop.other()
        cursor = connection.cursor()
        for n in range(n_rows):
            id = writer * n_rows + n
            cursor.execute("INSERT INTO orders VALUES (%s, 1, now())", [id])
            if n % 3 == 0:
                changed = "UPDATE orders SET total = %s, updated_at = now() WHERE id = %s"
                cursor.execute(changed, [n, writer * n_rows + n // 2])
            if n % 7 == 0:
                connection.commit()
        connection.commit()
        connection.close()

    writers = [threading.Thread(target=write, args=(writer,)) for writer in range(n_writers)]
    for thread in writers:
        thread.start()
    found: list[dict[str, Any]] = []
    while any(thread.is_alive() for thread in writers):
        found += bridge.new()
        bridge.close()
    for _ in range(2):
        found += bridge.new()

    last = {(id, int(total)) for id, total in shop.execute("SELECT id, total FROM orders")}
    assert len(last) == n_writers * n_rows
    assert last <= {(row["id"], int(row["total"])) for row in found}
    assert Counter(map(str, found)).most_common(1)[0][1] == 1


def test_a_change_within_the_same_second_is_found_where_a_clock_has_no_parts_of_it(shop: Shop, bridge: Bridge) -> None:
    order(shop, 1, "10:00")
    assert bridge.ids() == [1]

    shop.execute("UPDATE orders SET total = 12 WHERE id = 1")

    assert [row["total"] for row in bridge.new()] == [12]
    assert bridge.read() == []


def test_a_query_is_read_as_a_table_is(shop: Shop, bridge: Bridge) -> None:
    query = "SELECT id, updated_at, total * 2 AS twice, '100%' AS share FROM orders WHERE id % 2 = 0;"
    bridge.settings = settings_of(reads="query", query=query, key=["id"], left_out=["updated_at"])
    for id in (1, 2, 3, 4):
        order(shop, id, f"10:0{id}")

    found = [json.loads(each.body) for each in bridge.read()]

    assert found == [{"id": 2, "twice": 19, "share": "100%"}, {"id": 4, "twice": 19, "share": "100%"}]


def test_a_name_may_have_any_letters(shop: Shop) -> None:
    quote = '"' if shop.kind == "postgresql" else "`"
    shop.execute(f"CREATE TABLE odd (id int PRIMARY KEY, {quote}100%% für%s {quote * 2}x{quote} int)", [1] * 0 or None)
    shop.execute("INSERT INTO odd VALUES (1, 2)")
    shop.let_read("odd")

    [row] = kinds[shop.kind].peek(there(shop), settings_of(table="odd", watermark="id"), 5)

    assert list(json.loads(row.body).values()) == [1, 2]


@pytest.mark.parametrize("values", [["a", "b", "Å\"'%s\\", "日本"], ["", "x"]])
def test_a_position_is_exact_where_keys_are_texts(shop: Shop, values: list[str]) -> None:
    read_one_by_one(shop, "varchar(50)", values)


@pytest.mark.parametrize("values", [[b"\0", b"\0\xff", b"\xff'"]])
def test_a_position_is_exact_where_keys_are_bytes(shop: Shop, values: list[bytes]) -> None:
    read_one_by_one(shop, shop.bytes, values)


@pytest.mark.parametrize("values", [["12345678901234567890.1234567890123", "12345678901234567890.1234567890124"]])
def test_a_position_is_exact_where_keys_are_decimals(shop: Shop, values: list[str]) -> None:
    read_one_by_one(shop, "numeric(40, 13)", values)


@pytest.mark.parametrize("values", [["2026-12-01 10:00:00.123456", "2026-12-01 10:00:00.123457"]])
def test_a_position_is_exact_where_keys_are_times(shop: Shop, values: list[str]) -> None:
    read_one_by_one(shop, shop.time.removesuffix(" NULL"), values)


def read_one_by_one(shop: Shop, type: str, values: list[Any]) -> None:
    """Let a reader take one row, and the next reader the next one."""
    shop.execute(f"CREATE TABLE keyed (k {type} NOT NULL PRIMARY KEY, at {shop.time})")
    shop.let_read("keyed")
    shop.many("INSERT INTO keyed VALUES (%s, '2026-12-01 10:00:00.000001')", [[value] for value in values])
    bridge = Bridge(shop, table="keyed", watermark="at", overlap_secs=0, batch_size=1)
    keys = set()

    for _ in values:
        [row] = bridge.some(1)
        keys.add(row.key)
        bridge.close()

    assert len(keys) == len(values)
    assert bridge.some(1) == []
    bridge.close()


def test_rows_without_a_watermark_are_not_read_and_end_nothing(shop: Shop, bridge: Bridge) -> None:
    order(shop, 1, "10:00")
    shop.execute("INSERT INTO orders VALUES (2, 1, NULL)")
    assert bridge.ids() == [1]

    order(shop, 5, "10:01")

    assert bridge.ids() == [5]


def test_an_empty_table_is_waited_for(shop: Shop, bridge: Bridge) -> None:
    assert bridge.ids() == []
    assert bridge.reader.lag() == Lag(0, None)

    order(shop, 1, "10:00")

    assert bridge.ids() == [1]


def test_the_lag_is_counted_up_to_a_bound(shop: Shop, bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.inbound.rows.queries.MOST_COUNTED", 100)
    order(shop, 1, "10:00")
    bridge.read()
    assert bridge.reader.lag() == Lag(0, None)

    shop.many("INSERT INTO orders VALUES (%s, 1, '2026-12-01 11:00')", [[2], [3], [4]])
    assert bridge.reader.lag() == Lag(3, datetime(2026, 12, 1, 11, tzinfo=UTC))

    shop.many("INSERT INTO orders VALUES (%s, 1, '2026-12-01 12:00')", [[n] for n in range(5, 200)])
    assert bridge.reader.lag().n_waiting == 100


@pytest.mark.parametrize(
    ("to", "at", "position", "ids"),
    [
        (To.BEGINNING, None, "", [1, 2, 3, 4]),
        (To.END, None, "", [4]),
        (To.TIME, datetime(2026, 12, 1, 10, 2, tzinfo=UTC), "", [2, 3, 4]),
        (To.POSITION, None, "2026-12-01T11:02+01:00", [2, 3, 4]),
        (To.POSITION, None, '{"watermark": "2026-12-01 10:02:00", "key": ["2"]}', [3, 4]),
    ],
)
def test_a_bridge_reads_on_from_elsewhere_and_from_nothing_before(
    shop: Shop, bridge: Bridge, to: To, at: datetime | None, position: str, ids: list[int]
) -> None:
    for id in (1, 2, 3):
        order(shop, id, f"10:0{id}")
    bridge.settings = settings_of(overlap_secs=3_600)
    bridge.read()

    bridge.seek(to, at=at, position=position)
    order(shop, 4, "10:04")

    assert bridge.ids() == ids


@pytest.mark.parametrize("position", ["soon", "{", '{"watermark": "2026-12-01", "key": []}'])
def test_what_is_no_position_is_refused(bridge: Bridge, position: str) -> None:
    with pytest.raises(Failure):
        bridge.seek(To.POSITION, position=position)


def test_a_bridge_by_numbers_is_sent_to_a_number(shop: Shop, bridge: Bridge) -> None:
    bridge.settings = settings_of(watermark="id")
    for id in (1, 2, 3):
        order(shop, id, "10:00")
    for wrong in ("soon", "2026-12-01"):
        with pytest.raises(Failure):
            bridge.seek(To.POSITION, position=wrong)
    with pytest.raises(Failure, match="no time"):
        bridge.seek(To.TIME, at=datetime(2026, 12, 1, tzinfo=UTC))

    bridge.seek(To.POSITION, position="2")

    assert bridge.ids() == [2, 3]


@pytest.fixture
def other_tables(shop: Shop) -> None:
    """Tables that cannot be read as they are, and one that may not be."""
    shop.execute("CREATE TABLE secret (id int PRIMARY KEY)")
    shop.execute("CREATE TABLE keyless (id int, name varchar(5))")
    shop.let_read("keyless")
    order(shop, 1, "10:00")


def look(shop: Shop, **document: Any) -> list[tuple[str, str, str]]:
    report = Report()
    kinds[shop.kind].look(there(shop, time_out="1 second"), settings_of(**document), report)
    return [(finding.part.value, finding.state.value, finding.told) for finding in report.findings]


def test_a_look_finds_what_is_there(shop: Shop) -> None:
    assert [found[:2] for found in look(shop)] == [("right", "well"), ("place", "well")]


@pytest.mark.parametrize(
    ("document", "part", "told"),
    [
        ({"watermark": "changed_at"}, "place", "no column changed_at"),
        ({"key": ["number"]}, "place", "no column number"),
        ({"left_out": ["mail"]}, "place", "no column mail"),
        ({"table": "secret", "watermark": "id"}, "right", "may not read"),
        ({"table": "keyless", "watermark": "id"}, "place", "no primary key"),
        ({"table": "keyless", "watermark": "name", "key": ["id"]}, "place", "no time, date or number"),
        ({"reads": "query", "query": "SELECT id, no FROM orders", "key": ["id"]}, "place", "no such column"),
        ({"reads": "query", "query": "SELECT ((", "key": ["id"]}, "place", "said"),
    ],
)
@pytest.mark.usefixtures("other_tables")
def test_a_look_says_what_is_wrong(shop: Shop, document: dict[str, Any], part: str, told: str) -> None:
    found = look(shop, **document)[-1]

    assert (found[:2], told in found[2]) == ((part, "failed"), True)


@pytest.mark.usefixtures("other_tables")
def test_a_look_ends_a_query_that_takes_too_long(shop: Shop) -> None:
    sleep = "pg_sleep(9)" if shop.kind == "postgresql" else "sleep(9)"

    found = look(shop, reads="query", query=f"SELECT id, updated_at, {sleep} FROM orders", key=["id"])[-1]

    assert (found[:2], "1 second" in found[2]) == (("place", "failed"), True)


def test_a_look_doubts_what_makes_reading_slow_or_leaves_rows_out(shop: Shop) -> None:
    shop.execute(f"CREATE TABLE slow (id int PRIMARY KEY, at {shop.time.replace('timestamp(6)', 'datetime(6)')})")
    shop.execute("INSERT INTO slow VALUES (1, NULL), (2, '2999-01-01')")
    shop.let_read("slow")

    assert [found[:2] for found in look(shop, table="slow", watermark="at")[-3:]] == [("place", "doubt")] * 3


def test_places_are_the_tables_and_views_that_may_be_read(shop: Shop) -> None:
    shop.execute("CREATE TABLE secret (id int)")
    shop.execute("CREATE VIEW seen AS SELECT 1 AS id")
    shop.let_read("seen")

    assert kinds[shop.kind].places(there(shop)) == ["shop.orders", "shop.seen"]


def test_a_locked_table_is_not_waited_for_for_ever(shop: Shop, bridge: Bridge) -> None:
    bridge.connection = there(shop, time_out="1 second")
    bridge.read()
    other = shop.other()
    with other.cursor() as cursor:
        cursor.execute("LOCK TABLE orders" if shop.kind == "postgresql" else "LOCK TABLES orders WRITE")

        with pytest.raises(Failure) as raised:
            bridge.read()

    other.close()
    assert "1 second" in raised.value.told
    assert str(shop.settings["password"]) not in raised.value.told
