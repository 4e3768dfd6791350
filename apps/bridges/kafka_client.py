"""Clients of Kafka: how one is made of the settings of a connection, how it connects, and what its errors mean.

librdkafka resolves names and connects by itself, so that no address can be pinned: names of servers, and of the
brokers that these tell of, are checked by the egress policy, before and while they are used.
"""

import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from confluent_kafka import Consumer, KafkaError, KafkaException

from apps.bridges.connection_kind import TEST_SECS, Failure, Part
from apps.bridges.kafka_probe import PORT, check_address, probed
from apps.bridges.kafka_token import Tokens

if TYPE_CHECKING:
    from confluent_kafka.admin._metadata import ClusterMetadata

ASK_SECS: Final = 5.0  # that a broker has for an answer
MAX_MESSAGE_BYTES: Final = 200_000_000
# What operators may set otherwise: a broker that hangs is noticed within ten seconds, a message of 50 MB is read, and
# what is fetched ahead takes no more memory than that.
TUNED: Final = {
    "client.id": "cdp",
    "socket.timeout.ms": 10_000,
    "socket.connection.setup.timeout.ms": 10_000,
    "socket.keepalive.enable": True,
    "reconnect.backoff.max.ms": 5_000,
    "fetch.max.bytes": 60_000_000,
    "receive.message.max.bytes": MAX_MESSAGE_BYTES,
    "queued.max.messages.kbytes": 32_768,
    "queued.min.messages": 50_000,
    "fetch.queue.backoff.ms": 10,  # a full queue is soon read
    "topic.metadata.refresh.interval.ms": 30_000,
}
PROTOCOLS: Final = {
    ("tls", False): "ssl",
    ("tls", True): "sasl_ssl",
    ("none", False): "plaintext",
    ("none", True): "sasl_plaintext",
}
NO_TOPIC: Final = {
    KafkaError.UNKNOWN_TOPIC_OR_PART,
    KafkaError.UNKNOWN_TOPIC_ID,
    KafkaError._UNKNOWN_TOPIC,
    KafkaError._UNKNOWN_PARTITION,
}
SIGN_IN: Final = {
    KafkaError._AUTHENTICATION,
    KafkaError.SASL_AUTHENTICATION_FAILED,
    KafkaError.UNSUPPORTED_SASL_MECHANISM,
    KafkaError.ILLEGAL_SASL_STATE,
}


@dataclass
class Client:
    """A client, connected, with what it has said of errors. Whoever has it closes it."""

    settings: Any
    consumer: Consumer
    errors: list[KafkaError] = field(default_factory=list)
    tokens: Tokens | None = None

    def ask(self, question: Callable[[float], Any], *, secs: float | None = None) -> Any:
        """Ask a broker for something, and wait no longer for the answer. Raises Failure."""
        try:
            return question(secs or ASK_SECS)
        except KafkaException as error:
            raise self.failure(error.args[0]) from None

    def failure(self, error: KafkaError) -> Failure:
        """Say what an error means, with regard to what was told in the background."""
        with suppress(KafkaException):
            self.consumer.poll(0)  # lets the library say what it knows
        return failure_from([*self.errors, error], self)

    def check_brokers(self, topic: str = "", *, secs: float | None = None) -> "ClusterMetadata":
        """Ask for a topic, or all, and for the brokers; all of these have to be where we may go. Raises Failure."""
        asked = {"topic": topic} if topic else {}
        found: ClusterMetadata = self.ask(lambda secs: self.consumer.list_topics(**asked, timeout=secs), secs=secs)
        for broker in found.brokers.values():
            check_address(self.settings, broker.host or "", broker.port or PORT)
        return found

    def check_topic(self, topic: str) -> "ClusterMetadata":
        """Ask for a topic, as `check_brokers` does; it has to be there, and we may know of it. Raises Failure."""
        found = self.check_brokers(topic)
        error = found.topics[topic].error if topic in found.topics else None
        if error is not None:
            raise self.told_of(topic, error)
        return found

    def told_of(self, topic: str, error: KafkaError) -> Failure:
        """Say what an error of a topic means."""
        if error.code() in NO_TOPIC:
            return Failure(Part.PLACE, f"There is no topic {topic}, or no longer.")
        if error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED:
            return Failure(Part.RIGHT, f"We have no right to read the topic {topic}.")
        return self.failure(error)


def connected(settings: Any, options: Mapping[str, Any], *, secs: float = TEST_SECS) -> Client:
    """Connect, sign in, and check all brokers. Raises Failure."""
    probed(settings)
    tokens = Tokens(settings) if settings.sign_in == "oauthbearer" else None
    errors: list[KafkaError] = []
    config = {**config_of(settings, tokens), "error_cb": errors.append, **options}
    try:
        client = Client(settings, Consumer(config), errors, tokens)
    except KafkaException as error:
        raise failure_from([error.args[0]], None) from None
    try:
        _wait_until_signed_in(client, secs=secs)
    except BaseException:
        closed(client.consumer)
        raise
    errors.clear()
    return client


def _wait_until_signed_in(client: Client, *, secs: float) -> None:
    """Ask again and again, as the library would keep silent until the end about a sign-in that was refused."""
    until, wait = time.monotonic() + secs, 0.5
    while True:
        try:
            client.check_brokers(secs=wait)
        except Failure as failure:
            if failure.part is not Part.NETWORK or time.monotonic() + wait > until:
                raise
        else:
            return
        wait = min(wait * 2, ASK_SECS)


def config_of(settings: Any, tokens: Tokens | None) -> dict[str, Any]:
    """Return what librdkafka has to know of a connection."""
    is_signed_in = settings.sign_in != "none"
    config: dict[str, Any] = {
        **TUNED,
        **settings.options,
        "bootstrap.servers": ",".join(settings.servers),
        "security.protocol": PROTOCOLS[settings.security, is_signed_in],
        "allow.auto.create.topics": False,
        "log_level": 0,  # what is wrong is told by errors; its log could tell too much
    }
    if settings.security == "tls":
        config |= {"ssl.ca.pem": settings.ca} if settings.ca else {"ssl.ca.location": "probe"}
        if settings.certificate:
            config |= {"ssl.certificate.pem": settings.certificate, "ssl.key.pem": settings.certificate_key}
    if tokens:
        config |= {"sasl.mechanism": "OAUTHBEARER", "oauth_cb": tokens}
    elif is_signed_in:
        config |= {
            "sasl.mechanism": settings.sign_in.upper().replace("_", "-"),
            "sasl.username": settings.user,
            "sasl.password": settings.password,
        }
    return config


def failure_from(errors: Sequence[KafkaError], client: Client | None) -> Failure:
    """Say what is wrong, by the errors that the library has told: the most telling one counts, without its text."""
    if client and client.tokens and client.tokens.failure:
        return client.tokens.failure
    codes = {error.code() for error in errors}
    if codes & SIGN_IN:
        return Failure(Part.SIGN_IN, _refused(errors))
    for is_so, part, told in _suspicions(errors, codes):
        if is_so:
            return Failure(part, told)
    known = [TOLD[error.code()] for error in errors if error.code() in TOLD]
    return Failure(*known[-1]) if known else Failure(Part.NETWORK, "No broker gives an answer in time.")


def _suspicions(errors: Sequence[KafkaError], codes: Collection[int]) -> list[tuple[bool, Part, str]]:
    """Say what the texts of errors give away, too."""
    texts = " ".join(error.str() for error in errors)
    is_fenced = KafkaError._FATAL in codes and "group.instance.id" in texts
    return [
        (KafkaError._SSL in codes or "SSL_HANDSHAKE" in texts, Part.TLS, NO_TLS),
        (is_fenced, Part.RIGHT, FENCED),
    ]


NO_TLS: Final = "No secure connection came about: a certificate is not to be trusted, or not taken."
FENCED: Final = "Another process reads as the same static member of the group."
TOLD: Final[dict[int, tuple[Part, str]]] = {
    KafkaError.GROUP_AUTHORIZATION_FAILED: (Part.RIGHT, "We have no right to read as this consumer group."),
    KafkaError._RESOLVE: (Part.NAME, "The name of a broker cannot be looked up."),
    KafkaError.CLUSTER_AUTHORIZATION_FAILED: (Part.RIGHT, "We have no right to ask what the cluster is asked."),
    KafkaError.FENCED_INSTANCE_ID: (Part.RIGHT, FENCED),
    KafkaError.INVALID_GROUP_ID: (Part.RIGHT, "The broker takes no group of this name."),
    KafkaError.INCONSISTENT_GROUP_PROTOCOL: (
        Part.RIGHT,
        "Others share the partitions of this group in another way (partition.assignment.strategy).",
    ),
    KafkaError.GROUP_MAX_SIZE_REACHED: (Part.RIGHT, "The group has as many members as it may have."),
}


def _refused(errors: Sequence[KafkaError]) -> str:
    told = " ".join(error.str() for error in errors if error.code() in SIGN_IN)
    if "supported mechanisms" in told or any(it.code() == KafkaError.UNSUPPORTED_SASL_MECHANISM for it in errors):
        return "The broker does not let us in: it does not offer this way to sign in."
    return "The broker does not let us in: it does not take what we sign in by."


def closed(consumer: Consumer, *, secs: float = 3.0) -> None:
    """Close a client, and wait for a broker that hangs no longer than so: the thread ends by itself later."""

    def close() -> None:
        with suppress(KafkaException, RuntimeError):
            consumer.close()

    thread = threading.Thread(target=close, name="kafka-close", daemon=True)
    thread.start()
    thread.join(secs)
