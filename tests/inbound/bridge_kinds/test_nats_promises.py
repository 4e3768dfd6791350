"""What bridges promise, of NATS, with the real processes."""

from pathlib import Path

import pytest

from tests.inbound.promises import all_arrive, bridged
from tests.live import wait_for
from tests.systems.nats import NatsServer, nats_server

pytestmark = pytest.mark.xdist_group("nats")


def test_each_message_of_a_stream_arrives_once(tmp_path: Path) -> None:
    with nats_server(tmp_path / "nats") as server:
        server.make_stream()
        connection = {
            "servers": [f"127.0.0.1:{server.port}"],
            "security": "none",
            "sign_in": "password",
            "user": "anna",
            "password": "sesame",
            "time_out": "3 seconds",
        }
        settings = {"stream": "orders", "durable": "cdp", "ack_wait": "3 seconds"}
        with bridged("nats", connection=connection, settings=settings) as platform:
            all_arrive(platform, server.publish, disturb=server.restart)
            wait_for(lambda: n_left(server) == (0, 0), "what was stored and not confirmed to come again, and be")


def n_left(server: NatsServer) -> tuple[int, int]:
    consumer = server.ask("CONSUMER.INFO.orders.cdp")
    return consumer["num_pending"], consumer["num_ack_pending"]
