"""Bridges: messages of each kind of system into stored events, beside ingest alone and a consumer that only parses.

One process does all of it here, reading, then ingest, so that a ratio says what reading adds; in use, they are two.
"""

import gc
import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any, Final

import psutil
from django.db import connection
from django.test.utils import override_settings

from apps.bridges import connections
from apps.bridges.models import Connection
from apps.collector import accept
from apps.core.typed_settings import read
from apps.events.models import Source
from apps.inbound import definitions, opening, storing
from apps.inbound.bridge_kind import Context, Reader
from apps.inbound.consumer import BATCH, READ_SECS
from apps.inbound.models import Bridge
from apps.inbound.opening import Opened
from apps.inbound.storing import Session
from bench.bridge_systems import MAPPING, SYSTEMS, System, redis
from bench.spent import named, spent

Figures = dict[str, float]
MESSAGES: Final = 5_000
GROWN: Final = 20  # times as many, for memory


def bridge_kinds() -> Figures:
    """Measure each kind whose server is installed."""
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
        system.publish(_messages(MESSAGES))
        _take(bridge, MESSAGES)
        before = _rss()
        for _ in range(GROWN):
            system.publish(_messages(MESSAGES))
            _take(bridge, MESSAGES)
        return {"bridge_rss_mb": _rss() / 2**20, "bridge_rss_growth": _rss() / before}


def _ratio(figures: Figures, kind: str) -> float:
    """Return the ratio to ingest; three tenths of a bare consumer's rate are as good as seven of ingest's."""
    return max(figures[f"{kind}_to_ingest_ratio"], figures[f"{kind}_to_bare_ratio"] * 7 / 3)


def _measured(system: System) -> Figures:
    bridge, n, took_secs = _bridge(system, mapping=system.mapping), system.n, 0.0

    def take() -> None:
        nonlocal took_secs
        took_secs = _take(bridge, n)

    system.publish(_messages(n))
    bare_secs = system.bare(n)
    system.publish(_messages(n))
    taken, ingested = spent(take), spent(_ingest)
    cpu_secs = taken.cpu_secs + taken.postgres_secs, ingested.cpu_secs + ingested.postgres_secs
    return {
        f"bridge_{system.kind}_per_sec": n / (took_secs + ingested.secs),
        f"bridge_{system.kind}_take_us": took_secs * 1e6 / n,
        **named(f"bridge_{system.kind}_take", taken.cpu(n)),
        f"bridge_{system.kind}_to_ingest_ratio": ingested.secs / (took_secs + ingested.secs),
        f"bridge_{system.kind}_to_ingest_cpu_ratio": cpu_secs[1] / sum(cpu_secs),
        f"bridge_{system.kind}_to_bare_ratio": bare_secs / (took_secs + ingested.secs),
    }


def _ingest() -> None:
    while accept.ingest(BATCH, at=datetime.now(UTC)):
        pass


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


def _take(bridge: Bridge, n: int) -> float:
    """Read so many messages into the inbox, as a consumer does, and return how many seconds that takes.

    What opening takes, and the first batch, before which groups come about, is left out.
    """
    opened = opening.opened(bridge)
    context = Context(bridge.pk, "bench", lambda: storing.positions_of(bridge.pk))
    session = Session(bridge.pk, bridge.revision, "bench", is_shared=True)
    reader = opened.kind.open(opened.connection, opened.settings, context)
    try:
        n_first = _take_batch(opened, session, reader)
        n_left, began_at = n - n_first, time.perf_counter()
        while n_left > 0:
            n_left -= _take_batch(opened, session, reader)
        return (time.perf_counter() - began_at) * n / (n - n_first)
    finally:
        reader.close()


def _take_batch(opened: Opened, session: Session, reader: Reader) -> int:
    batch = reader.read(BATCH, secs=READ_SECS)
    storing.store(session, batch, opened.mapper(), now=datetime.now(UTC))
    reader.settle(batch)
    storing.settled(session)
    return len(batch)


def _messages(n: int) -> list[bytes]:
    def order(number: int) -> dict[str, Any]:
        items = [{"sku": f"sku-{number % 97}", "price": 12.5, "quantity": 1 + number % 3}]
        return {"type": "bench-order", "n": number, "customer": f"c-{number % 500}", "items": items, "total": 25}

    return [json.dumps(order(number)).encode() for number in range(n)]


def _rss() -> int:
    gc.collect()
    connection.queries_log.clear()
    return int(psutil.Process().memory_info().rss)
