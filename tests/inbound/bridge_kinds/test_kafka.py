"""Topics of Kafka, read from a real broker: what comes, in which order, and where reading goes on."""

import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from apps.bridges import kafka_client, kafka_probe
from apps.bridges.connection_kind import Part, Report
from apps.inbound.bridge_kind import Seek, To
from apps.inbound.bridge_kinds import kafka
from apps.inbound.received import Failure, Lag
from tests.inbound.kafka_bridge import QUICK, Bridge, bodies, connection_of, numbers
from tests.live import wait_for
from tests.systems.certificates import Authority, Pair
from tests.systems.kafka import KafkaServer, kafka_server
from tests.systems.kafka_gate import Gate, kafka_gate

pytestmark = pytest.mark.xdist_group("kafka")


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaServer]:
    with kafka_server(tmp_path_factory.mktemp("kafka")) as server:
        yield server


@pytest.fixture(scope="module")
def gates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    with kafka_gate(tmp_path_factory.mktemp("gate")) as running:
        yield running


@pytest.fixture
def gate(gates: Gate) -> Gate:
    """A broker behind a gate, which each test lets in whom it wants."""
    gates.let_in()
    return gates


@pytest.fixture
def topic(broker: KafkaServer) -> str:
    return broker.create(f"orders-{uuid4().hex[:8]}", partitions=2)


@pytest.fixture
def bridge(broker: KafkaServer, topic: str) -> Bridge:
    return Bridge(connection_of(broker.servers), [topic])


def test_messages_come_in_the_order_of_their_partition(broker: KafkaServer, topic: str, bridge: Bridge) -> None:
    broker.produce(topic, bodies(*range(100)), partition=0, key="k", headers={"trace": b"7"}, at_ms=1_700_000_000_000)

    with bridge.reading() as reader:
        found = bridge.until(100, reader)

    assert numbers(found) == list(range(100))
    first = found[0]
    at = 1_700_000_000_000
    assert first.headers == {"trace": "7"}
    assert first.about == {"topic": topic, "partition": 0, "offset": 0, "key": "k", "timestamp": at}
    assert first.at is not None
    assert first.at.year == 2023
    assert first.key == f"{topic}/0/0/1700000000000"
    assert first.place.startswith(f"{topic}/0@")
    assert found[-1].position == 100
    assert len({it.key for it in found}) == 100


def test_who_comes_back_goes_on_where_what_was_stored_ends(broker: KafkaServer, topic: str, bridge: Bridge) -> None:
    broker.produce(topic, bodies(*range(20)), partition=0, is_single=True)
    with bridge.reading() as reader:
        bridge.run(lambda: len(bridge.stored) >= 5, reader)
    [place] = bridge.positions
    bridge.positions[place] = 7
    bridge.stored.clear()

    with bridge.reading() as reader:
        assert numbers(bridge.until(13, reader)) == list(range(7, 20))


def test_a_read_returns_what_is_there_and_no_more_than_may_be_taken(
    broker: KafkaServer, topic: str, bridge: Bridge
) -> None:
    broker.produce(topic, bodies(*range(10)), partition=0)
    with bridge.reading() as reader:
        wait_for(lambda: bridge.take(reader, limit=3), "the first messages")
        assert len(bridge.stored) <= 3
        began_at = time.monotonic()
        assert bridge.take(reader, limit=100, secs=60)
        bridge.until(10, reader)
        assert reader.read(10, secs=0.2) == []
        assert time.monotonic() - began_at < 50


def test_nothing_is_taken_while_nothing_may_be_and_nothing_is_lost(
    broker: KafkaServer, topic: str, bridge: Bridge
) -> None:
    broker.produce(topic, bodies(*range(50)), partition=0, is_single=True)
    with bridge.reading() as reader:
        bridge.take(reader, limit=10)
        for _ in range(8):
            assert reader.read(0, secs=0.2) == []
        reader.lag()
        assert numbers(bridge.until(50, reader)) == list(range(50))


def test_who_begins_with_the_latest_misses_nothing_that_comes_while_nobody_reads(
    broker: KafkaServer, topic: str, bridge: Bridge
) -> None:
    bridge.document = {"start": "new"}
    broker.produce(topic, bodies(1, 2), partition=0, is_single=True)
    with bridge.reading() as reader:
        bridge.run(lambda: len(reader.assigned) == 2, reader)
        assert bridge.take(reader, secs=0.5) == []
    broker.produce(topic, bodies(3, 4), partition=0, is_single=True)

    with bridge.reading() as reader:
        assert numbers(bridge.until(2, reader)) == [3, 4]


def test_a_group_that_is_known_goes_on(broker: KafkaServer, topic: str, bridge: Bridge) -> None:
    bridge.document = {"group": f"shop-{topic}"}
    broker.produce(topic, bodies(*range(5)), partition=0, is_single=True)
    with bridge.reading() as reader:
        bridge.until(5, reader)
    other = Bridge(bridge.connection, [topic], {"group": f"shop-{topic}"})
    broker.produce(topic, bodies(5, 6), partition=0, is_single=True)

    with other.reading() as reader:
        assert numbers(other.until(2, reader)) == [5, 6]


def test_a_message_without_a_value_is_passed_over_or_taken_as_null(
    broker: KafkaServer, topic: str, bridge: Bridge
) -> None:
    broker.produce(topic, [b"1", None, b"2"], partition=0, key="k", is_single=True)
    other = Bridge(bridge.connection, [topic], {"takes_tombstones": True})

    with bridge.reading() as reader:
        assert [it.body for it in bridge.until(2, reader)] == [b"1", b"2"]
    with other.reading() as reader:
        assert [(it.body, it.about["key"]) for it in other.until(3, reader)] == [
            (b"1", "k"),
            (b"null", "k"),
            (b"2", "k"),
        ]


def test_bytes_that_are_no_text_come_as_they_are(broker: KafkaServer, topic: str, bridge: Bridge) -> None:
    broker.produce(topic, [b"\xff no JSON"], partition=0, key=b"\xfe", headers={"x": b"\xfd"})

    with bridge.reading() as reader:
        [found] = bridge.until(1, reader)

    assert (found.body, found.problem) == (b"\xff no JSON", "")
    assert (found.about["key"], found.headers) == ("\ufffd", {"x": "\ufffd"})


def test_a_message_of_fifty_megabytes_is_read(broker: KafkaServer, topic: str, bridge: Bridge) -> None:
    broker.produce(topic, [b'"' + b"x" * 50_000_000 + b'"', b"1"], partition=0, is_single=True)

    with bridge.reading() as reader:
        assert [len(it.body) for it in bridge.until(2, reader)] == [50_000_002, 1]


def test_a_pattern_finds_topics_and_those_that_come(broker: KafkaServer, topic: str, bridge: Bridge) -> None:
    prefix = f"shop-{topic}"
    bridge.topics = [f"^{prefix}\\..*"]
    bridge.document = {"start": "new"}
    bridge.connection = connection_of(broker.servers, options={**QUICK, "topic.metadata.refresh.interval.ms": "500"})
    first = broker.create(f"{prefix}.a")
    broker.produce(first, bodies(1))
    with bridge.reading() as reader:
        assert bridge.take(reader, secs=0.5) == []
        second = broker.create(f"{prefix}.b")
        broker.produce(second, bodies(2, 3), is_single=True)

        assert numbers(bridge.until(2, reader)) == [2, 3]


def test_the_lag_counts_what_waits_and_looks_at_the_next(broker: KafkaServer, topic: str, bridge: Bridge) -> None:
    at = 1_700_000_000_000
    broker.produce(topic, bodies(*range(6)), partition=0, is_single=True, at_ms=at)
    with bridge.reading() as reader:
        wait_for(lambda: bridge.take(reader, limit=2), "the first messages")
        wait_for(lambda: reader.lag().oldest_at is not None, "the next one")
        lag = reader.lag()
        assert lag.n_waiting == 6 - len(bridge.stored)
        assert lag.oldest_at is not None
        assert lag.oldest_at.timestamp() * 1_000 == at
        assert numbers(bridge.until(6, reader)) == list(range(6))
        assert reader.lag() == Lag(0, None, is_part=True)


@pytest.mark.parametrize(
    ("seek", "expected"),
    [
        (Seek(To.BEGINNING), [0, 1, 2, 3]),
        (Seek(To.END), []),
        (Seek(To.POSITION, place="{topic}", position="3"), [3]),
        (Seek(To.POSITION, place="{topic}/0", position="1"), [1, 2, 3]),
    ],
)
def test_a_bridge_reads_on_from_elsewhere(
    broker: KafkaServer, topic: str, bridge: Bridge, seek: Seek, expected: list[int]
) -> None:
    topic = broker.create(f"{topic}-one")
    bridge.topics = [topic]
    broker.produce(topic, bodies(*range(4)), is_single=True)
    with bridge.reading() as reader:
        bridge.until(4, reader)
    bridge.stored.clear()

    seek = Seek(seek.to, place=seek.place.format(topic=topic), position=seek.position)
    sought = kafka.seek(bridge.connection, bridge.settings, seek, bridge.context())
    assert sought.keys() == bridge.positions.keys()
    bridge.positions.update(sought)

    with bridge.reading() as reader:
        assert numbers(bridge.until(len(expected), reader)) == expected


@pytest.mark.parametrize(
    ("place", "position", "told"),
    [
        ("nowhere/0", "1", "There is no partition nowhere/0."),
        ("", "7", "{topic}/0 goes from offset 0 to 0, where the next one comes."),
        ("", "soon", "{topic}/0 goes from offset 0 to 0, where the next one comes."),
    ],
)
def test_what_is_no_position_is_refused(topic: str, bridge: Bridge, place: str, position: str, told: str) -> None:
    with pytest.raises(Failure) as failure:
        kafka.seek(bridge.connection, bridge.settings, Seek(To.POSITION, None, place, position), bridge.context())

    assert (failure.value.part, failure.value.told) == (Part.PLACE, told.format(topic=topic))


def test_the_newest_messages_are_looked_at_and_not_consumed(
    broker: KafkaServer, topic: str, bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka, "PEEK_SECS", 60.0)
    monkeypatch.setattr(kafka, "QUIET_SECS", 20.0)
    broker.produce(topic, bodies(*range(8)), partition=1, is_single=True)

    assert numbers(kafka.peek(bridge.connection, bridge.settings, 5)) == [3, 4, 5, 6, 7]
    assert topic in kafka.places(bridge.connection)
    with bridge.reading() as reader:
        assert len(bridge.until(8, reader)) == 8


def look(bridge: Bridge) -> list[tuple[str, str, str]]:
    report = Report()
    kafka.look(bridge.connection, bridge.settings, report)
    return [(it.part.value, it.state.value, it.told) for it in report.findings]


def test_a_look_finds_what_is_there(broker: KafkaServer, topic: str, bridge: Bridge) -> None:
    assert look(bridge) == [
        ("right", "well", "We may read what is there."),
        ("place", "well", f"Topics: {topic}."),
    ]
    bridge.topics = ["^nothing-like-that"]
    assert look(bridge)[0][:2] == ("place", "doubt")


def test_a_topic_that_is_not_there_is_named(bridge: Bridge) -> None:
    bridge.topics = ["nowhere"]

    with pytest.raises(Failure) as failure:
        look(bridge)
    with pytest.raises(Failure), bridge.reading():
        pass

    assert (failure.value.part, failure.value.told) == (Part.PLACE, "There is no topic nowhere, or no longer.")


def test_a_broker_that_hangs_is_a_failure_and_then_it_goes_on(
    broker: KafkaServer, topic: str, bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker.produce(topic, bodies(1, 2), partition=0, is_single=True)
    with bridge.reading() as reader:
        bridge.until(2, reader)
        with broker.hanging(), monkeypatch.context() as hasty:
            hasty.setattr(kafka_client, "ASK_SECS", 1.0)
            hasty.setattr(kafka_probe, "PROBE_SECS", 1.0)
            with pytest.raises(Failure) as failure:
                reader.lag()
            with pytest.raises(Failure) as again:
                kafka.open(bridge.connection, bridge.settings, bridge.context())
    broker.produce(topic, bodies(3), partition=0, is_single=True)
    with bridge.reading() as reader:
        assert numbers(bridge.until(3, reader)) == [1, 2, 3]

    assert failure.value.part is again.value.part is Part.NETWORK


def test_a_topic_that_disappears_is_read_from_its_beginning_once_it_is_back(gate: Gate) -> None:
    topic = gate.broker.create(f"orders-{uuid4().hex[:8]}")
    options = {**QUICK, "topic.metadata.refresh.interval.ms": "300"}
    bridge = Bridge(connection_of(gate.servers, options=options), [topic])
    gate.broker.produce(topic, bodies(*range(5)), is_single=True)
    with bridge.reading() as reader:
        bridge.until(5, reader)
        gate.broker.delete(topic)
        with pytest.raises(Failure) as failure:
            bridge.run(lambda: False, reader)
    with pytest.raises(Failure), bridge.reading():
        pass
    gate.broker.create(topic)
    gate.broker.produce(topic, bodies(*range(10, 19)), is_single=True)
    with bridge.reading() as reader:
        found = numbers(bridge.until(14, reader))

    assert (failure.value.part, failure.value.told) == (Part.PLACE, f"There is no topic {topic}, or no longer.")
    assert found == [*range(5), *range(10, 19)]
    assert len(bridge.positions) == 2


def test_a_password_that_changes_ends_in_a_state_and_then_it_goes_on(gate: Gate) -> None:
    topic = gate.broker.create(f"orders-{uuid4().hex[:8]}")
    gate.broker.produce(topic, bodies(1, 2), is_single=True)
    gate.let_in(mechanism="PLAIN", secrets={"ann": "open sesame"})
    known = {"sign_in": "plain", "user": "ann", "password": "open sesame"}
    bridge = Bridge(connection_of(gate.servers, **known), [topic])
    with bridge.reading() as reader:
        bridge.until(2, reader)
        gate.let_in(mechanism="PLAIN", secrets={"ann": "open barley"})
        with pytest.raises(Failure) as failure:
            bridge.run(lambda: False, reader)
    gate.let_in()
    gate.broker.produce(topic, bodies(3), is_single=True)
    gate.let_in(mechanism="PLAIN", secrets={"ann": "open barley"})
    bridge.connection = connection_of(gate.servers, **{**known, "password": "open barley"})
    with bridge.reading() as reader:
        assert numbers(bridge.until(3, reader)) == [1, 2, 3]

    assert failure.value.part is Part.SIGN_IN


def test_a_certificate_that_ends_is_a_failure(gate: Gate, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    topic = gate.broker.create(f"orders-{uuid4().hex[:8]}")
    gate.broker.produce(topic, bodies(1), is_single=True)
    gate.let_in(context=speaking(authority.sign("localhost")))
    bridge = Bridge(connection_of(gate.servers, security="tls", ca=authority.certificate), [topic])
    with bridge.reading() as reader:
        bridge.until(1, reader)
        gate.let_in(context=speaking(authority.sign("localhost", days=-1)))
        with pytest.raises(Failure) as failure:
            bridge.run(lambda: False, reader)

    assert failure.value.part is Part.TLS


def speaking(pair: Pair) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate_file, pair.key_file)
    return context
