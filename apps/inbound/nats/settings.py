"""What a bridge reads of NATS."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from apps.core.typed_settings import Problem, duration, number, text, texts, yes_no
from apps.inbound.starts import TIME, start_at_field, start_field

STARTS: Final = {"last": "With the newest message", "sequence": "At a sequence number"}
NAME: Final = re.compile(r"[^\s.*>/\\]+")
SUBJECT: Final = re.compile(r"[^\s.]+(\.[^\s.]+)*")


def check_name(name: str) -> None:
    """Refuse what is no name of a stream, nor of a consumer. Raises ValueError."""
    if name and not NAME.fullmatch(name):
        raise ValueError(f"{name} is no name: it has no spaces, and none of . * > / \\")


def check_subjects(subjects: tuple[str, ...]) -> None:
    """Refuse what is no subject, with or without wildcards. Raises ValueError."""
    for subject in subjects:
        if not SUBJECT.fullmatch(subject):
            raise ValueError(f"{subject} is no subject: one is as orders.new, orders.* or orders.>")


@dataclass(frozen=True, kw_only=True)
class NatsBridgeSettings:
    """Which stream is read, and by which consumer."""

    stream: str = text("Stream", check=check_name)
    durable: str = text(
        "Durable consumer",
        help="By this name the server remembers how far reading is. Empty: one of this bridge alone.",
        default="",
        check=check_name,
    )
    create: bool = yes_no(
        "Make the consumer", help="And keep it as these settings say. Off: it has to be there.", default=True
    )
    subjects: tuple[str, ...] = texts(
        "Subjects",
        help="Such as orders.>. Empty: all of the stream. Several need a server of version 2.10.",
        default=(),
        max_items=20,
        check=check_subjects,
        when=("create", True),
    )
    start: str = start_field(TIME, label="A new consumer begins", more=STARTS, when=("create", True))
    start_at: str = start_at_field()
    start_sequence: int = number("Sequence", least=1, when=("start", "sequence"))
    ack_wait: timedelta = duration(
        "Delivered again after",
        help="What was not confirmed for so long goes to another reader.",
        least=timedelta(seconds=1),
        most=timedelta(hours=1),
        default=timedelta(minutes=1),
        when=("create", True),
    )
    max_ack_pending: int = number(
        "At most unconfirmed",
        help="Of all readers together.",
        least=1,
        most=100_000,
        default=5_000,
        when=("create", True),
    )
    batch_size: int = number("Messages at once", least=1, most=5_000, default=500)

    def problems(self) -> Iterator[Problem]:
        """Refuse to bind to nothing."""
        if not self.create and not self.durable:
            yield Problem("durable", "Name the consumer that is there.")
