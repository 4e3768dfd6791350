"""Messages of NATS as bridges have them."""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from nats.aio.client import Client
from nats.aio.msg import Msg

from apps.inbound.received import Received

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
N_WITHOUT_DOMAIN: Final = 9  # parts of the subject of an answer, of servers that name no domain in it


class Origin(NamedTuple):
    """The stream that messages are of: one that is made anew, of the same name, is another."""

    stream: str
    created: str

    def key(self, sequence: int) -> str:
        """Name a message for ever."""
        return f"{self.stream}/{self.created}/{sequence}"


def origin_of(stream: Mapping[str, Any]) -> Origin:
    """Name a stream, by what the server says of it."""
    return Origin(stream["config"]["name"], stream["created"])


def delivered(message: Msg, origin: Origin) -> Received:
    """Make a message of a delivery."""
    told, at = message.metadata, _taken_at(message)
    return Received(
        body=message.data,
        key=origin.key(told.sequence.stream),
        headers={str(name): str(value) for name, value in (message.headers or {}).items()},
        about={
            "stream": origin.stream,
            "consumer": told.consumer,
            "sequence": told.sequence.stream,
            "subject": message.subject,
            "delivered": told.num_delivered,
            "timestamp": at.isoformat(),
        },
        at=at,
        is_repeated=told.num_delivered > 1,
        handle=message,
    )


def _taken_at(message: Msg) -> datetime:
    """Read when the server took it, as exactly as `time_of` does: the library goes by a float."""
    told = message.reply.split(".")
    nanoseconds = int(told[7 if len(told) == N_WITHOUT_DOMAIN else Msg.Ack.Timestamp])
    return EPOCH + timedelta(microseconds=nanoseconds // 1_000)


def looked_up(message: Mapping[str, Any], origin: Origin) -> Received:
    """Make a message of one that was looked up in the stream, by nobody's consumer."""
    at = time_of(message["time"])
    block = base64.b64decode(message.get("hdrs", ""))
    return Received(
        body=base64.b64decode(message.get("data", "")),
        key=origin.key(message["seq"]),
        headers=Client._parse_header_lines(block.partition(b"\r\n")[2]),
        about={
            "stream": origin.stream,
            "consumer": "",
            "sequence": message["seq"],
            "subject": message["subject"],
            "delivered": 0,
            "timestamp": at.isoformat(),
        },
        at=at,
    )


def time_of(text: str) -> datetime:
    """Read a time of the server, which counts nanoseconds."""
    whole, _, rest = text.rstrip("Z").partition(".")
    return datetime.fromisoformat(f"{whole}.{rest[:6]:0<6}").replace(tzinfo=UTC)


def matches(subject: str, pattern: str) -> bool:
    """Tell whether a subject is one of those that a pattern with wildcards means."""
    given, wanted = subject.split("."), pattern.split(".")
    for place, part in enumerate(wanted):
        if part == ">":
            return len(given) > place
        if place >= len(given) or part not in ("*", given[place]):
            return False
    return len(given) == len(wanted)
