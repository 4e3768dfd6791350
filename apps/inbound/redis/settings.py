"""What a bridge reads of a server that speaks the protocol of Redis."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from apps.core.typed_settings import Problem, choice, duration, text, texts
from apps.inbound.starts import start_field

MODES: Final = {
    "streams": "Streams, by a group of consumers",
    "lists": "Lists, as queues",
    "channels": "Channels (pub/sub): what is published while nobody listens is lost",
}
ENDS: Final = {"left": "Left: who fills it does so by RPUSH", "right": "Right: who fills it does so by LPUSH"}
MAX_NAME: Final = 500


@dataclass(frozen=True, kw_only=True)
class RedisBridgeSettings:
    """Which keys or channels are read, and how."""

    mode: str = choice("It reads", MODES, default="streams")
    keys: tuple[str, ...] = texts("Keys", help="Names of the streams.", max_length=MAX_NAME, when=("mode", "streams"))
    group: str = text(
        "Group",
        help="By this name the server remembers how far reading is. Empty: one of this bridge alone. "
        "It is made where it is not there.",
        default="",
        when=("mode", "streams"),
    )
    start: str = start_field(label="A new group begins", when=("mode", "streams"))
    body_field: str = text(
        "Field of the message",
        help="The other fields are then headers. An entry without it is taken whole, as one object of its fields.",
        default="body",
        when=("mode", "streams"),
    )
    min_idle: timedelta = duration(
        "A reader is dead after",
        help="What one took and has not confirmed for so long, another takes over.",
        least=timedelta(seconds=2),
        most=timedelta(days=1),
        default=timedelta(minutes=1),
        when=("mode", "streams"),
    )
    lists: tuple[str, ...] = texts("Keys", help="Names of the lists.", max_length=MAX_NAME, when=("mode", "lists"))
    take_from: str = choice("Taken from the", ENDS, default="left", when=("mode", "lists"))
    channels: tuple[str, ...] = texts("Channels", default=(), max_length=MAX_NAME, when=("mode", "channels"))
    patterns: tuple[str, ...] = texts(
        "Patterns of channels", help="Such as orders.*", default=(), max_length=MAX_NAME, when=("mode", "channels")
    )

    def problems(self) -> Iterator[Problem]:
        """Refuse a bridge that would read nothing."""
        if self.mode == "streams" and not self.keys:
            yield Problem("keys", "Name a stream.")
        if self.mode == "lists" and not self.lists:
            yield Problem("lists", "Name a list.")
        if self.mode == "channels" and not (self.channels or self.patterns):
            yield Problem("channels", "Name a channel, or a pattern.")
