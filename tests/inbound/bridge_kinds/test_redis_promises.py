"""What bridges promise, of Redis, with the real processes."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.inbound.promises import all_arrive, bridged
from tests.live import wait_for
from tests.systems.valkey import PASSWORD, ValkeyServer, valkey_server

pytestmark = pytest.mark.xdist_group("redis")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ValkeyServer]:
    with valkey_server(tmp_path / "valkey") as running:
        yield running


def connection(server: ValkeyServer) -> dict[str, Any]:
    return {"host": "127.0.0.1", "port": server.port, "security": "none", "password": PASSWORD, "time_out": "3 seconds"}


def test_each_entry_of_a_stream_arrives_once(server: ValkeyServer) -> None:
    def publish(messages: Sequence[bytes]) -> None:
        with server.client.pipeline(transaction=False) as pipeline:
            for body in messages:
                pipeline.xadd("orders", {"body": body})
            pipeline.execute()

    settings = {"keys": ["orders"], "min_idle": "3 seconds"}
    with bridged("redis", connection=connection(server), settings=settings) as platform:
        all_arrive(platform, publish, disturb=server.restart)
        wait_for(lambda: n_left(server) == (0, 0), "what was stored and not confirmed to come again, and be")


def n_left(server: ValkeyServer) -> tuple[int, int]:
    [group] = server.client.xinfo_groups("orders")  # type: ignore[misc]
    return group["pending"], group["lag"]


def test_each_message_of_a_list_arrives_once(server: ValkeyServer) -> None:
    def publish(messages: Sequence[bytes]) -> None:
        server.client.rpush("orders", *messages)

    with bridged("redis", connection=connection(server), settings={"mode": "lists", "lists": ["orders"]}) as platform:
        all_arrive(platform, publish, disturb=server.restart)
        wait_for(lambda: server.client.keys() == [], "nothing to be left")
