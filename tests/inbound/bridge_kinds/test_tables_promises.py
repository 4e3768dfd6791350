"""What bridges promise, of tables, with the real processes."""

import json
from collections import Counter
from collections.abc import Callable, Sequence

import pytest

from tests.inbound.promises import MANY, READ_SECS, Bridged, all_arrive, bridged
from tests.live import wait_for
from tests.systems.mariadb import MariaDbShop
from tests.systems.shops import Shop

pytestmark = pytest.mark.xdist_group("databases")
NO_EVENT = b'{"type":null,"n":-1}'  # a row of which none can be made
CHANGED = "SELECT (properties->>'n')::int AS n FROM events_event WHERE type = 'changed'"


@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
def test_each_row_and_each_change_of_it_arrives_once(shops: dict[str, Shop], kind: str) -> None:
    shop = shops[kind]
    shop.execute(
        f"CREATE TABLE numbered (id bigint PRIMARY KEY, type varchar(20), n int, updated_at {shop.time})",
    )
    shop.execute("CREATE INDEX by_time ON numbered (updated_at, id)")
    shop.let_read("numbered")
    now, ids = ("clock_timestamp()" if kind == "postgresql" else "sysdate(6)"), iter(range(10**9))

    def publish(messages: Sequence[bytes]) -> None:
        rows = [json.loads(message) for message in messages]
        values = [[next(ids), row["type"], row["n"]] for row in rows]
        shop.many(f"INSERT INTO numbered VALUES (%s, %s, %s, {now})", values)

    settings = {"table": "shop.numbered", "watermark": "updated_at", "left_out": ["id", "updated_at"]}
    settings |= {"poll": "1 second", "overlap_secs": 5, "batch_size": 100}
    try:
        with bridged(kind, connection=shop.settings, settings=settings) as platform:
            all_arrive(platform, publish, disturb=disturbance(shop), poison=NO_EVENT)
            changes_arrive(platform, shop, now)
    finally:
        shop.clear()


def disturbance(shop: Shop) -> Callable[[], object]:
    """Restart a server; that of PostgreSQL is everybody's, and ends the connections instead."""

    def cut() -> None:
        user = shop.settings["user"]
        shop.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", [user])

    def restart() -> None:
        assert isinstance(shop, MariaDbShop)
        shop.server.restart()
        shop.connection = shop.server.connect("shop")

    return restart if isinstance(shop, MariaDbShop) else cut


def changes_arrive(platform: Bridged, shop: Shop, now: str) -> None:
    """Change all rows, while a reader is killed."""
    for part in range(4):
        change = f"UPDATE numbered SET type = 'changed', updated_at = {now} WHERE n >= 0 AND n % 4 = %s"
        shop.execute(change.replace("% 4", "%% 4"), [part])
        if part == 1:
            platform.kill("reader-1")
            platform.kill("reader-2")
            platform.start("reader-1")
    wait_for(lambda: len(platform.live.rows(CHANGED)) >= MANY, "all changes", timeout_secs=READ_SECS)
    platform.live.wait_until_drained()
    assert Counter(row["n"] for row in platform.live.rows(CHANGED)) == Counter(range(MANY))
