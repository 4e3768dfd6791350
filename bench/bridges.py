"""Bridges: messages of each kind of system into stored events, beside ingest alone and a consumer that only parses.

As in use, one process reads and another ingests. What reading takes is told by itself, too, as is what both together
take of the processors beside ingest alone.
"""

import gc
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any, Final

import psutil
from django.db import connection
from django.test.utils import override_settings

from apps.bridges import connections
from apps.bridges.models import Connection
from apps.core.garbage import collect_less_often
from apps.core.typed_settings import read
from apps.events.models import InboxItem, Source
from apps.inbound import definitions, opening, storing
from apps.inbound.bridge_kind import Context
from apps.inbound.consumer import BATCH, READ_SECS
from apps.inbound.models import Bridge
from apps.inbound.storing import Session
from bench.bridge_systems import MAPPING, SYSTEMS, System, redis
from bench.spent import named, spent
from cdp.processes import BASE_DIR

Figures = dict[str, float]
POLL_SECS: Final = 0.02
GROWN: Final = 20  # times as many, for memory


def bridge_kinds() -> Figures:
    """Measure each kind whose server is installed."""
    collect_less_often()  # as `run_bridge` does
    figures: Figures = {}
    with override_settings(EGRESS_ALLOWED_NETWORKS=[ip_network("127.0.0.0/8")]):
        for make in SYSTEMS:
            with make() as system:
                figures |= _measured(system)
        figures |= memory()
    kinds = [name.removesuffix("_take_us") for name in figures if name.endswith("_take_us")]
    return {**figures, "bridge_ratio": min(_ratio(figures, kind) for kind in kinds)}


def memory() -> Figures:
    """Measure how much memory a reader takes after many messages, and after twenty times as many."""
    with redis() as system:
        bridge = _bridge(system, mapping={**MAPPING, "condition": "message@body.n < 100"})
        with _reading(system, bridge) as take:
            take(system.n)
        before = _rss()
        for _ in range(GROWN):
            with _reading(system, bridge) as take:
                take(system.n)
        return {"bridge_rss_mb": _rss() / 2**20, "bridge_rss_growth": _rss() / before}


def _ratio(figures: Figures, kind: str) -> float:
    """Return the ratio to ingest; three tenths of a bare consumer's rate are as good as seven of ingest's."""
    return max(figures[f"{kind}_to_ingest_ratio"], figures[f"{kind}_to_bare_ratio"] * 7 / 3)


def _measured(system: System) -> Figures:
    bridge, n = _bridge(system, mapping=system.mapping), system.n
    system.publish(_messages(n))
    bare_secs = system.bare(n)
    with _ingest() as ingest:
        with _reading(system, bridge) as take:
            ingest.work()  # the first message, as it starts meanwhile
            taken = spent(lambda: take(n))
        ingested = spent(ingest.work, by=[ingest.process])
        with _reading(system, bridge) as take:
            stored = spent(lambda: ingest.work_during(lambda: take(n)))
    cpu_secs = taken.cpu_secs + taken.postgres_secs, ingested.cpu_secs + ingested.postgres_secs
    return {
        f"bridge_{system.kind}_per_sec": n / stored.secs,
        f"bridge_{system.kind}_take_us": taken.secs * 1e6 / n,
        **named(f"bridge_{system.kind}_take", taken.cpu(n)),
        f"bridge_{system.kind}_ingest_us": ingested.secs * 1e6 / n,
        f"bridge_{system.kind}_to_ingest_ratio": ingested.secs / stored.secs,
        f"bridge_{system.kind}_to_ingest_cpu_ratio": cpu_secs[1] / sum(cpu_secs),
        f"bridge_{system.kind}_to_bare_ratio": bare_secs / stored.secs,
    }


@dataclass(frozen=True, slots=True)
class Ingest:
    """`manage.py ingest`, which works only while it is told to."""

    process: psutil.Process

    def work(self) -> None:
        """Return once all is ingested that bridges have taken."""
        self.work_during(lambda: None)

    def work_during(self, take: Callable[[], object]) -> None:
        """Ingest what is taken meanwhile, too, and return once nothing is left."""
        self.process.resume()
        take()
        while InboxItem.objects.filter(dead_at=None).exists():
            time.sleep(POLL_SECS)
        self.process.suspend()


@contextmanager
def _ingest() -> Iterator[Ingest]:
    process = subprocess.Popen([sys.executable, "manage.py", "ingest"], cwd=BASE_DIR)
    try:
        yield Ingest(psutil.Process(process.pid))
    finally:
        process.kill()
        process.wait()


def _bridge(system: System, *, mapping: Mapping[str, Any]) -> Bridge:
    name, connection = f"{system.kind} {time.time_ns()}", None
    if system.connection:
        connection = Connection(name=name, kind=system.kind)
        connections.fill(connection, read(connections.kind_of(connection).settings, system.connection))
        connections.save(connection)
    source = Source.objects.create(name=name, kind=Source.Kind.BRIDGE, trusts_ids=True)
    bridge = Bridge(name=name, kind=system.kind, connection=connection, source=source)
    bridge.settings, bridge.mapping = system.settings, dict(mapping)
    definitions.save(bridge)
    return bridge


@contextmanager
def _reading(system: System, bridge: Bridge) -> Iterator[Callable[[int], None]]:
    """Open a bridge, and yield what reads so many messages into the inbox, as a consumer does.

    They are there already, and one was read, before which groups come about.
    """
    system.publish(_messages(system.n + 1))
    opened = opening.opened(bridge)
    context = Context(bridge.pk, "bench", lambda: storing.positions_of(bridge.pk))
    session = Session(bridge.pk, bridge.revision, "bench", is_shared=True)
    reader = opened.kind.open(opened.connection, opened.settings, context)

    def take(n: int) -> None:
        while n > 0:
            n -= take_batch(BATCH)

    def take_batch(most: int) -> int:
        batch = reader.read(most, secs=READ_SECS)
        storing.store(session, batch, opened.mapper(), now=datetime.now(UTC))
        reader.settle(batch)
        storing.settled(session)
        return len(batch)

    try:
        while not take_batch(1):
            pass
        yield take
    finally:
        reader.close()


def _messages(n: int) -> list[bytes]:
    def order(number: int) -> dict[str, Any]:
        items = [{"sku": f"sku-{number % 97}", "price": 12.5, "quantity": 1 + number % 3}]
        return {"type": "bench-order", "n": number, "customer": f"c-{number % 500}", "items": items, "total": 25}

    return [json.dumps(order(number)).encode() for number in range(n)]


def _rss() -> int:
    gc.collect()
    connection.queries_log.clear()
    return int(psutil.Process().memory_info().rss)
