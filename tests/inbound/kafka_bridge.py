"""A bridge of Kafka as the core has it: positions are stored with what was read, and what is stored is passed over."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from apps.bridges.kinds.kafka import KafkaSettings
from apps.core.typed_settings import read
from apps.inbound.bridge_kind import Context
from apps.inbound.bridge_kinds import kafka
from apps.inbound.bridge_kinds.kafka import KafkaBridgeSettings
from apps.inbound.received import Received
from apps.inbound.topics.topic_reader import KafkaReader

QUICK = {"session.timeout.ms": "1000", "heartbeat.interval.ms": "200"}  # tansu lets members wait half of the first


def connection_of(servers: str, **document: Any) -> KafkaSettings:
    return read(KafkaSettings, {"servers": servers.split(","), "security": "none", "options": QUICK, **document})


@dataclass
class Bridge:
    """A bridge as the core has it: positions are stored with what was read."""

    connection: KafkaSettings
    topics: Sequence[str]
    document: dict[str, Any] = field(default_factory=dict)
    id: UUID = field(default_factory=uuid4)
    positions: dict[str, Any] = field(default_factory=dict)
    stored: list[Received] = field(default_factory=list)

    @property
    def settings(self) -> KafkaBridgeSettings:
        return read(KafkaBridgeSettings, {"topics": list(self.topics), **self.document})

    def context(self, replica: str = "here-1") -> Context:
        return Context(self.id, replica, lambda: dict(self.positions))

    @contextmanager
    def reading(self, replica: str = "here-1") -> Iterator[KafkaReader]:
        reader = kafka.open(self.connection, self.settings, self.context(replica))
        try:
            yield reader
        finally:
            reader.close()

    def take(self, reader: KafkaReader, *, limit: int = 500, secs: float = 0.3) -> list[Received]:
        """Read, and store what is not yet, as the core does."""
        fresh = []
        batch = reader.read(limit, secs=secs)
        for received in batch:
            if received.position > self.positions.get(received.place, -1):
                self.positions[received.place] = received.position
                fresh.append(received)
        self.stored += fresh
        reader.settle(batch)
        return fresh

    def until(self, n: int, *readers: KafkaReader, secs: float = 60.0) -> list[Received]:
        """Read until so many are stored."""
        self.run(lambda: len(self.stored) >= n, *readers, secs=secs)
        return self.stored

    def run(self, is_done: Callable[[], bool], *readers: KafkaReader, secs: float = 60.0) -> None:
        until = time.monotonic() + secs
        while not is_done():
            assert time.monotonic() < until, f"only {len(self.stored)} came"
            for reader in readers:
                self.take(reader, secs=0.3 / len(readers))


def numbers(messages: Sequence[Received]) -> list[int]:
    return [json.loads(message.body)["n"] for message in messages]


def bodies(*ns: int) -> list[bytes]:
    return [json.dumps({"n": n}).encode() for n in ns]
