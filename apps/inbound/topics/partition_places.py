"""Where reading goes on in each partition of Kafka.

A place is named topic/partition@id, where the id is the topic's: a topic that was deleted and made again begins with
offset 0, and must not be taken for the one before. Brokers that give topics no ids are believed as long as the stored
position exists; once it does not, the partition begins anew under a name that ends in +2, then +3 ...
"""

import logging
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient

from apps.bridges import kafka_client
from apps.bridges.connection_kind import Failure, Part
from apps.bridges.kafka_client import Client
from apps.inbound.starts import BEGINNING

logger = logging.getLogger(__name__)
DESCRIBE_SECS: Final = 5.0
PLACE: Final = re.compile(r"(?P<topic>[^/@+]+)/(?P<partition>\d+)(@(?P<id>[^+]+))?(\+(?P<turn>\d+))?")

Partition = tuple[str, int]  # topic and number


class Place(NamedTuple):
    """A partition of a topic as it was made at some time."""

    topic: str
    partition: int
    topic_id: str  # empty: the broker gives none
    turn: int = 1  # goes up when a partition begins anew under the same id

    def __str__(self) -> str:
        named = f"{self.topic}/{self.partition}" + (f"@{self.topic_id}" if self.topic_id else "")
        return named if self.turn == 1 else f"{named}+{self.turn}"


def place_of(text: str) -> Place | None:
    """Read the name of a place; None where it is none."""
    found = PLACE.fullmatch(text)
    if found is None:
        return None
    return Place(found["topic"], int(found["partition"]), found["id"] or "", int(found["turn"] or 1))


class Start(NamedTuple):
    """Where reading of a partition begins."""

    place: Place
    offset: int
    is_new: bool  # nothing of it is stored yet


@dataclass
class Places:
    """Finds for partitions which place they are, and where to go on there."""

    client: Client
    start: str  # as `starts` has them
    start_ms: int | None  # of time
    _ids: dict[str, str] = field(default_factory=dict)
    _gives_ids: bool = True

    def starts(
        self, partitions: Collection[Partition], stored: Mapping[str, Any], *, fresh: Collection[Partition] = ()
    ) -> list[Start]:
        """Say where to begin: where we were, else where the group was, else as the settings say. Raises Failure.

        `fresh` are partitions that came about while we read: these begin at their beginning, whatever the settings say.
        """
        stored = {name: position for name, position in stored.items() if isinstance(position, int)}
        places = self.places(partitions, stored)
        known = {place: stored[str(place)] for place in places if str(place) in stored}
        unknown = [place for place in places if place not in known]
        offsets = {**self._begun(unknown, stored, fresh=fresh), **known}
        return [Start(place, offsets[place], is_new=place not in known) for place in places]

    def _begun(
        self, places: Sequence[Place], stored: Mapping[str, int], *, fresh: Collection[Partition]
    ) -> dict[Place, int]:
        """Say where to begin that of which nothing is stored under its id."""
        adopted = {place: self._adopted(place, stored) for place in places}
        asked = [place for place, offset in adopted.items() if offset is None]
        begun = {place: offset for place, offset in adopted.items() if offset is not None}
        begun |= self._begin(asked, fresh=fresh) if asked else {}
        return begun | self._earliest([place for place, offset in begun.items() if offset == OFFSET_BEGINNING])

    def _earliest(self, places: Sequence[Place]) -> dict[Place, int]:
        found = offsets_at(self.client, [(it.topic, it.partition) for it in places], OFFSET_BEGINNING)
        return {place: found[place.topic, place.partition] for place in places}

    def places(self, partitions: Collection[Partition], stored: Mapping[str, Any]) -> list[Place]:
        """Return the place that each partition is now."""
        ids = self.topic_ids({topic for topic, _ in partitions}, stored)
        turns: dict[Place, int] = {}
        for place in filter(None, map(place_of, stored)):
            first = place._replace(turn=1)
            turns[first] = max(place.turn, turns.get(first, 1))
        named = [Place(topic, number, ids.get(topic, "")) for topic, number in sorted(partitions)]
        return [place._replace(turn=turns.get(place, 1)) for place in named]

    def _adopted(self, place: Place, stored: Mapping[str, int]) -> int | None:
        """Return where to begin by what is stored of the topic under other ids; None: nothing is."""
        others = [
            it for it in map(place_of, stored) if it and it.topic == place.topic and it.topic_id != place.topic_id
        ]
        if any(it.topic_id for it in others):
            told = {"place": str(place)}
            logger.warning("A topic of Kafka was made anew, and is read from its beginning", extra=told)
            return OFFSET_BEGINNING
        # Since it was stored the broker has learnt to give ids.
        plain = max((it for it in others if it.partition == place.partition), default=None)
        return None if plain is None else stored[str(plain)]

    def _begin(self, places: Sequence[Place], *, fresh: Collection[Partition]) -> dict[Place, int]:
        """Say where to begin that of which nothing is stored; OFFSET_BEGINNING: where its first message is."""
        wanted = [TopicPartition(place.topic, place.partition) for place in places]
        found = self.client.ask(lambda secs: self.client.consumer.committed(wanted, timeout=secs))
        committed = {(it.topic, it.partition): it.offset for it in found if it.offset >= 0}
        begun = {place: committed.get(place[:2], OFFSET_BEGINNING) for place in places}
        if self.start != BEGINNING:
            old = [place[:2] for place in places if place[:2] not in committed and place[:2] not in fresh]
            offsets = offsets_at(self.client, old, OFFSET_END if self.start_ms is None else self.start_ms)
            begun |= {place: offsets[place[:2]] for place in places if place[:2] in offsets}
        return begun

    def begun_anew(self, place: Place, offset: int) -> Start:
        """Say where to go on, where the broker no longer has what comes next, or has never had it. Raises Failure."""
        partition = (place.topic, place.partition)
        earliest = offsets_at(self.client, [partition], OFFSET_BEGINNING)[partition]
        told = {"place": str(place), "position": offset, "earliest": earliest}
        if offset < earliest:
            logger.warning("Messages of Kafka were deleted before they were read", extra=told)
            return Start(place, earliest, is_new=False)
        logger.warning("A partition of Kafka ends before where we were, and is read from its beginning", extra=told)
        return Start(place._replace(turn=place.turn + 1), earliest, is_new=True)

    def topic_ids(self, topics: Collection[str], stored: Mapping[str, Any]) -> Mapping[str, str]:
        """Ask for the ids of topics; without them where the broker gives none. Raises Failure."""
        if not topics or not self._gives_ids:
            return {}
        try:
            self._ids = _topic_ids(self.client, topics)
        except KafkaException:
            has_ids = any(place.topic_id for place in map(place_of, stored) if place and place.topic in topics)
            if has_ids:  # without them we would begin anew
                raise Failure(Part.NETWORK, "The brokers do not tell the ids of topics now.") from None
            self._gives_ids = False
            return {}
        return self._ids


def _topic_ids(client: Client, topics: Iterable[str]) -> dict[str, str]:
    """Ask for the ids of topics. Raises KafkaException."""
    found = {}
    for topic, future in _described(client, topics).items():
        error = future.exception(0)
        if isinstance(error, KafkaException):
            if error.args[0].code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
                raise Failure(Part.PLACE, f"There is no topic {topic}, or no longer.")
            raise KafkaException(error.args[0])
        topic_id = str(future.result().topic_id)
        if topic_id.strip("A"):  # the one of nothing but zeros is none
            found[topic] = topic_id
    return found


def _described(client: Client, topics: Iterable[str]) -> "dict[str, Future[Any]]":
    """Ask for topics, and wait.

    Nothing is raised where the client is: what is raised would keep it, with its threads, until garbage is looked for,
    in whichever thread.
    """
    config: dict[str, Any] = {**kafka_client.config_of(client.settings, client.tokens), "error_cb": _unheard}
    admin = AdminClient(config)
    futures: dict[str, Future[Any]] = admin.describe_topics(
        TopicCollection(list(topics)), request_timeout=DESCRIBE_SECS
    )
    wait(futures.values(), DESCRIBE_SECS + 1)
    return futures


def _unheard(_: KafkaError) -> None:
    """Let what the answer says suffice."""


def offsets_at(client: Client, partitions: Sequence[Partition], at: int) -> dict[Partition, int]:
    """Return the first offset since a time in milliseconds, or OFFSET_BEGINNING, or OFFSET_END. Raises Failure.

    Where nothing came since, it is the end.
    """
    wanted = [TopicPartition(topic, number, at) for topic, number in partitions]
    if not wanted:
        return {}
    found = client.ask(lambda secs: client.consumer.offsets_for_times(wanted, timeout=secs))
    for it in found:
        if it.error:
            raise client.failure(it.error)
    offsets = {(it.topic, it.partition): int(it.offset) for it in found}
    left = [partition for partition, offset in offsets.items() if offset < 0]
    if left and at >= 0:
        offsets |= offsets_at(client, left, OFFSET_END)
    return offsets
