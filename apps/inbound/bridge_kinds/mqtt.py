"""MQTT: what is sent to topics, by a session that the broker keeps while nobody is there."""

import hashlib
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from paho.mqtt.client import MQTTMessage

from apps.bridges.connection_kind import TEST_SECS, Part, Report
from apps.bridges.kinds.mqtt import MqttSettings, passing
from apps.bridges.mqtt_session import Session, Stay
from apps.core.typed_settings import Problem, choice, duration, number, text, texts
from apps.inbound.bridge_kind import BridgeKind, Context, register
from apps.inbound.mqtt_topics import Topic, segments, topic_of
from apps.inbound.received import Lag, Received

PEEK_SECS: Final = 5.0
MOST_BYTES: Final = 16_000_000  # that are read at once
# Messages of QoS 0 that wait here, and what they all may have: no broker holds them back.
MOST_IN_HAND: Final = 10_000
MOST_BYTES_IN_HAND: Final = 64_000_000
QOS: Final = {
    "0": "0: at most once, some may be lost",
    "1": "1: at least once",
    "2": "2: exactly once, at the price of two more packets each",
}
RETAINED: Final = {"skip": "Passed over", "take": "Taken, each value once"}
KNOWN: Final = {
    "topic": "To which topic it was sent.",
    "segments": "Levels of the topic by their names: segments.device of devices/{device}/status.",
    "qos": "With which QoS it came: 0, 1 or 2.",
    "retained": "Whether the broker had kept it before anybody asked.",
    "duplicate": "Whether it may have been delivered before.",
    "content_type": "Its content type, of MQTT 5.",
    "response_topic": "To which topic an answer goes, of MQTT 5.",
}
# Devices send values, seldom say what they are, and are nobody.
DEVICES: Final = {"shape": "raw", "event_type": "device-reported", "is_profileless": True}


def check_group(name: str) -> None:
    """Refuse what is no name of a share. Raises ValueError."""
    if any(character in name for character in "/+#"):
        raise ValueError("The name of a group has no /, + and #.")


@dataclass(frozen=True, kw_only=True)
class TopicSettings:
    """Which topics are read, and how."""

    topics: tuple[str, ...] = texts(
        "Topics",
        help="One in each line. + and # as in MQTT; {device} for + gives message@segments.device.",
        max_items=50,
        max_length=1_000,
    )
    qos: str = choice("Quality of service", QOS, default="1")
    retained: str = choice("Retained messages", RETAINED, default="skip")
    group: str = text(
        "Shared by the group",
        help="Several processes read, each a part. Empty: one reads, others stand by, and nothing is lost.",
        default="",
        max_length=60,
        check=check_group,
    )
    client_id: str = text("Client id", help="Empty: one of its own. Some brokers give rights by it.", default="")
    session_expiry: timedelta = duration(
        "Kept for",
        help="So long the broker keeps what comes while nobody reads, with MQTT 5.",
        most=timedelta(days=365),
        default=timedelta(days=7),
    )
    receive_maximum: int = number(
        "Receive maximum", help="So many messages are in hand, with MQTT 5.", least=1, most=10_000, default=1_000
    )

    def problems(self) -> Iterator[Problem]:
        """Refuse topics that are none."""
        if not self.topics:
            yield Problem("topics", "Name a topic.")
        for at, written in enumerate(self.topics):
            try:
                topic_of(written)
            except ValueError as error:
                yield Problem(f"topics.{at}", str(error))

    @property
    def wanted(self) -> list[Topic]:
        """The topics, as they are asked for."""
        return [topic_of(written) for written in self.topics]

    @property
    def filters(self) -> list[str]:
        """What the broker is told."""
        share = f"$share/{self.group}/" if self.group else ""
        return [share + topic.filter for topic in self.wanted]


class TopicReader:
    """Reads topics. A message is acknowledged once it is stored; until then the broker keeps it for this session."""

    def __init__(self, connection: MqttSettings, settings: TopicSettings, stay: Stay) -> None:
        self._topics, self._takes_retained = settings.wanted, settings.retained == "take"
        self._come: deque[Received] = deque()
        self._n_bytes = 0
        self._unwanted: list[tuple[int, int]] = []
        self._session = Session(connection, stay, secs=connection.secs, on_message=self._take)
        try:
            self._session.subscribe(settings.filters, qos=int(settings.qos), wants_retained=self._takes_retained)
        except BaseException:
            self._session.close()
            raise

    def read(self, limit: int, *, secs: float) -> Sequence[Received]:
        """Take what is there; with a limit of none, only show the broker that we are."""
        self._session.wait(lambda: limit and self._come, secs)
        n_before = -1
        while n_before < len(self._come) < limit and self._n_bytes < MOST_BYTES:
            n_before = len(self._come)
            self._session.wait(lambda: False, 0)
        if self._unwanted:
            self._session.acknowledge(self._unwanted)
            self._unwanted.clear()
        taken = [self._come.popleft() for _ in range(min(limit, len(self._come)))]
        self._n_bytes -= sum(len(message.body) for message in taken)
        return taken

    def settle(self, messages: Sequence[Received]) -> None:
        """Acknowledge in the order in which they came; of QoS 0 there is nothing to say."""
        handles = [message.handle for message in messages if message.handle]
        if handles:
            self._session.acknowledge(handles)

    def lag(self) -> Lag:
        """Tell nothing: MQTT has no way to ask."""
        return Lag(None)

    def close(self) -> None:
        """Leave; the broker keeps what was not settled."""
        self._session.close()

    def _take(self, message: MQTTMessage) -> None:
        received = _received(message, self._topics)
        is_unwanted = received is None or (message.retain and not self._takes_retained)
        if is_unwanted and message.qos:
            self._unwanted.append((message.mid, message.qos))
        if received is None or is_unwanted:
            return
        n_bytes = self._n_bytes + len(received.body)
        if message.qos == 0 and (len(self._come) >= MOST_IN_HAND or n_bytes > MOST_BYTES_IN_HAND):
            return
        self._come.append(received)
        self._n_bytes = n_bytes


def open_topics(connection: MqttSettings, settings: TopicSettings, context: Context) -> TopicReader:
    """Sign in, go on with the session that the broker has kept, and subscribe."""
    own = settings.client_id or context.group
    if settings.group:
        stay = Stay(f"{own}-{context.replica}", receive_max=settings.receive_maximum)
    else:
        expires = int(settings.session_expiry.total_seconds())
        stay = Stay(own, is_clean=False, expires_secs=expires, receive_max=settings.receive_maximum)
    return TopicReader(connection, settings, stay)


def peek(connection: MqttSettings, settings: TopicSettings, n: int) -> Sequence[Received]:
    """Listen for some seconds beside everybody else, from a session of which nothing is kept."""
    found: list[Received] = []

    def take(message: MQTTMessage) -> None:
        received = _received(message, settings.wanted)
        if received is not None and len(found) < n:
            found.append(received)

    session = Session(connection, passing(), secs=min(connection.secs, TEST_SECS), on_message=take)
    try:
        session.subscribe([topic.filter for topic in settings.wanted], qos=0, wants_retained=True)
        session.wait(lambda: len(found) >= n, PEEK_SECS)
    finally:
        session.close()
    return found


def look(connection: MqttSettings, settings: TopicSettings, report: Report) -> None:
    """See whether we may subscribe, from a session of which nothing is kept."""
    secs = min(connection.secs, TEST_SECS)
    session = Session(connection, passing(), secs=secs, on_message=lambda _message: None)
    try:
        session.subscribe([topic.filter for topic in settings.wanted], qos=0, wants_retained=False)
    finally:
        session.close()
    report.well(Part.RIGHT, f"It lets us subscribe to {', '.join(settings.topics)}.")


def _received(message: MQTTMessage, topics: Sequence[Topic]) -> Received | None:
    """Read a message; None where it comes by a subscription of earlier settings."""
    topic, problem = _topic_of(message)
    named = segments(topics, topic)
    if named is None and not problem:
        return None
    properties: Any = message.properties
    body = bytes(message.payload)
    return Received(
        body,
        key=_retained_key(topic, body) if message.retain else "",
        place=topic,
        headers=dict(getattr(properties, "UserProperty", ())),
        about={
            "topic": topic,
            "segments": named or {},
            "qos": message.qos,
            "retained": message.retain,
            "duplicate": message.dup,
            "content_type": getattr(properties, "ContentType", None),
            "response_topic": getattr(properties, "ResponseTopic", None),
        },
        is_repeated=message.dup,
        problem=problem,
        handle=(message.mid, message.qos) if message.qos else None,
    )


def _topic_of(message: MQTTMessage) -> tuple[str, str]:
    try:
        return message.topic, ""
    except UnicodeDecodeError:
        return "", "Its topic is no UTF-8."


def _retained_key(topic: str, body: bytes) -> str:
    """Name what a broker keeps: it is sent anew to whoever subscribes anew, and is the same as long as it says so."""
    return hashlib.sha256(topic.encode() + b"\0" + body).hexdigest()


register(
    "mqtt",
    BridgeKind(
        title="MQTT",
        about="What devices and programs send to topics, by MQTT 3.1.1 or 5.",
        icon="sensors",
        order=30,
        connection_kind="mqtt",
        settings=TopicSettings,
        reads=lambda settings: f"topics {', '.join(settings.topics)}",
        open=open_topics,
        peek=peek,
        places=None,  # a topic is there when somebody sends to it
        look=look,
        is_shared=lambda settings: bool(settings.group),
        place="topic",
        known=KNOWN,
        mapping=DEVICES,
    ),
)
