"""Bridges of Kafka that read together, and brokers that refuse: by the cluster that the client library brings along."""

from collections.abc import Iterator
from typing import Any

import pytest
from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, KafkaError, TopicPartition

from apps.bridges import kafka_client
from apps.bridges.connection_kind import Part
from apps.bridges.kafka_client import Client
from apps.inbound.bridge_kinds import kafka
from apps.inbound.received import Failure
from apps.inbound.topics import partition_places
from apps.inbound.topics.partition_places import Places, offsets_at
from tests.inbound.kafka_bridge import Bridge, bodies, connection_of, numbers
from tests.live import wait_for
from tests.systems.kafka import produce
from tests.systems.kafka_mock import FETCH, HEARTBEAT, JOIN, MockCluster, kafka_mock

pytestmark = pytest.mark.xdist_group("kafka_group")
PARTITIONS = 4
PATIENT = {"session.timeout.ms": "2000", "heartbeat.interval.ms": "200"}  # who is kept from answering for long is out


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[MockCluster]:
    monkeypatch.setattr(partition_places, "DESCRIBE_SECS", 0.2)  # it has no controller to ask, and so no ids of topics
    monkeypatch.setattr(kafka, "JOIN_SECS", 0.3)  # the one thread of a test reads for both
    with kafka_mock() as found:
        found.create("orders", partitions=PARTITIONS)
        yield found


@pytest.fixture
def bridge(cluster: MockCluster) -> Bridge:
    return Bridge(connection_of(cluster.servers, options=PATIENT), ["orders"])


def publish(cluster: MockCluster, begin: int, end: int) -> None:
    for number in range(PARTITIONS):
        produce(cluster.servers, "orders", bodies(*range(begin + number, end, PARTITIONS)), partition=number)


@pytest.mark.parametrize("strategy", ["cooperative-sticky", "range"])
def test_two_share_partitions_and_neither_loses_nor_repeats_any(cluster: MockCluster, strategy: str) -> None:
    options = {**PATIENT, "partition.assignment.strategy": strategy}
    bridge = Bridge(connection_of(cluster.servers, options=options), ["orders"])
    publish(cluster, 0, 400)
    with bridge.reading("here-1") as one:
        bridge.run(lambda: len(bridge.stored) >= 100, one)
        with bridge.reading("there-2") as other:
            publish(cluster, 400, 800)
            bridge.run(lambda: [len(one.assigned), len(other.assigned)] == [2, 2], one, other)
            bridge.run(lambda: len(bridge.stored) >= 800, one, other)
            publish(cluster, 800, 1_200)
            bridge.run(lambda: len(bridge.stored) >= 1_000, one, other)
        bridge.run(lambda: len(bridge.stored) >= 1_200, one)

    assert sorted(numbers(bridge.stored)) == list(range(1_200))
    for number in range(PARTITIONS):
        of_partition = [it for it in bridge.stored if it.about["partition"] == number]
        assert [it.about["offset"] for it in of_partition] == list(range(300))


def test_one_that_is_cut_off_is_followed_by_another_where_storing_ended(cluster: MockCluster) -> None:
    options = {**PATIENT, "max.poll.interval.ms": "2000"}  # who asks for nothing for so long is out
    bridge = Bridge(connection_of(cluster.servers, options=options), ["orders"])
    publish(cluster, 0, 200)
    with bridge.reading("here-1") as one:
        wait_for(lambda: bridge.take(one, limit=20) and len(bridge.stored) >= 60, "some messages")
        wait_for(lambda: one.read(50, secs=0.5), "one that is read and not stored")
        with bridge.reading("there-2") as other:
            bridge.run(lambda: len(bridge.stored) >= 200, other)

    assert sorted(numbers(bridge.stored)) == list(range(200))


@pytest.mark.parametrize("strategy", ["cooperative-sticky", "range"])
def test_a_position_that_the_broker_does_not_have_begins_anew(cluster: MockCluster, strategy: str) -> None:
    options = {**PATIENT, "partition.assignment.strategy": strategy}
    bridge = Bridge(connection_of(cluster.servers, options=options), ["orders"])
    publish(cluster, 0, 40)
    bridge.positions = {"orders/0": 500, "orders/1": 7}

    with bridge.reading() as reader:
        bridge.run(lambda: len(bridge.stored) >= 33, reader)

    of_first = [it for it in bridge.stored if it.about["partition"] == 0]
    assert [it.about["offset"] for it in of_first] == list(range(10))
    assert {it.place for it in of_first} == {"orders/0+2"}
    assert [it.about["offset"] for it in bridge.stored if it.about["partition"] == 1] == [7, 8, 9]
    bridge.stored.clear()
    publish(cluster, 40, 44)
    with bridge.reading() as reader:
        assert sorted(numbers(bridge.until(4, reader))) == [40, 41, 42, 43]


@pytest.mark.parametrize(
    ("request_kind", "code", "told"),
    [
        (FETCH, KafkaError.TOPIC_AUTHORIZATION_FAILED, "We have no right to read the topic orders."),
        (JOIN, KafkaError.GROUP_AUTHORIZATION_FAILED, "We have no right to read as this consumer group."),
    ],
)
def test_a_right_that_is_lacking_is_named(
    cluster: MockCluster, bridge: Bridge, request_kind: int, code: int, told: str
) -> None:
    publish(cluster, 0, 8)
    cluster.fail(request_kind, [code] * 8)

    with pytest.raises(Failure) as failure, bridge.reading() as reader:
        bridge.run(lambda: False, reader)

    assert (failure.value.part, failure.value.told) == (Part.RIGHT, told)


def test_a_topic_that_nobody_may_know_of_is_named(cluster: MockCluster, bridge: Bridge) -> None:
    cluster.refuse("orders", KafkaError.TOPIC_AUTHORIZATION_FAILED)

    with pytest.raises(Failure) as failure, bridge.reading():
        pass

    assert (failure.value.part, failure.value.told) == (Part.RIGHT, "We have no right to read the topic orders.")


def test_brokers_that_go_away_are_a_failure_and_then_it_goes_on(
    cluster: MockCluster, bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(cluster, 0, 40)
    with bridge.reading() as reader:
        bridge.until(40, reader)
        cluster.down()
        with monkeypatch.context() as hasty:
            hasty.setattr(kafka_client, "ASK_SECS", 1.0)
            with pytest.raises(Failure) as failure:
                bridge.run(lambda: False, reader)
    with pytest.raises(Failure) as again, bridge.reading():
        pass
    cluster.up()
    publish(cluster, 40, 80)
    with bridge.reading() as reader:
        bridge.until(80, reader)

    assert failure.value.part is again.value.part is Part.NETWORK
    assert sorted(numbers(bridge.stored)) == list(range(80))


def test_a_static_member_is_told_when_there_are_two(cluster: MockCluster, bridge: Bridge) -> None:
    bridge.document = {"is_static": True}
    with bridge.reading() as reader:
        cluster.fail(HEARTBEAT, [KafkaError.FENCED_INSTANCE_ID])
        with pytest.raises(Failure) as failure:
            bridge.run(lambda: False, reader)

    assert failure.value.told == "Another process reads as the same static member of the group."


def test_the_time_to_begin_at_is_asked_of_the_broker(cluster: MockCluster) -> None:
    bridge = Bridge(
        connection_of(cluster.servers, options=PATIENT),
        ["orders"],
        {"start": "time", "start_at": "2026-03-01T08:00:00Z"},
    )

    assert bridge.settings.start_ms == 1_772_352_000_000


class Clock:
    """A broker that knows which message came when: no broker of the tests does."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def offsets_for_times(self, wanted: list[TopicPartition], *, timeout: float) -> list[TopicPartition]:
        self.asked += [it.offset for it in wanted]
        offsets = {OFFSET_END: 9}
        return [TopicPartition(it.topic, it.partition, offsets.get(it.offset, 5 - 6 * it.partition)) for it in wanted]


def test_a_time_is_the_first_offset_since_and_the_end_where_nothing_came() -> None:
    clock: Any = Clock()
    client = Client(connection_of("127.0.0.1:9092"), clock)

    assert offsets_at(client, [("orders", 0), ("orders", 1)], 1_700_000_000_000) == {("orders", 0): 5, ("orders", 1): 9}
    assert clock.asked == [1_700_000_000_000, 1_700_000_000_000, OFFSET_END]


def test_all_partitions_of_a_topic_that_was_made_anew_begin_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    clock: Any = Clock()
    monkeypatch.setattr(partition_places, "_topic_ids", lambda *_: {"orders": "new"})
    places = Places(Client(connection_of("127.0.0.1:9092"), clock), "new", None)

    [start] = places.starts([("orders", 0)], {"orders/1@old": 70, "orders/0@new": None})

    assert (str(start.place), start.offset, start.is_new) == ("orders/0@new", 5, True)
    assert clock.asked == [OFFSET_BEGINNING]


def test_a_broker_that_learns_to_give_ids_makes_no_topic_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    clock: Any = Clock()
    monkeypatch.setattr(partition_places, "_topic_ids", lambda *_: {"orders": "new"})
    places = Places(Client(connection_of("127.0.0.1:9092"), clock), "new", None)

    [start] = places.starts([("orders", 0)], {"orders/0": 7, "orders/0+2": 3})

    assert (str(start.place), start.offset) == ("orders/0@new", 3)
