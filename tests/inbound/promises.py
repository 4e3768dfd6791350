"""What every bridge promises, tried with the real processes: `manage.py run_bridge`, twice, and ingest.

    with bridged("redis", connection={...}, settings={...}) as platform:
        all_arrive(platform, broker.publish, disturb=broker.restart)

`publish(messages)` sends bodies to the real broker, in order, and returns once it has them all.
"""

import json
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from tests.laws import IS_NIGHTLY
from tests.live import Live, live_platform, wait_for

RAW: Final = {"shape": "raw", "event_type": "message@body.type", "is_profileless": True}
POISON: Final = b"\xff no JSON"
READ_SECS: Final = 90.0
# How much happens in the nightly run, and in the usual one: there, each of both readers is killed once.
MANY: Final = 10_000 if IS_NIGHTLY else 200
KILLS: Final = 5 if IS_NIGHTLY else 2
DISTURBANCES: Final = 2 if IS_NIGHTLY else 1

MAKE: Final = """
import json
from apps.bridges import connections
from apps.bridges.models import Connection
from apps.core.typed_settings import read
from apps.events.models import Source
from apps.inbound import definitions
from apps.inbound.models import Bridge
said = json.loads({said!r})
source = Source.objects.create(name="Bridge", kind=Source.Kind.BRIDGE, trusts_ids=True)
connection = None
if said["connection_kind"]:
    connection = Connection(name="System", kind=said["connection_kind"])
    connections.fill(connection, read(connections.kind_of(connection).settings, said["connection"]))
    connections.save(connection)
row = Bridge(name="Orders", kind=said["kind"], connection=connection, source=source)
row.settings, row.mapping = said["settings"], said["mapping"]
definitions.save(row)
print(row.pk)
"""
STORED: Final = "SELECT (properties->>'n')::int AS n FROM events_event WHERE type = 'numbered' ORDER BY time, id"


@dataclass
class Bridged:
    """A platform with a bridge, for which any number of processes read."""

    live: Live
    bridge_id: str

    def start(self, name: str) -> None:
        """Start a process that reads, or start it anew."""
        self.live.start("bridges", name=name)

    def kill(self, name: str) -> None:
        """End one as a crash does."""
        process = self.live.started[name]
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def numbers(self) -> list[int]:
        """Read the numbers of the events, in the order of their times."""
        return [row["n"] for row in self.live.rows(STORED)]

    def n_events(self) -> int:
        """Count the events."""
        [row] = self.live.rows("SELECT count(*) AS n FROM events_event WHERE type = 'numbered'")
        return int(row["n"])

    def n_taken(self) -> int:
        """Count what reading has got to: events and what waits to become one."""
        query = (
            "SELECT (SELECT count(*) FROM events_event WHERE type = 'numbered') "
            "+ (SELECT count(*) FROM events_inboxitem) AS n"
        )
        return int(self.live.rows(query)[0]["n"])

    def dead(self) -> list[bytes]:
        """Read the bodies of dead letters."""
        return [bytes(row["body"]) for row in self.live.rows("SELECT body FROM inbound_bridgedeadletter ORDER BY at")]

    def consumers(self) -> list[dict[str, Any]]:
        """Read what the processes say."""
        return self.live.rows("SELECT * FROM inbound_consumer ORDER BY replica")

    def is_reading(self) -> bool:
        """Tell whether one of them is connected."""
        return any(row["state"] == "reading" for row in self.consumers())


@contextmanager
def bridged(
    kind: str,
    *,
    connection: Mapping[str, Any] | None,
    settings: Mapping[str, Any],
    mapping: Mapping[str, Any] | None = None,
    connection_kind: str = "",
    **more_env: Any,
) -> Iterator[Bridged]:
    """Run a platform with a bridge of this kind; nobody reads yet."""
    said = {
        "kind": kind,
        "connection_kind": "" if connection is None else connection_kind or kind,
        "connection": connection,
        "settings": settings,
        "mapping": mapping or RAW,
    }
    env: dict[str, Any] = {"EGRESS_ALLOWED_NETWORKS": "127.0.0.0/8", **more_env}
    with live_platform(has_web=False, **env) as live:
        made = live.manage("shell", "--no-imports", "-c", MAKE.format(said=json.dumps(said)))
        yield Bridged(live, made.strip())


def numbered(n: int) -> bytes:
    """Write the message of a number."""
    return json.dumps({"type": "numbered", "n": n}).encode()


def all_arrive(
    platform: Bridged,
    publish: Callable[[Sequence[bytes]], object],
    *,
    n: int = MANY,
    disturb: Callable[[], object] | None = None,
    poison: bytes = POISON,
) -> None:
    """Publish while readers are killed and the broker is disturbed: each message arrives once, poison is set aside."""
    names = ("reader-1", "reader-2")
    for name in names:
        platform.start(name)
    wait_for(platform.is_reading, "a reader", timeout_secs=READ_SECS)
    happenings: list[Callable[[], object]] = [_kill(platform, names[turn % 2]) for turn in range(KILLS)]
    if disturb:
        for place in range(DISTURBANCES):
            happenings.insert(2 * place + 1, disturb)
    parts = len(happenings) + 1
    for part in range(parts):
        begin, end = part * n // parts, (part + 1) * n // parts
        publish([*map(numbered, range(begin, end)), *([poison] if part % 2 else [])])
        if part < len(happenings):
            _wait_until_taken(platform, begin + (end - begin) // 2)
            happenings[part]()
    wait_for(lambda: platform.n_events() >= n, "all messages", timeout_secs=READ_SECS)
    n_poison = parts // 2
    wait_for(lambda: len(platform.dead()) >= n_poison, "dead letters", timeout_secs=READ_SECS)
    platform.live.wait_until_drained()
    counts = Counter(platform.numbers())
    assert [number for number in range(n) if number not in counts] == []
    assert [number for number, times in counts.items() if times > 1] == []
    assert platform.dead() == [poison] * n_poison


def _wait_until_taken(platform: Bridged, n: int) -> None:
    wait_for(lambda: platform.n_taken() >= n, f"message {n}", timeout_secs=READ_SECS)


def _kill(platform: Bridged, name: str) -> Callable[[], object]:
    def happen() -> None:
        platform.kill(name)
        platform.start(name)

    return happen
