"""Bridges from Redis, for tests."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest

from apps.bridges.connection_kind import Report
from apps.bridges.kinds.redis import RedisSettings
from apps.core.typed_settings import read
from apps.inbound.bridge_kind import Context, Reader
from apps.inbound.bridge_kinds import redis as kind
from apps.inbound.received import Failure, Received
from apps.inbound.redis.settings import RedisBridgeSettings
from tests.systems.valkey import PASSWORD, ValkeyServer


def connection(server: ValkeyServer, **more: Any) -> RedisSettings:
    usual = {"host": "127.0.0.1", "port": server.port, "security": "none", "time_out": "15 seconds"}
    return read(RedisSettings, {**usual, "password": PASSWORD, **more})


def bridge(**more: Any) -> RedisBridgeSettings:
    usual = {} if "mode" in more else {"keys": ["orders"], "min_idle": "2 seconds"}
    return read(RedisBridgeSettings, {**usual, **more})


def context(replica: str = "here-1", bridge_id: UUID | None = None) -> Context:
    return Context(bridge_id or UUID(int=1), replica, positions=dict)


@contextmanager
def opened(
    server: ValkeyServer, settings: RedisBridgeSettings, *, replica: str = "here-1", **more: Any
) -> Iterator[Reader]:
    reader = kind.open_(connection(server, **more), settings, context(replica))
    try:
        yield reader
    finally:
        reader.close()


def bodies(messages: Sequence[Received]) -> list[str]:
    return [message.body.decode() for message in messages]


def add(server: ValkeyServer, *said: str, to: str = "orders", **more: str) -> list[str]:
    fields: Any = more
    return [server.client.xadd(to, {"body": text, **fields}).decode() for text in said]  # type: ignore[union-attr]


def fault(server: ValkeyServer, settings: RedisBridgeSettings, **more: Any) -> Failure:
    with pytest.raises(Failure) as raised, opened(server, settings, **more) as reader:
        reader.read(10, secs=0.1)
    return raised.value


def looked(server: ValkeyServer, settings: RedisBridgeSettings, **more: Any) -> list[tuple[str, str, str]]:
    report = Report()
    try:
        kind.look(connection(server, **more), settings, report)
    except Failure as failure:
        report.failed(failure.part, failure.told)
    return [(finding.part.value, finding.state.value, finding.told) for finding in report.findings]
