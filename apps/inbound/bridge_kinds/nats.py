"""NATS JetStream: a stream, by a durable consumer."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from apps.bridges.connection_kind import Part, Report
from apps.bridges.nats_client import API, Link, Way
from apps.inbound.bridge_kind import BridgeKind, Context, Reader, Seek, anywhere, register
from apps.inbound.nats import consumers, decoded
from apps.inbound.nats.reader import NatsReader
from apps.inbound.nats.settings import NatsBridgeSettings
from apps.inbound.received import Failure, Received

MAX_STREAMS: Final = 1_000
MAX_LOOKED_UP: Final = 200  # messages, from the newest one back, of which a sample is made
NOBODY: Final = "cdp-looks"


def reads(settings: NatsBridgeSettings) -> str:
    """Say in short what is read."""
    return f"stream {settings.stream}" + (f": {', '.join(settings.subjects)}" if settings.subjects else "")


def open_(connection: Way, settings: NatsBridgeSettings, context: Context) -> Reader:
    """Begin to read."""
    return NatsReader(connection, settings, context)


def places(connection: Way) -> Sequence[str]:
    """List the streams."""
    found: list[str] = []
    with Link(connection) as link:
        while len(found) < MAX_STREAMS:
            answer = link.ask("STREAM.NAMES", {"offset": len(found)})
            if "error" in answer:
                raise Failure(Part.RIGHT, "It keeps no messages: JetStream is not on, or not for this user.")
            found += answer.get("streams") or []
            if len(found) >= answer["total"] or not answer.get("streams"):
                break
    return sorted(found)


def peek(connection: Way, settings: NatsBridgeSettings, n: int) -> Sequence[Received]:
    """Look up the newest messages of the subjects, by no consumer."""
    found: list[Received] = []
    with Link(connection) as link:
        stream = consumers.stream_of(link, settings.stream)
        origin, state = decoded.origin_of(stream), stream["state"]
        first = max(state["first_seq"], state["last_seq"] - MAX_LOOKED_UP + 1)
        for sequence in range(state["last_seq"], first - 1, -1):
            message = _looked_up(link, settings.stream, {"seq": sequence})
            if message and _is_wanted(message, settings.subjects):
                found.append(decoded.looked_up(message, origin))
            if len(found) == n:
                break
        if not found:  # what is wanted is rare
            newest = [_looked_up(link, settings.stream, {"last_by_subj": it}) for it in settings.subjects]
            found = [decoded.looked_up(message, origin) for message in newest if message][:n]
    return found[::-1]


def _looked_up(link: Link, stream: str, wanted: Mapping[str, Any]) -> Mapping[str, Any] | None:
    message: Mapping[str, Any] | None = link.ask(f"STREAM.MSG.GET.{stream}", wanted).get("message")
    return message


def _is_wanted(message: Mapping[str, Any], subjects: Sequence[str]) -> bool:
    return not subjects or any(decoded.matches(message["subject"], subject) for subject in subjects)


def look(connection: Way, settings: NatsBridgeSettings, report: Report) -> None:
    """Ask for the stream and the consumer, and pull and confirm in ways that the server passes over."""
    with Link(connection) as link:
        consumers.stream_of(link, settings.stream)
        report.well(Part.RIGHT, f"We may ask for the stream {settings.stream}.")
        report.well(Part.PLACE, f"The stream {settings.stream} is there.")
        name = settings.durable or NOBODY
        consumer = consumers.found(link, settings.stream, name)
        if consumer is None and not settings.create:
            raise Failure(Part.PLACE, f"There is no consumer {name} of the stream {settings.stream}.")
        _try(link, settings, name)
        if consumer and (consumer["config"].get("max_deliver") or -1) > 0:
            n = consumer["config"]["max_deliver"]
            report.doubt(Part.PLACE, f"The consumer {name} gives a message up after {n} deliveries, stored or not.")


def _try(link: Link, settings: NatsBridgeSettings, name: str) -> None:
    """Say what is no request, and what confirms nothing: only whoever may not say it hears of it."""
    if settings.create:
        link.run(link.client.publish(f"{API}.CONSUMER.DURABLE.CREATE.{settings.stream}.{name}", b"{"))
    link.run(link.client.publish(f"{API}.CONSUMER.MSG.NEXT.{settings.stream}.{name}", b"{"))
    link.run(link.client.publish(f"$JS.ACK.{settings.stream}.{name}.1.0.0.0.0", b"+WPI"))
    link.run(link.client.flush())


def seek(connection: Way, settings: NatsBridgeSettings, wish: Seek, context: Context) -> dict[str, Any]:
    """Let the consumer begin elsewhere; the server remembers it."""
    with Link(connection) as link:
        consumers.stream_of(link, settings.stream)
        consumers.seek(link, settings, wish, context)
    return {}


register(
    "nats",
    BridgeKind(
        title="NATS JetStream",
        about="A stream, by a durable consumer.",
        icon="hub",
        order=40,
        connection_kind="nats",
        settings=NatsBridgeSettings,
        reads=reads,
        open=open_,
        peek=peek,
        places=places,
        look=look,
        is_shared=lambda _settings: True,
        place="stream",
        known={
            "stream": "The stream.",
            "consumer": "The durable consumer.",
            "sequence": "The place of the message in its stream: a number.",
            "subject": "The subject that it was sent to.",
            "delivered": "How often it was delivered, this time included.",
            "timestamp": "When the server took it.",
        },
        seeks=anywhere,
        seek=seek,
        position_hint="a sequence number, 1042",
        position_pattern=r"\d+",
    ),
)
