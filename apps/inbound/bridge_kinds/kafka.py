"""Kafka: topics, read by a consumer group whose offsets are stored with the events."""

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, Message, TopicPartition

from apps.bridges import kafka_client
from apps.bridges.connection_kind import Failure, Part, Report
from apps.bridges.kafka_client import Client
from apps.bridges.schema_registry import Registry
from apps.core.typed_settings import choice, text, texts, yes_no
from apps.inbound.bridge_kind import BridgeKind, Context, Seek, To, anywhere, register
from apps.inbound.received import Received
from apps.inbound.starts import TIME, moment_of, start_at_field, start_field
from apps.inbound.topics.decoding import FORMATS, Decoder
from apps.inbound.topics.partition_places import Partition, Places, offsets_at
from apps.inbound.topics.topic_reader import KafkaReader, is_incremental

TOPIC: Final = re.compile(r"[A-Za-z0-9._-]{1,249}")
LOOK_GROUP: Final = "cdp-look"
JOIN_SECS: Final = 10.0
PEEK_SECS: Final = 5.0
QUIET_SECS: Final = 1.0  # after which no more messages are expected
MOST_PEEKED: Final = 50  # partitions
NOT_KEPT: Final = {"enable.auto.commit": False, "auto.offset.reset": "earliest"}


def _check_topics(topics: tuple[str, ...]) -> None:
    if not topics:
        raise ValueError("Name at least one topic.")
    for said in topics:
        if said.startswith("^"):
            _check_pattern(said)
        elif not TOPIC.fullmatch(said):
            raise ValueError(f"{said} is no name of a topic: these have letters, digits, dots, _ and - alone.")


def _check_pattern(said: str) -> None:
    try:
        re.compile(said)
    except re.error:
        raise ValueError(f"{said} is no pattern: it is a regular expression.") from None


@dataclass(frozen=True, kw_only=True)
class KafkaBridgeSettings:
    """Which topics are read, as whom, and from where on."""

    topics: tuple[str, ...] = texts(
        "Topics",
        help=r"Names, or patterns that begin with ^: orders, ^shop\..*",
        max_length=300,
        check=_check_topics,
    )
    group: str = text("Consumer group", help="Empty: one of its own. A group that is known goes on.", default="")
    is_static: bool = yes_no(
        "Static member",
        help="Keeps its partitions over a quick restart. For one process a host, whose name stays.",
        default=False,
    )
    start: str = start_field(TIME)
    start_at: str = start_at_field()
    format: str = choice("Messages are written as", FORMATS, default="json")
    takes_tombstones: bool = yes_no(
        "Take messages without a value",
        help="As null, with their key. Else they are passed over: in compacted topics they say what is gone.",
        default=False,
    )
    is_committed: bool = yes_no(
        "Only what was committed", help="Leave out what producers took back (read_committed).", default=True
    )

    @property
    def start_ms(self) -> int | None:
        """Return the time to begin at, in milliseconds."""
        return int(moment_of(self.start_at).timestamp() * 1_000) if self.start == TIME else None


def open(connection: Any, settings: KafkaBridgeSettings, context: Context) -> KafkaReader:
    """Connect, and join the group."""
    decoder = _decoder(connection, settings)
    client = kafka_client.connected(connection, _options(connection, settings, context))
    try:
        known = _topics(client)
        for topic in settings.topics:
            if not topic.startswith("^") and topic not in known:
                client.check_topic(topic)
        reader = KafkaReader(client, Places(client, settings.start, settings.start_ms), decoder, context)
        reader.subscribe(settings.topics, known)
        reader.wait_until_assigned(secs=JOIN_SECS)
    except BaseException:
        kafka_client.closed(client.consumer)
        raise
    return reader


def _options(connection: Any, settings: KafkaBridgeSettings, context: Context) -> dict[str, Any]:
    options: dict[str, Any] = {
        "group.id": settings.group or context.group,
        "enable.auto.commit": True,  # of what is stored by `settle`
        "enable.auto.offset.store": False,
        "auto.commit.interval.ms": 1_000,
        "auto.offset.reset": "error",  # and we say where to go on
        "isolation.level": "read_committed" if settings.is_committed else "read_uncommitted",
        "topic.blacklist": "^__.*",  # patterns mean no topics of Kafka's own
    }
    if is_incremental(connection.options) and "group.protocol" not in connection.options:
        options["partition.assignment.strategy"] = "cooperative-sticky"
    if settings.is_static:
        host = context.replica.rpartition("-")[0] or context.replica
        options["group.instance.id"] = f"{context.bridge_id}-{host}"
    return options


def _decoder(connection: Any, settings: KafkaBridgeSettings) -> Decoder:
    if settings.format != "avro":
        return Decoder(None, settings.takes_tombstones)
    if not connection.registry_url:
        raise Failure(Part.PLACE, "Messages are Avro, and the connection names no schema registry.")
    return Decoder(Registry(connection), settings.takes_tombstones)


def _topics(client: Client) -> dict[str, int]:
    """Ask which topics there are, and how many partitions each has. Raises Failure."""
    found = client.check_brokers().topics
    return {name: len(topic.partitions) for name, topic in found.items() if topic.error is None}


def _named(settings: KafkaBridgeSettings, known: Mapping[str, int]) -> list[str]:
    """Return the topics that the settings mean, of those that there are."""
    patterns = [re.compile(said) for said in settings.topics if said.startswith("^")]
    matched = [name for name in known if not name.startswith("__") and any(it.search(name) for it in patterns)]
    return sorted({*matched, *(said for said in settings.topics if said in known)})


def _partitions(client: Client, settings: KafkaBridgeSettings) -> list[Partition]:
    known = _topics(client)
    for topic in settings.topics:
        if not topic.startswith("^") and topic not in known:
            client.check_topic(topic)
    return [(topic, number) for topic in _named(settings, known) for number in range(known[topic])]


def peek(connection: Any, settings: KafkaBridgeSettings, n: int) -> Sequence[Received]:
    """Read the newest messages, as nobody in particular."""
    decoder = _decoder(connection, settings)
    client = kafka_client.connected(connection, {**NOT_KEPT, "group.id": LOOK_GROUP})
    try:
        return _newest(client, _partitions(client, settings), decoder, n)
    finally:
        kafka_client.closed(client.consumer)


def _newest(client: Client, partitions: Sequence[Partition], decoder: Decoder, n: int) -> list[Received]:
    begins, ends = offsets_at(client, partitions, OFFSET_BEGINNING), offsets_at(client, partitions, OFFSET_END)
    filled = [it for it in partitions if ends[it] > begins[it]][:MOST_PEEKED]
    client.consumer.assign([TopicPartition(*it, max(begins[it], ends[it] - n)) for it in filled])
    n_expected = sum(min(n, ends[it] - begins[it]) for it in filled)
    messages = _read(client, n_expected)
    messages.sort(key=lambda message: (message.timestamp()[1], message.partition(), message.offset()))
    found = [decoder.received(message, place=f"{message.topic()}/{message.partition()}") for message in messages[-n:]]
    return [received for received in found if received is not None]


def _read(client: Client, n_expected: int) -> list[Message]:
    """Read so many messages, or what comes until it is quiet. Raises Failure."""
    found: list[Message] = []
    until = time.monotonic() + PEEK_SECS
    while len(found) < n_expected and time.monotonic() < until:
        more = client.consumer.consume(n_expected - len(found), QUIET_SECS)
        for message in more:
            error = message.error()
            if error is None:
                found.append(message)
            elif not error.retriable():
                raise client.told_of(message.topic() or "", error)
        if found and not more:
            break
    return found


def places(connection: Any) -> Sequence[str]:
    """List topics, without those of Kafka and its kin themselves."""
    client = kafka_client.connected(connection, {**NOT_KEPT, "group.id": LOOK_GROUP})
    try:
        return sorted(name for name in _topics(client) if not name.startswith("_"))
    finally:
        kafka_client.closed(client.consumer)


def look(connection: Any, settings: KafkaBridgeSettings, report: Report) -> None:
    """Look whether the topics are there, and whether we may read them, and as this group."""
    decoder = _decoder(connection, settings)
    client = kafka_client.connected(connection, {**NOT_KEPT, "group.id": settings.group or LOOK_GROUP})
    try:
        partitions = _partitions(client, settings)
        topics = sorted({topic for topic, _ in partitions})
        if not topics:
            report.doubt(Part.PLACE, "No topic is named like that now. One that comes is read.")
            return
        wanted = [TopicPartition(*it) for it in partitions[:MOST_PEEKED]]
        client.ask(lambda secs: client.consumer.committed(wanted, timeout=secs))
        _newest(client, partitions, decoder, 1)
    finally:
        kafka_client.closed(client.consumer)
    report.well(Part.RIGHT, "We may read what is there.")
    report.well(Part.PLACE, f"Topics: {', '.join(topics[:10])}{' …' if len(topics) > 10 else ''}.")


def seek(connection: Any, settings: KafkaBridgeSettings, seek: Seek, context: Context) -> Mapping[str, Any]:
    """Return the offset of each partition where reading is to go on."""
    client = kafka_client.connected(connection, {**NOT_KEPT, "group.id": settings.group or context.group})
    try:
        partitions = [it for it in _partitions(client, settings) if _is_meant(it, seek.place)]
        if not partitions:
            raise Failure(Part.PLACE, f"There is no partition {seek.place}." if seek.place else "There is no topic.")
        offsets = _sought(client, partitions, seek)
        named = Places(client, settings.start, settings.start_ms).places(partitions, context.positions())
        return {str(place): offsets[place.topic, place.partition] for place in named}
    finally:
        kafka_client.closed(client.consumer)


def _is_meant(partition: Partition, place: str) -> bool:
    topic, number = partition
    return place.partition("@")[0].partition("+")[0] in ("", topic, f"{topic}/{number}")


def _sought(client: Client, partitions: Sequence[Partition], seek: Seek) -> dict[Partition, int]:
    if seek.to is To.TIME and seek.at:
        return offsets_at(client, partitions, int(seek.at.timestamp() * 1_000))
    if seek.to is To.END:
        return offsets_at(client, partitions, OFFSET_END)
    begins = offsets_at(client, partitions, OFFSET_BEGINNING)
    if seek.to is not To.POSITION:
        return begins
    ends = offsets_at(client, partitions, OFFSET_END)
    for topic, number in partitions:
        least, most = begins[topic, number], ends[topic, number]
        if not seek.position.isdecimal() or not least <= int(seek.position) <= most:
            raise Failure(Part.PLACE, f"{topic}/{number} goes from offset {least} to {most}, where the next one comes.")
    return dict.fromkeys(partitions, int(seek.position))


def reads(settings: KafkaBridgeSettings) -> str:
    """Say what is read."""
    return f"{'topic' if len(settings.topics) == 1 else 'topics'} {', '.join(settings.topics)}"


register(
    "kafka",
    BridgeKind(
        title="Kafka",
        about="Topics of Apache Kafka, or of what speaks its protocol, in JSON or Avro.",
        icon="account_tree",
        order=10,
        connection_kind="kafka",
        settings=KafkaBridgeSettings,
        reads=reads,
        open=open,
        peek=peek,
        places=places,
        look=look,
        is_shared=lambda _: True,
        place="partition",
        known={
            "topic": "The name of its topic.",
            "partition": "The number of its partition.",
            "offset": "Its number within the partition.",
            "key": "Its key, as text; in Avro as what it says.",
            "timestamp": "Its time in milliseconds since 1970, as Kafka has it.",
        },
        seeks=anywhere,
        seek=seek,
        position_hint="an offset, 1042",
        position_pattern=r"\d+",
        decode=lambda connection, settings: _decoder(connection, settings).body,
    ),
)
