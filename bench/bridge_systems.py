"""Real servers with messages, for the bench of bridges: what a bridge is told of each, and how a bare consumer reads.

A bare consumer reads by the same client library, parses each message, lets the server forget it, and does nothing else.
"""

import asyncio
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from itertools import count
from pathlib import Path
from typing import Any, Final

import confluent_kafka
import nats
import orjson
from django.test.utils import override_settings
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from apps.inbound.bridge_kind import kinds
from tests.systems import kafka as kafka_tests
from tests.systems import mosquitto as mosquitto_tests
from tests.systems import rabbitmq as rabbitmq_tests
from tests.systems import valkey
from tests.systems.dovecot import PASSWORD, dovecot_server
from tests.systems.mariadb import MariaDbShop, mariadb_server
from tests.systems.nats import nats_server
from tests.systems.postgresql import postgresql_shop

AT_ONCE: Final = 500
MAPPING: Final = {"shape": "raw", "event_type": "message@body.type", "user_id": "message@body.customer"}
# The broker lets a group wait for half of the first before anybody in it reads.
QUICK: Final = {"session.timeout.ms": "1000", "heartbeat.interval.ms": "200"}
LETTER: Final = b"Thank you for the quick delivery, all of it has arrived as it was ordered.\r\n" * 22


@dataclass(frozen=True, slots=True)
class System:
    """A real server."""

    kind: str
    connection: dict[str, Any]
    settings: dict[str, Any]
    publish: Callable[[Sequence[bytes]], object]
    bare: Callable[[int], float]  # reads so many, and returns how many seconds that took; nothing of them is left
    n: int = 5_000  # messages
    mapping: Mapping[str, Any] = field(default_factory=lambda: MAPPING)


@contextmanager
def redis() -> Iterator[System]:
    """Run Valkey, with a stream."""
    with tempfile.TemporaryDirectory(prefix="cdp-bench-") as folder, valkey.valkey_server(Path(folder)) as server:
        client: Any = server.client

        def publish(messages: Sequence[bytes]) -> None:
            with client.pipeline(transaction=False) as pipeline:
                for message in messages:
                    pipeline.xadd("orders", {"body": message})
                pipeline.execute()

        def bare(n: int) -> float:
            client.xgroup_create("orders", "bare", id="0", mkstream=True)
            began_at = time.perf_counter()
            while n > 0:
                [[_, entries]] = client.xreadgroup("bare", "bare", {"orders": ">"}, count=AT_ONCE)
                for _, fields in entries:
                    orjson.loads(fields[b"body"])
                client.xack("orders", "bare", *[pk for pk, _ in entries])
                n -= len(entries)
            took = time.perf_counter() - began_at
            client.delete("orders")
            return took

        connection = {"host": "127.0.0.1", "port": server.port, "password": valkey.PASSWORD, "security": "none"}
        yield System("redis", connection, {"keys": ["orders"]}, publish, bare)


@contextmanager
def rabbitmq() -> Iterator[System]:
    """Run RabbitMQ, with a queue."""
    with rabbitmq_tests.rabbitmq_server() as server:
        queue = server.declare("orders")

        def bare(n: int) -> float:
            with server.entered() as channel:
                channel.basic_qos(prefetch_count=AT_ONCE)
                began_at = time.perf_counter()
                for method, _, body in channel.consume(queue):
                    orjson.loads(body)
                    n -= 1
                    if n % AT_ONCE == 0:
                        channel.basic_ack(method.delivery_tag, multiple=True)
                    if not n:
                        return time.perf_counter() - began_at
            raise AssertionError

        connection = {"host": "127.0.0.1", "port": server.port, "user": "anna", "security": "none"}
        connection["password"] = rabbitmq_tests.PASSWORD
        yield System("rabbitmq", connection, {"queue": queue}, lambda all: server.publish(queue, all), bare)


@contextmanager
def mqtt() -> Iterator[System]:
    """Run Mosquitto, which keeps what is sent for the bridge and for a bare consumer."""
    with mosquitto_tests.mosquitto_server() as server:
        connection = {"host": "127.0.0.1", "port": server.port, "user": "anna", "security": "none"}
        connection["password"] = mosquitto_tests.PASSWORD
        with _subscribed(server, "bare"):
            pass

        def bare(n: int) -> float:
            read: list[Any] = []

            def parse(message: Any) -> None:
                read.append(orjson.loads(message.payload))

            with _subscribed(server, "bare", on_message=parse) as client:
                began_at = time.perf_counter()
                while len(read) < n:
                    client.loop(1)
                took = time.perf_counter() - began_at
            with _subscribed(server, "bridge"):  # from now on: what the bare consumer has read is none of its
                pass
            return took

        settings = {"topics": ["orders/{shop}"], "client_id": "bridge"}
        yield System("mqtt", connection, settings, lambda all: server.publish("orders/one", all), bare)


@contextmanager
def _subscribed(
    server: mosquitto_tests.Mosquitto, client_id: str, *, on_message: Callable[[Any], None] = lambda _: None
) -> Iterator[paho.Client]:
    answered: list[int] = []
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id, protocol=MQTTProtocolVersion.MQTTv5)
    client.username_pw_set("anna", mosquitto_tests.PASSWORD)
    client.on_subscribe = lambda *_: answered.append(1)
    client.on_message = lambda _client, _data, message: on_message(message)
    kept: Any = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    kept.SessionExpiryInterval, kept.ReceiveMaximum = 3_600, 1_000
    client.connect("127.0.0.1", server.port, clean_start=False, properties=kept)
    client.subscribe("orders/+", qos=1)
    while not answered:
        client.loop(1)
    try:
        yield client
    finally:
        client.disconnect()


@contextmanager
def jetstream() -> Iterator[System]:
    """Run NATS, with a stream."""
    with tempfile.TemporaryDirectory(prefix="cdp-bench-") as folder, nats_server(Path(folder)) as server:
        server.make_stream()

        async def pulled(n: int) -> float:
            client = await nats.connect(f"nats://127.0.0.1:{server.port}", user="anna", password="sesame")
            consumer = await client.jetstream().pull_subscribe("orders.>", durable="bare", stream="orders")
            began_at = time.perf_counter()
            while n > 0:
                for message in await consumer.fetch(AT_ONCE, timeout=10):
                    orjson.loads(message.data)
                    await message.ack()
                    n -= 1
            took = time.perf_counter() - began_at
            await client.close()
            return took

        def bare(n: int) -> float:
            took = asyncio.run(pulled(n))
            server.make_stream()
            return took

        connection = {"servers": [f"127.0.0.1:{server.port}"], "sign_in": "password", "user": "anna"}
        connection |= {"password": "sesame", "security": "none"}
        yield System("nats", connection, {"stream": "orders"}, server.publish, bare)


@contextmanager
def kafka() -> Iterator[System]:
    """Run a broker of Kafka's protocol, with a topic."""
    with tempfile.TemporaryDirectory(prefix="cdp-bench-") as folder, kafka_tests.kafka_server(Path(folder)) as server:
        topic = server.create("orders")

        def bare(n: int) -> float:
            told = {"bootstrap.servers": server.servers, "group.id": "bare", "auto.offset.reset": "earliest"}
            consumer = confluent_kafka.Consumer({**told, **QUICK})
            consumer.subscribe([topic])
            found = consumer.consume(1, timeout=30)  # the group has come about
            began_at = time.perf_counter()
            n -= len(found)
            while n > 0:
                for message in consumer.consume(AT_ONCE, timeout=1):
                    orjson.loads(message.value() or b"")
                    n -= 1
            took = time.perf_counter() - began_at
            consumer.close()
            server.delete(topic)
            server.create(topic)
            return took

        connection = {"servers": [server.servers], "security": "none", "options": QUICK}
        yield System("kafka", connection, {"topics": [topic]}, lambda all: server.produce(topic, all), bare)


@contextmanager
def postgresql() -> Iterator[System]:
    """Have a table on our own server."""
    with postgresql_shop() as shop:
        shop.clear()
        columns, names = "type text, n int, customer text, items jsonb, total int", "type, n, customer, items, total"
        shop.execute(f"CREATE TABLE orders (id bigserial PRIMARY KEY, {columns})")
        shop.let_read("orders")

        def publish(messages: Sequence[bytes]) -> None:
            rows = [(message.decode(),) for message in messages]
            shop.many(f"INSERT INTO orders ({names}) SELECT * FROM jsonb_to_record(%s) AS said ({columns})", rows)

        def bare(n: int) -> float:
            began_at = time.perf_counter()
            after = 0
            while n > 0:
                asked = f"SELECT items::text, {names}, id FROM orders WHERE id > %s ORDER BY id LIMIT %s"
                rows = shop.execute(asked, [after, AT_ONCE])
                for row in rows:
                    orjson.loads(row[0])
                after = rows[-1][-1]
                n -= len(rows)
            took = time.perf_counter() - began_at
            shop.execute("TRUNCATE orders")
            return took

        settings = {"table": "shop.orders", "watermark": "id", "key": ["id"], "overlap_ids": 0}
        yield System("postgresql", shop.settings, settings, publish, bare)


@contextmanager
def mysql() -> Iterator[System]:
    """Run MariaDB, with a table."""
    with mariadb_server(has_tls=False) as server:
        shop = MariaDbShop.of(server)
        columns = "type text, n int, customer text, items json, total int"
        shop.execute(f"CREATE TABLE orders (id bigint AUTO_INCREMENT PRIMARY KEY, {columns})")
        shop.let_read("orders")

        def publish(messages: Sequence[bytes]) -> None:
            said = [orjson.loads(message) for message in messages]
            rows = [(it["type"], it["n"], it["customer"], orjson.dumps(it["items"]), it["total"]) for it in said]
            shop.many("INSERT INTO orders (type, n, customer, items, total) VALUES (%s, %s, %s, %s, %s)", rows)

        def bare(n: int) -> float:
            began_at = time.perf_counter()
            after = 0
            while n > 0:
                asked = "SELECT items, type, n, customer, total, id FROM orders WHERE id > %s ORDER BY id LIMIT %s"
                rows = shop.execute(asked, [after, AT_ONCE])
                for row in rows:
                    orjson.loads(row[0])
                after = rows[-1][-1]
                n -= len(rows)
            took = time.perf_counter() - began_at
            shop.execute("TRUNCATE orders")
            return took

        settings = {"table": "shop.orders", "watermark": "id", "key": ["id"], "overlap_ids": 0}
        yield System("mysql", shop.settings, settings, publish, bare)


@contextmanager
def folder() -> Iterator[System]:
    """Have a folder, with files of JSON lines."""
    with tempfile.TemporaryDirectory(prefix="cdp-bench-") as root, override_settings(INBOUND_FOLDERS=[root]):
        number = count()

        def publish(messages: Sequence[bytes]) -> None:
            path = Path(root) / f"{next(number)}.jsonl"
            path.write_bytes(b"".join(message + b"\n" for message in messages))
            os.utime(path, (0, 0))  # nobody has written it for long: so it is whole

        def bare(n: int) -> float:
            began_at = time.perf_counter()
            for path in Path(root).iterdir():
                with path.open("rb") as lines:
                    n -= sum(1 for line in lines if orjson.loads(line))
                path.unlink()
            assert not n
            return time.perf_counter() - began_at

        yield System("folder", {}, {"folder": root, "pattern": "*.jsonl", "poll": "1 second"}, publish, bare)


@contextmanager
def imap() -> Iterator[System]:
    """Run Dovecot, with a mailbox of mails of two kilobytes, whose text is the message."""
    with dovecot_server() as server:
        uids: list[int] = []

        def publish(messages: Sequence[bytes]) -> None:
            server.put([_mail(message) for message in messages])

        def bare(n: int) -> float:
            with server.mailbox() as client:
                client.select_folder("INBOX")
                uids[:] = client.search()
                began_at = time.perf_counter()
                for at in range(0, n, AT_ONCE):
                    for said in client.fetch(uids[at : at + AT_ONCE], ["BODY.PEEK[]"]).values():
                        message_from_bytes(said[b"BODY[]"])
                took = time.perf_counter() - began_at
                client.delete_messages(uids)
                client.expunge()
            return took

        connection = {"host": "127.0.0.1", "port": server.port, "security": "none", "user": "anna"}
        yield System("imap", {**connection, "password": PASSWORD}, {}, publish, bare, 1_000, kinds["imap"].mapping)


def _mail(message: bytes) -> bytes:
    number = orjson.loads(message)["n"]
    head = f"From: Anna <c-{number % 500}@shop.example>\r\nTo: shop@shop.example\r\nSubject: Order {number}\r\n"
    head += f"Message-ID: <{number}-{time.time_ns()}@shop.example>\r\nDate: Tue, 1 Dec 2026 10:00:00 +0000\r\n"
    return head.encode() + b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + message + b"\r\n" + LETTER


SYSTEMS: Final[Sequence[Callable[[], AbstractContextManager[System]]]] = (
    redis,
    rabbitmq,
    mqtt,
    jetstream,
    kafka,
    postgresql,
    mysql,
    folder,
    imap,
)
