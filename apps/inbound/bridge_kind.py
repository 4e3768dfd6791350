"""Kinds of bridges, each a file of `bridge_kinds/`: how messages are read from one kind of system."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Protocol
from uuid import UUID

from apps.bridges.connection_kind import Report
from apps.core.registry import Registry
from apps.inbound.received import Lag, Received


class To(StrEnum):
    """Where a bridge is sent to, to read on from there."""

    BEGINNING = "beginning"
    END = "end"
    TIME = "time"
    POSITION = "position"


@dataclass(frozen=True, slots=True)
class Seek:
    """A wish to read on from elsewhere."""

    to: To
    at: datetime | None = None  # of TIME
    place: str = ""  # of POSITION: a partition, a mailbox; empty: all
    position: str = ""  # of POSITION, as people write it


@dataclass(frozen=True, slots=True)
class Context:
    """What a reader has to know of the bridge that it reads for."""

    bridge_id: UUID
    replica: str  # names the process, and stays while it lives: host-pid
    positions: Callable[[], Mapping[str, Any]]  # the stored position of each place, read anew

    @property
    def group(self) -> str:
        """The name by which all replicas share what they read, where settings name none."""
        return f"cdp-{self.bridge_id}"


class Reader(Protocol):
    """An open way to messages. One thread uses it; any method may raise Failure."""

    def read(self, limit: int, *, secs: float) -> Sequence[Received]:
        """Return the next messages, at most so many, in order; wait for the first at most so long, then for no more.

        A limit of 0 keeps the connection while nothing may be taken: it returns nothing, in so long or less.
        """

    def settle(self, messages: Sequence[Received]) -> None:
        """Let the broker forget these: they are stored.

        Where messages have no key it returns once the broker has understood: another message that says the same, and
        is delivered again, would else be taken for one of these.
        """

    def lag(self) -> Lag:
        """Tell how much waits; asked now and then, so it may ask the broker."""

    def close(self) -> None:
        """Leave, without a wait; raise nothing. What was read and not settled is delivered again."""


def anywhere(_settings: Any) -> Sequence[To]:
    """Say of a kind that it can be sent to any place."""
    return tuple(To)


def nowhere(_settings: Any) -> Sequence[To]:
    """Say of a kind that it cannot be sent elsewhere."""
    return ()


# Programs write what happened into the message, and most call that its type.
RAW: Final[Mapping[str, Any]] = {"shape": "raw", "event_type": "message@body.type"}


@dataclass(frozen=True, slots=True)
class BridgeKind:
    """A kind of bridge: in the words of operators, as settings, and as functions of these and of the connection's.

    `open(connection, settings, context)` connects, and returns once messages can be read. `peek(connection, settings,
    n)` reads so many at most, without consuming them; `places(connection)` lists what there is to read: topics, queues,
    folders. `look(connection, settings, report)` notes in a report of a connection that lets us in whether what the
    settings name is there, and may be read (Part.RIGHT, Part.PLACE). These raise Failure, take some seconds at most,
    and change nothing there. `seek(connection, settings, seek, context)` returns the positions to store for each
    place, where it does not tell the broker. `decode(connection, settings)` returns what reads a body once more that
    had a problem, as a schema may be there by now: the body, and its problem if it still has one.
    """

    title: str
    about: str
    icon: str  # of Material Symbols
    order: int  # among those to choose from
    connection_kind: str  # of `apps/bridges/kinds`; empty where none is needed
    settings: type[Any]  # as core/typed_settings has them
    reads: Callable[[Any], str]  # in short: topics orders, refunds
    open: Callable[[Any, Any, Context], Reader]
    peek: Callable[[Any, Any, int], Sequence[Received]]
    places: Callable[[Any], Sequence[str]] | None  # None where the other side has no such list
    look: Callable[[Any, Any, Report], None]
    is_shared: Callable[[Any], bool]  # whether replicas share the work; else one reads, and the others stand by
    place: str  # what a place is called: partition
    known: Mapping[str, str]  # what mappings may use of a message, by name, each with a sentence: topic, partition ...
    seeks: Callable[[Any], Sequence[To]] = nowhere  # by the settings
    seek: Callable[[Any, Any, Seek, Context], Mapping[str, Any]] | None = None
    position_hint: str = ""  # what a position is, with an example: an offset, 1042
    position_pattern: str = ".+"  # what is none is refused at once
    decode: Callable[[Any, Any], Callable[[bytes], tuple[bytes, str]]] | None = None
    # What its messages usually are, as a document of MappingSettings: a new bridge begins with it.
    mapping: Mapping[str, Any] = field(default_factory=lambda: RAW)


kinds: Final[Registry[BridgeKind]] = Registry("kind of bridge", module="bridge_kinds")


def register(name: str, kind: BridgeKind) -> None:
    """Make a kind known. Raises ImproperlyConfigured for a second one of the name."""
    kinds.register(name, kind, stacklevel=2)
