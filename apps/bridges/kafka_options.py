"""Options of librdkafka that operators may set by its own names, and those that are not theirs to set."""

from collections.abc import Iterator, Mapping
from typing import Final

from confluent_kafka import Consumer, KafkaException

# By what they begin with. All others are refused: they are what we set ourselves, or name files, plugins, commands and
# addresses, switch the checks of certificates off, or write secrets into logs.
MAY_BE_SET: Final = (
    "api.version.",
    "broker.address.",
    "broker.version.fallback",
    "check.crcs",
    "client.dns.lookup",
    "client.id",
    "client.rack",
    "connections.max.idle.ms",
    "coordinator.query.interval.ms",
    "fetch.",
    "group.protocol",
    "group.remote.assignor",
    "heartbeat.interval.ms",
    "max.in.flight",
    "max.partition.fetch.bytes",
    "max.poll.interval.ms",
    "metadata.",
    "partition.assignment.strategy",
    "queued.",
    "receive.message.max.bytes",
    "reconnect.backoff.",
    "retry.backoff.",
    "session.timeout.ms",
    "socket.",
    "ssl.cipher.suites",
    "ssl.curves.list",
    "ssl.sigalgs.list",
    "topic.metadata.",
)


def problems_of(options: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Say of each option that cannot be set why, by its name."""
    refused = [name for name in options if not name.startswith(MAY_BE_SET)]
    for name in refused:
        yield name, "This cannot be set here: it is not known, is set by the form, or could do more than tune."
    if options and not refused:
        problem = _problem_of_values(options)
        if problem:
            yield "", problem


def _problem_of_values(options: Mapping[str, str]) -> str:
    """Let the library itself say what is wrong; it connects to nobody, as it knows no server."""
    try:
        Consumer({"group.id": "check", "log_level": 0, **options}).close()
    except KafkaException as error:
        return f"librdkafka takes these options not: {error.args[0].str()}"
    return ""
