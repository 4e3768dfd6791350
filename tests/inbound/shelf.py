"""A kind of bridge that reads from a list in memory, for tests of what all kinds have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from apps.bridges.connection_kind import Part, Report
from apps.core.typed_settings import choice, text
from apps.inbound.bridge_kind import BridgeKind, Context, Reader, Seek, To
from apps.inbound.received import Failure, Received


@dataclass(frozen=True, kw_only=True)
class ShelfSettings:
    """Which shelf, and in which way."""

    topic: str = text("Topic", help="What is read.")
    start: str = choice("Start", {"earliest": "At the earliest", "latest": "At the latest"}, default="earliest")


@dataclass
class Shelf:
    """What lies there, and what goes wrong with it."""

    messages: list[Received] = field(default_factory=list)
    topics: list[str] = field(default_factory=lambda: ["orders", "refunds"])
    failure: Failure | None = None
    sought: list[Seek] = field(default_factory=list)

    def kind(self, *, connection_kind: str = "http", seeks: Sequence[To] = tuple(To)) -> BridgeKind:
        """Make the kind that reads it."""
        return BridgeKind(
            title="Shelf",
            about="Messages that lie on a shelf.",
            icon="shelves",
            order=1,
            connection_kind=connection_kind,
            settings=ShelfSettings,
            reads=lambda settings: f"topic {settings.topic}",
            open=self._open,
            peek=self._peek,
            places=self._places,
            look=self._look,
            is_shared=lambda _settings: False,
            place="box",
            known={"topic": "The topic that it came by", "box": "The box that it lay in"},
            seeks=lambda _settings: seeks,
            seek=self._seek,
            position_hint="a number, 1042",
            position_pattern=r"\d+",
        )

    def _open(self, _connection: Any, _settings: Any, _context: Context) -> Reader:
        raise NotImplementedError

    def _peek(self, _connection: Any, _settings: Any, n: int) -> Sequence[Received]:
        self._fail()
        return self.messages[:n]

    def _places(self, _connection: Any) -> Sequence[str]:
        self._fail()
        return self.topics

    def _look(self, _connection: Any, settings: ShelfSettings, report: Report) -> None:
        self._fail()
        if settings.topic in self.topics:
            report.well(Part.PLACE, f"The topic {settings.topic} is there.")
        else:
            report.failed(Part.PLACE, f"There is no topic {settings.topic}.")

    def _seek(self, _connection: Any, _settings: Any, seek: Seek, _context: Context) -> Mapping[str, Any]:
        self.sought.append(seek)
        return {}

    def _fail(self) -> None:
        if self.failure:
            raise self.failure
