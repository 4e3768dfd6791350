"""Reads from Kafka as a member of a consumer group, and goes on in each partition where the database says.

What the broker is told of offsets is a hint, for people who look at lags there, and for partitions of which nothing
was read yet. Nothing is in flight between calls, so a partition that is taken away can go at once.
"""

import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Any, Final

from confluent_kafka import OFFSET_END, Consumer, KafkaError, KafkaException, Message, TopicPartition

from apps.bridges import kafka_client
from apps.bridges.kafka_client import Client
from apps.inbound.bridge_kind import Context
from apps.inbound.received import Lag, Received
from apps.inbound.topics.decoding import Decoder
from apps.inbound.topics.partition_places import Partition, Place, Places, Start, offsets_at

HARMLESS: Final = {
    KafkaError._PARTITION_EOF,
    KafkaError._MAX_POLL_EXCEEDED,  # we were kept from reading; it joins again by itself
}
OUT_OF_RANGE: Final = {KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE}
AT_ONCE: Final = {*kafka_client.SIGN_IN, KafkaError._SSL}  # are told as soon as they are known


class KafkaReader:
    """An open way to the messages of some topics."""

    def __init__(self, client: Client, places: Places, decoder: Decoder, context: Context) -> None:
        self._client = client
        self._consumer: Consumer = client.consumer
        self._places = places
        self._decoder = decoder
        self._context = context
        self._at: dict[Partition, Place] = {}  # what is assigned to us
        self._next: dict[Partition, int] = {}  # the offset that is returned next
        self._held: list[Message] = []  # was taken out to look at it
        self._is_paused = False
        self._has_joined = False
        self._known_at_first: dict[str, int] = {}

    def subscribe(self, topics: Sequence[str], known: dict[str, int]) -> None:
        """Join the group. `known` has the topics that there are, each with its number of partitions."""
        self._known_at_first = known
        self._consumer.subscribe(
            list(topics), on_assign=self._on_assign, on_revoke=self._on_revoke, on_lost=self._on_revoke
        )

    @property
    def assigned(self) -> Collection[Partition]:
        """Return the partitions that are ours now."""
        return self._at.keys()

    def wait_until_assigned(self, *, secs: float) -> None:
        """Wait until the group has decided what is ours; it takes longer where others are slow to agree."""
        until = time.monotonic() + secs
        while not self._has_joined and time.monotonic() < until:
            self._hold(0.1)
            self._check()

    def read(self, limit: int, *, secs: float) -> Sequence[Received]:
        """Return the next messages, at most so many; with a limit of 0 none, while the group keeps us."""
        if limit == 0:
            self._pause()
            self._hold(secs)
            self._check()
            return []
        self._resume()
        messages, self._held = self._held[:limit], self._held[limit:]
        messages += self._consumed(limit - len(messages))
        if not messages:
            messages = self._polled(secs)
            messages += self._consumed(limit - len(messages)) if messages else []
        self._check()
        return self._received(messages)

    def settle(self, messages: Sequence[Received]) -> None:
        """Let the broker know how far we are; the library tells it now and then, and before it leaves."""
        latest: dict[str, Received] = {received.place: received for received in messages}
        mine = {str(place): partition for partition, place in self._at.items()}
        for place, received in latest.items():
            if place in mine:
                self._hint(mine[place], received.position)

    def lag(self) -> Lag:
        """Count what waits in our partitions, and look at the next message. Raises Failure where nobody answers."""
        self._check_brokers()
        if not self._at:
            return Lag(0 if self._has_joined else None, is_part=True)
        ends = offsets_at(self._client, list(self._at), OFFSET_END)
        n_waiting = sum(max(0, self._end(it, ends[it]) - self._next[it]) for it in self._at)
        if n_waiting and not self._held and not self._is_paused:
            self._hold(0)
        return Lag(n_waiting, self._oldest_at(), is_part=True)

    def close(self) -> None:
        """Leave the group, so that others take over at once."""
        kafka_client.closed(self._consumer)

    def _on_assign(self, consumer: Consumer, partitions: Sequence[TopicPartition]) -> None:
        wanted = [(it.topic, it.partition) for it in partitions]
        fresh = [it for it in wanted if it[1] >= self._known_at_first.get(it[0], 0)]
        starts = self._places.starts(wanted, self._context.positions(), fresh=fresh)
        given = [self._begin(start) for start in starts]
        if is_incremental(self._client.settings.options):
            consumer.incremental_assign(given)
        else:
            consumer.assign(given)
        if self._is_paused and given:
            consumer.pause(given)
        self._has_joined = True
        for start in starts:
            if start.is_new:
                self._hint((start.place.topic, start.place.partition), start.offset)

    def _begin(self, start: Start) -> TopicPartition:
        partition = (start.place.topic, start.place.partition)
        self._at[partition] = start.place
        self._next[partition] = start.offset
        return TopicPartition(*partition, start.offset)

    def _on_revoke(self, _: Consumer, partitions: Sequence[TopicPartition]) -> None:
        """Forget what was taken away; the library itself lets go of it, and tells the broker how far we are."""
        for it in partitions:
            self._at.pop((it.topic, it.partition), None)
            self._next.pop((it.topic, it.partition), None)

    def _polled(self, secs: float) -> list[Message]:
        message = self._consumer.poll(secs)
        return [] if message is None else [message]

    def _hold(self, secs: float) -> None:
        """Wait for what happens in the group; a message that comes is returned later."""
        for message in self._polled(secs):
            error = message.error()
            if error is None:
                self._held.append(message)
            else:
                self._failed(message, error)

    def _consumed(self, n: int) -> list[Message]:
        """Take what is there, without a wait."""
        return self._consumer.consume(n, 0) if n > 0 else []

    def _received(self, messages: Sequence[Message]) -> list[Received]:
        """Decode what is still ours: a partition may have been taken away, or begun again, while we read."""
        found = []
        names = {partition: str(place) for partition, place in self._at.items()}
        for message in messages:
            error = message.error()
            if error is not None:
                self._failed(message, error)
                names = {partition: str(place) for partition, place in self._at.items()}
                continue
            partition, offset = (str(message.topic()), message.partition() or 0), message.offset() or 0
            if partition not in self._at or offset < self._next[partition]:
                continue
            self._next[partition] = offset + 1
            received = self._decoder.received(message, place=names[partition])
            if received is not None:
                found.append(received)
        return found

    def _failed(self, message: Message, error: KafkaError) -> None:
        code = error.code()
        if code in HARMLESS:
            return
        topic = message.topic() or ""
        if code in OUT_OF_RANGE:
            self._go_on_elsewhere((topic, message.partition() or 0))
        elif error.fatal() or not error.retriable() or code in kafka_client.NO_TOPIC:
            raise self._client.told_of(topic, error)

    def _go_on_elsewhere(self, partition: Partition) -> None:
        """Leave an offset that the broker does not have; a partition that is no longer ours is none of our business."""
        if partition in self._at:
            start = self._places.begun_anew(self._at[partition], self._next[partition])
            self._assign_again(self._begin(start))

    def _assign_again(self, begun: TopicPartition) -> None:
        """Let the library read a partition from elsewhere: it seeks in none of which it has said an error."""
        if is_incremental(self._client.settings.options):
            self._consumer.incremental_unassign([begun])
            self._consumer.incremental_assign([begun])
        else:
            self._consumer.assign([TopicPartition(*it, offset) for it, offset in self._next.items()])

    def _check(self) -> None:
        """Raise Failure for what the library has told in the background, where it cannot be waited for."""
        if not self._client.errors:
            return
        errors = self._client.errors[:]
        self._client.errors.clear()
        codes = {error.code() for error in errors}
        if codes & AT_ONCE:
            raise kafka_client.failure_from(errors, self._client)
        if KafkaError._ALL_BROKERS_DOWN in codes:  # or they were, a moment ago
            self._check_brokers()

    def _check_brokers(self) -> None:
        topic = next(iter(self._at), ("", 0))[0]
        if topic:
            self._client.check_topic(topic)
        else:
            self._client.check_brokers()

    def _hint(self, partition: Partition, offset: int) -> None:
        with suppress(KafkaException):  # it was taken away
            self._consumer.store_offsets(offsets=[TopicPartition(*partition, offset)])

    def _end(self, partition: Partition, end: int) -> int:
        """Return where a partition ends, by what was asked now, and by what came with its messages."""
        bounds = self._consumer.get_watermark_offsets(TopicPartition(*partition), cached=True)
        return max(end, bounds[1] if bounds else 0)

    def _oldest_at(self) -> Any:
        for message in self._held:
            if message.error() is None:
                received = self._decoder.received(message, place="")
                return received.at if received else None
        return None

    def _pause(self) -> None:
        if not self._is_paused:
            self._is_paused = True
            self._consumer.pause(_named(self._at))

    def _resume(self) -> None:
        if self._is_paused:
            self._is_paused = False
            self._consumer.resume(_named(self._at))


def _named(partitions: Collection[Partition]) -> list[TopicPartition]:
    return [TopicPartition(topic, number) for topic, number in partitions]


def is_incremental(options: Any) -> bool:
    """Tell whether a rebalance takes away only what goes elsewhere."""
    strategy = options.get("partition.assignment.strategy", "cooperative-sticky")
    return "cooperative" in strategy or options.get("group.protocol", "").lower() == "consumer"
