"""A message as a broker, a mailbox, a database or a file gave it, and what may go wrong on the way to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple

from apps.bridges.connection_kind import Failure

__all__ = ["FORGOTTEN", "Failure", "Lag", "Received"]


class Forgotten:
    """The position of a place that is gone for good: it is not stored any more."""


FORGOTTEN: Final = Forgotten()


@dataclass(frozen=True, slots=True)
class Received:
    """One message, as it came."""

    body: bytes  # JSON, or what the mapping reads as text; what could not be decoded as it came
    # Names it by the broker's coordinates: the same whenever it is delivered, and no other one's. Empty: it has none.
    key: str = ""
    # Within a place (a partition, a mailbox, a table, a file) messages are in order, and `position` says where to go on
    # after this one: JSON, stored in the transaction of the events. None: the broker remembers that itself. A whole
    # number only grows, so that what was stored is passed over, whoever reads it once more.
    place: str = ""
    position: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)  # by the names that the kind declares: topic, partition ...
    at: datetime | None = None  # when it was sent, by the broker's clock
    is_repeated: bool = False  # the broker says that it has delivered it before
    problem: str = ""  # why it is no JSON, in a sentence: it becomes a dead letter
    skipped: str = ""  # why it is none of those that are read, in a sentence: only its position is stored
    handle: Any = None  # what `Reader.settle` needs to name it


class Lag(NamedTuple):
    """How much waits at the broker."""

    n_waiting: int | None  # None: it cannot be told
    oldest_at: datetime | None = None  # when the oldest of it was sent, where that can be told
    is_part: bool = False  # it waits for this reader alone: others count what waits for them
