"""A broker in memory, to try by it what all kinds of bridges have in common."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from apps.bridges.connection_kind import Part, Report
from apps.core.typed_settings import text, yes_no
from apps.inbound.bridge_kind import BridgeKind, Context, Seek, To, kinds
from apps.inbound.received import Failure, Lag, Received
from tests.registries import declared

KIND = "fake"


@dataclass(frozen=True, kw_only=True)
class FakeSettings:
    """What is read."""

    topic: str = text("Topic", default="orders")
    is_shared: bool = yes_no("Several may read", default=False)


@dataclass
class FakeBroker:
    """Messages by their number, and what went on with them."""

    messages: list[Received] = field(default_factory=list)
    settled: list[Received] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)  # what opening, or reading, raises next
    n_opened: int = 0
    n_idle: int = 0  # reads of nothing
    readers: list["FakeReader"] = field(default_factory=list)
    seeks: list[Seek] = field(default_factory=list)
    when_empty: Callable[[], object] = int  # is called when nothing is left

    def publish(self, *bodies: bytes, place: str = "0", at: datetime | None = None, **about: Any) -> None:
        """Add messages to a place."""
        for body in bodies:
            number = sum(message.place == place for message in self.messages) + 1
            self.messages.append(
                Received(body, key=f"{KIND}/{place}/{number}", place=place, position=number, about=about, at=at)
            )

    def after(self, positions: Mapping[str, Any]) -> list[Received]:
        """Return what stands behind positions."""
        return [each for each in self.messages if each.position > (positions.get(each.place) or 0)]


@dataclass
class FakeReader:
    """Reads from the broker, from the stored positions on."""

    broker: FakeBroker
    given: list[Received]
    is_closed: bool = False

    def read(self, limit: int, *, secs: float) -> Sequence[Received]:
        if self.broker.failures:
            raise self.broker.failures.pop(0)
        if limit == 0:
            self.broker.n_idle += 1
        known = {id(message) for message in self.given}
        fresh = [message for message in self.broker.messages if id(message) not in known][:limit]
        self.given += fresh
        if not fresh and limit:
            self.broker.when_empty()
        return fresh

    def settle(self, messages: Sequence[Received]) -> None:
        self.broker.settled += messages

    def lag(self) -> Lag:
        return Lag(len(self.broker.messages) - len(self.given))

    def close(self) -> None:
        self.is_closed = True


@contextmanager
def fake_kind() -> Iterator[FakeBroker]:
    """Let there be a kind of bridge that reads from a broker in memory."""
    broker = FakeBroker()

    def opened(_connection: Any, _settings: Any, context: Context) -> FakeReader:
        broker.n_opened += 1
        if broker.failures:
            raise broker.failures.pop(0)
        behind = broker.after(context.positions())
        reader = FakeReader(broker, [each for each in broker.messages if each not in behind])
        broker.readers.append(reader)
        return reader

    def sought(_connection: Any, _settings: Any, seek: Seek, _context: Context) -> dict[str, Any]:
        broker.seeks.append(seek)
        return {each.place: int(seek.position or 0) for each in broker.messages}

    def look(_connection: Any, settings: FakeSettings, report: Report) -> None:
        if settings.topic == "gone":
            raise Failure(Part.PLACE, "There is no topic gone.")
        report.well(Part.PLACE, f"There is a topic {settings.topic}.")

    kind = BridgeKind(
        title="Fake",
        about="A broker in memory.",
        icon="science",
        order=1,
        connection_kind="",
        settings=FakeSettings,
        reads=lambda settings: f"topic {settings.topic}",
        open=opened,
        peek=lambda _connection, _settings, n: broker.messages[-n:],
        places=lambda _connection: ["orders", "refunds"],
        look=look,
        is_shared=lambda settings: settings.is_shared,
        place="partition",
        known={"topic": "The topic."},
        seeks=lambda _settings: (To.BEGINNING, To.POSITION),
        seek=sought,
    )
    with declared(kinds, KIND, kind):
        yield broker
