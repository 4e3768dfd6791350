"""Bridges from RabbitMQ, by the real broker: what they read, what comes again, and what they say when it does not."""

import gzip
import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from apps.bridges.connection_kind import Part, Report, State
from apps.bridges.kinds import rabbitmq as connection_kind
from apps.bridges.kinds.rabbitmq import RabbitmqSettings
from apps.core import storable
from apps.core.typed_settings import read
from apps.inbound import unpacking
from apps.inbound.amqp_queue import QueueSettings
from apps.inbound.bridge_kind import Context
from apps.inbound.bridge_kinds import rabbitmq
from apps.inbound.bridge_kinds.rabbitmq import QueueReader
from apps.inbound.received import Failure, Received
from tests.inbound.bridge_kinds.conftest import HOST
from tests.inbound.promises import all_arrive, bridged
from tests.laws import IS_NIGHTLY
from tests.live import wait_for
from tests.systems.rabbitmq import PASSWORD, Rabbit, rabbitmq_server

pytestmark = pytest.mark.xdist_group("rabbitmq")


@pytest.fixture(scope="module")
def rabbit() -> Iterator[Rabbit]:
    with rabbitmq_server() as running:
        yield running


@pytest.fixture
def queue(rabbit: Rabbit) -> str:
    return rabbit.declare(f"orders-{uuid4().hex[:8]}")


def connection_of(rabbit: Rabbit, **document: Any) -> RabbitmqSettings:
    usual = {"host": HOST, "port": rabbit.port, "user": "anna", "password": PASSWORD, "security": "none"}
    return read(RabbitmqSettings, {**usual, "time_out": "15 seconds", **document})


def by_tls(rabbit: Rabbit, **document: Any) -> RabbitmqSettings:
    usual = {"security": "tls", "port": rabbit.tls_port, "ca": rabbit.authority.certificate}
    return connection_of(rabbit, **{**usual, **document})


def queue_of(queue: str, **document: Any) -> QueueSettings:
    return read(QueueSettings, {"queue": queue, **document})


@contextmanager
def reading(
    rabbit: Rabbit, queue: str, *, connection: dict[str, Any] | None = None, **document: Any
) -> Iterator[QueueReader]:
    reader = rabbitmq.open_queue(
        connection_of(rabbit, **(connection or {})), queue_of(queue, **document), Context(uuid4(), "here-1", dict)
    )
    try:
        yield reader
    finally:
        reader.close()


def taken(reader: QueueReader, n: int) -> list[Received]:
    """Read until there are so many."""
    found: list[Received] = []
    wait_for(
        lambda: found.extend(reader.read(n - len(found), secs=0.2)) or len(found) >= n,
        f"{n} messages",
    )
    return found


def bodies(messages: list[Received]) -> list[bytes]:
    return [message.body for message in messages]


def looked_at(connection: RabbitmqSettings, settings: QueueSettings) -> Report:
    report = Report()
    rabbitmq.look(connection, settings, report)
    return report


def failure_of(connection: RabbitmqSettings, settings: QueueSettings) -> Failure:
    with pytest.raises(Failure) as caught:
        rabbitmq.look(connection, settings, Report())
    return caught.value


def test_a_message_comes_with_all_that_is_known_of_it(rabbit: Rabbit, queue: str) -> None:
    rabbit.publish(
        queue,
        [b'{"n": 1}'],
        message_id="m-1",
        app_id="shop/till",
        correlation_id="c-1",
        content_type="application/json",
        type="order",
        priority=4,
        timestamp=1_700_000_000,
        headers={"tenant": "åre", "tries": 3, "is_test": True, "path": ["a", 1], "raw": b"\xff", "none": None},
    )

    with reading(rabbit, queue) as reader:
        [message] = taken(reader, 1)

    assert message.body == b'{"n": 1}'
    assert message.key == "shop%2Ftill/m-1"
    assert message.about == {
        "exchange": "",
        "routing_key": queue,
        "queue": queue,
        "message_id": "m-1",
        "correlation_id": "c-1",
        "content_type": "application/json",
        "type": "order",
        "app_id": "shop/till",
        "priority": 4,
        "timestamp": 1_700_000_000,
        "delivery_count": 0,
        "redelivered": False,
    }
    assert set(message.about) == set(rabbitmq.KNOWN)
    assert message.headers["tenant"] == "åre"
    assert message.headers["tries"] == "3"
    assert message.headers["is_test"] == "true"
    assert json.loads(message.headers["path"]) == ["a", 1]
    assert message.headers["raw"] == "\ufffd"
    assert message.headers["type"] == "order"
    assert "none" not in message.headers
    assert message.at is not None
    assert message.at.year == 2023
    assert not message.is_repeated
    assert not message.problem


def test_headers_come_whatever_stands_in_them(rabbit: Rabbit, queue: str) -> None:
    in_ms = datetime.fromtimestamp(1_764_580_000, UTC)
    headers = {"when": in_ms, "deep": [{"when": in_ms}], "x-delivery-count": Decimal("1.5"), "a\0b": "c\0d"}
    rabbit.publish(queue, [b"1"], message_id="a\0b", content_encoding="gz\0ip", headers=headers)
    rabbit.publish(queue, [b"2"], headers={"x-delivery-count": b"\xff"})

    with reading(rabbit, queue) as reader:
        first, second = taken(reader, 2)

    assert first.headers["when"] == "2025-12-01T09:06:40+00:00"
    assert "packed by gzip" in first.problem
    for message in (first, second):
        assert message.about["delivery_count"] == 0
        assert storable.refusal_in([message.headers, message.about, message.key, message.place], "") is None
        assert json.loads(json.dumps(message.about)) == message.about


def test_what_is_settled_is_forgotten_and_what_is_not_comes_again_in_order(rabbit: Rabbit, queue: str) -> None:
    rabbit.publish(queue, [b"%d" % number for number in range(6)])
    with reading(rabbit, queue) as reader:
        messages = taken(reader, 6)
        reader.settle(messages[:2])
        assert reader.lag().n_waiting == 4
        reader.settle([messages[4], messages[3]])

    with reading(rabbit, queue) as reader:
        again = taken(reader, 2)
        reader.settle(again)
        assert reader.lag().n_waiting == 0
        assert reader.read(5, secs=0) == []

    assert bodies(again) == [b"2", b"5"]
    assert all(message.is_repeated for message in again)
    assert rabbit.n_ready(queue) == 0


def test_a_message_without_an_id_has_no_key_and_neither_has_one_whose_id_nobody_trusts(
    rabbit: Rabbit, queue: str
) -> None:
    rabbit.publish(queue, [b"1"])
    rabbit.publish(queue, [b"2"], message_id="m-1")

    with reading(rabbit, queue) as reader:
        assert [message.key for message in taken(reader, 2)] == ["", "/m-1"]
    with reading(rabbit, queue, trusts_ids=False) as reader:
        assert [message.key for message in taken(reader, 2)] == ["", ""]


def test_no_more_is_in_hand_than_was_asked_for(rabbit: Rabbit, queue: str) -> None:
    rabbit.publish(queue, [b"%d" % number for number in range(10)])

    with reading(rabbit, queue, prefetch=3) as reader:
        first = taken(reader, 3)
        assert reader.read(10, secs=0.1) == []
        assert rabbit.n_ready(queue) == 7
        assert reader.lag().n_waiting == 10
        reader.settle(first)
        assert bodies(taken(reader, 3)) == [b"3", b"4", b"5"]


def test_a_read_of_nothing_waits_and_keeps_the_connection(rabbit: Rabbit, queue: str) -> None:
    rabbit.publish(queue, [b"1"])

    with reading(rabbit, queue) as reader:
        assert reader.read(0, secs=0.2) == []
        assert bodies(taken(reader, 1)) == [b"1"]


def test_two_readers_share_a_queue(rabbit: Rabbit, queue: str) -> None:
    with reading(rabbit, queue, prefetch=5) as one, reading(rabbit, queue, prefetch=5) as other:
        rabbit.publish(queue, [b"%d" % number for number in range(10)])
        found = [*taken(one, 5), *taken(other, 5)]

    assert sorted(bodies(found)) == [b"%d" % number for number in range(10)]


def test_packed_bodies_are_opened_as_far_as_there_is_room(
    rabbit: Rabbit, queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpacking, "MOST_BYTES", 1_000)
    bomb = gzip.compress(b"x" * 1_001)
    packed = {
        "gzip": [gzip.compress(b"1"), b"plain text", bomb, gzip.compress(b"3")[:-4]],
        "deflate": [zlib.compress(b"4")],
        "zstd": [b"5"],
    }
    for encoding, messages in packed.items():
        rabbit.publish(queue, messages, content_encoding=encoding)

    with reading(rabbit, queue) as reader:
        found = taken(reader, 6)

    assert [(message.body, message.problem) for message in found] == [
        (b"1", ""),
        (b"plain text", "It should be packed by gzip, and is not."),
        (bomb, "Unpacked it has more than 1,000 bytes."),
        (packed["gzip"][3], "It is packed by gzip, and its end is missing."),
        (b"4", ""),
        (b"5", "It is packed by zstd: only gzip and deflate are known."),
    ]


@pytest.mark.parametrize("kind", ["classic", "quorum"])
def test_a_queue_is_made_with_its_bindings_and_again_changes_nothing(kind: str, rabbit: Rabbit) -> None:
    name = f"made-{kind}"
    document: dict[str, Any] = {
        "declare": kind,
        "dead_letter_exchange": "amq.fanout",
        "arguments": {"x-max-length": "1000", "x-overflow": "reject-publish"},
        "bindings": [{"exchange": "amq.topic", "routing_key": "orders.*"}],
    }
    if kind == "quorum":
        document["delivery_limit"] = 5
    connection, settings = connection_of(rabbit), queue_of(name, **document)
    assert looked_at(connection, settings).findings[-1].state is State.DOUBT

    with reading(rabbit, name, **document) as reader:
        with rabbit.entered() as channel:
            channel.basic_publish("amq.topic", "orders.paid", b"1")
        [message] = taken(reader, 1)
    with reading(rabbit, name, **document) as reader:
        [again] = taken(reader, 1)

    assert (message.about["exchange"], message.about["routing_key"]) == ("amq.topic", "orders.paid")
    assert again.about["delivery_count"] == (1 if kind == "quorum" else 0)
    assert looked_at(connection, settings).is_well
    failure = failure_of(connection, queue_of(name, declare=kind, arguments={"x-max-length": "2000"}))
    assert failure.part is Part.PLACE
    assert "was made otherwise" in failure.told


def test_a_look_tells_how_much_waits_and_delivers_nothing(rabbit: Rabbit, queue: str) -> None:
    rabbit.publish(queue, [b"1", b"2"])

    report = looked_at(connection_of(rabbit), queue_of(queue))

    assert [(finding.part, finding.state) for finding in report.findings] == [
        (Part.RIGHT, State.WELL),
        (Part.PLACE, State.WELL),
    ]
    assert "2 messages" in report.findings[-1].told
    with reading(rabbit, queue) as reader:
        assert not any(message.is_repeated for message in taken(reader, 2))


def test_a_peek_gives_messages_back_where_they_were(rabbit: Rabbit, queue: str) -> None:
    rabbit.publish(queue, [b"1", b"2", b"3"])

    found = rabbitmq.peek(connection_of(rabbit), queue_of(queue), 2)

    assert bodies(list(found)) == [b"1", b"2"]
    with reading(rabbit, queue) as reader:
        again = taken(reader, 3)
    assert [(message.body, message.is_repeated) for message in again] == [(b"1", True), (b"2", True), (b"3", False)]
    assert rabbitmq.peek(connection_of(rabbit), queue_of(rabbit.declare("empty")), 2) == []


def test_what_is_missing_or_not_ours_is_said(rabbit: Rabbit, queue: str) -> None:
    anna = connection_of(rabbit)
    missing = failure_of(anna, queue_of("nothing-there"))
    assert (missing.part, missing.told) == (Part.PLACE, "There is no queue nothing-there in this virtual host.")
    refused = failure_of(connection_of(rabbit, user="nosy"), queue_of(queue))
    assert refused.part is Part.RIGHT
    with pytest.raises(Failure) as caught, reading(rabbit, queue, connection={"user": "nosy"}):
        pass
    assert caught.value.part is Part.RIGHT
    with pytest.raises(Failure) as caught, reading(rabbit, "nothing-there"):
        pass
    assert caught.value.part is Part.PLACE
    with pytest.raises(Failure) as caught, reading(rabbit, queue, bindings=[{"exchange": "no-exchange"}]):
        pass
    assert "no such exchange" in caught.value.told


def test_a_stream_is_refused(rabbit: Rabbit) -> None:
    with rabbit.entered() as channel:
        channel.queue_declare("a-stream", durable=True, arguments={"x-queue-type": "stream"})
    with reading(rabbit, "a-stream") as reader:
        rabbit.publish("a-stream", [b"1"])
        with pytest.raises(Failure, match="is a stream"):
            taken(reader, 1)
    with pytest.raises(Failure, match="not supported by stream queues"):
        rabbitmq.peek(connection_of(rabbit), queue_of("a-stream"), 1)


def test_a_queue_that_somebody_reads_alone_is_said_so(rabbit: Rabbit, queue: str) -> None:
    with rabbit.entered() as channel:
        channel.basic_consume(queue, lambda *_: None, exclusive=True)
        with pytest.raises(Failure, match="Somebody else reads") as caught, reading(rabbit, queue):
            pass
    assert caught.value.part is Part.PLACE


def test_a_queue_that_is_deleted_is_said_so(rabbit: Rabbit, queue: str) -> None:
    with reading(rabbit, queue) as reader:
        with rabbit.entered() as channel:
            channel.queue_delete(queue)
        with pytest.raises(Failure, match="was deleted") as caught:
            reader.read(1, secs=30)
    assert caught.value.part is Part.PLACE


@pytest.mark.parametrize(
    ("document", "part", "told"),
    [
        ({"password": "wrong"}, Part.SIGN_IN, "does not take this user and password"),
        ({"virtual_host": "nowhere"}, Part.RIGHT, "has no virtual host nowhere"),
        ({"user": "lost"}, Part.RIGHT, "does not let us into the virtual host /"),
    ],
)
def test_a_connection_that_is_not_let_in_says_where(
    document: dict[str, Any], part: Part, told: str, rabbit: Rabbit
) -> None:
    finding = connection_kind.test(connection_of(rabbit, **document)).findings[-1]

    assert (finding.part, finding.state) == (part, State.FAILED)
    assert told in finding.told


def test_a_connection_is_encrypted_under_the_name_of_its_host(rabbit: Rabbit) -> None:
    assert connection_kind.test(by_tls(rabbit)).is_well
    for wrong in ({"ca": ""}, {"host": "127.0.0.1"}):
        finding = connection_kind.test(by_tls(rabbit, **wrong)).findings[-1]
        assert (finding.part, finding.state) == (Part.TLS, State.FAILED)
        assert "is not to be trusted" in finding.told
    not_there = connection_kind.test(by_tls(rabbit, port=rabbit.port)).findings[-1]
    assert (not_there.part, not_there.told) == (Part.TLS, f"No secure connection to {HOST}: wrong version number.")
    in_clear = connection_kind.test(connection_of(rabbit, port=rabbit.tls_port)).findings[-1]
    assert (in_clear.part, in_clear.state) == (Part.NETWORK, State.FAILED)


def test_a_certificate_lets_us_in(rabbit: Rabbit) -> None:
    document = {"host": HOST, "port": rabbit.tls_port, "ca": rabbit.authority.certificate, "sign_in": "certificate"}
    pair = rabbit.client
    settings = read(RabbitmqSettings, {**document, "certificate": pair.certificate, "certificate_key": pair.key})
    stranger = rabbit.authority.sign("stranger")
    unknown = read(RabbitmqSettings, {**document, "certificate": stranger.certificate, "certificate_key": stranger.key})

    assert connection_kind.test(settings).is_well
    finding = connection_kind.test(unknown).findings[-1]
    assert (finding.part, finding.told) == (Part.SIGN_IN, f"{HOST} does not take our certificate.")


def test_a_broker_that_hangs_is_waited_for_until_the_time_out(rabbit: Rabbit, queue: str) -> None:
    rabbit.publish(queue, [b"1"])
    with reading(rabbit, queue) as reader:
        messages = taken(reader, 1)
        reader._session._secs = 1.0
        with rabbit.hanging():
            assert reader.read(1, secs=0.1) == []
            with pytest.raises(Failure, match="gives no answer within 1 s") as caught:
                reader.settle(messages)
            finding = connection_kind.test(connection_of(rabbit, time_out="1 second")).findings[-1]
    assert caught.value.part is Part.NETWORK
    assert (finding.part, finding.state) == (Part.NETWORK, State.FAILED)
    assert "says nothing within 1 s" in finding.told


@pytest.mark.parametrize("kind", ["classic", "quorum"] if IS_NIGHTLY else ["quorum"])
def test_every_message_arrives_once_though_readers_are_killed_and_the_broker_is_restarted(
    kind: str, rabbit: Rabbit
) -> None:
    queue = rabbit.declare(f"many-{kind}", **{"x-queue-type": kind})
    connection = {"host": "127.0.0.1", "port": rabbit.port, "user": "anna", "password": PASSWORD, "security": "none"}

    with bridged("rabbitmq", connection=connection, settings={"queue": queue}) as platform:
        all_arrive(platform, lambda messages: rabbit.publish(queue, messages), disturb=rabbit.restart)

    # Whoever is told to end confirms first what is stored; the broker puts back what nobody has confirmed.
    assert rabbit.n_ready(queue) == 0
