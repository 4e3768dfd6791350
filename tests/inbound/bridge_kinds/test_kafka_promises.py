"""What a bridge of Kafka promises, with the real processes: killed, and while the broker hangs."""

from pathlib import Path

import pytest

from tests.inbound.kafka_bridge import QUICK
from tests.inbound.promises import all_arrive, bridged
from tests.systems.kafka import kafka_server

pytestmark = pytest.mark.xdist_group("kafka_promises")


@pytest.mark.timeout(300)
def test_each_message_arrives_once_whatever_happens(tmp_path: Path) -> None:
    with kafka_server(tmp_path) as server:
        topic = server.create("orders", partitions=4)
        connection = {"servers": [server.servers], "security": "none", "options": QUICK}
        with bridged("kafka", connection=connection, settings={"topics": [topic]}) as platform:
            all_arrive(platform, lambda messages: server.produce(topic, messages), disturb=server.pause)
