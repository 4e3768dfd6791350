"""kill -9 while people wait in flows: all go on within a minute of their time, and what happens to them happens once.

`tests/stories/test_flows_survive.py` does the same in short.
"""

import itertools
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psutil

from tests.live import Live, live_platform, wait_for
from tests.outside import Outside, outside

RUNS, KILLS, SEED = 10_000, 20, 20261130
ROLES = {"worker": "worker", "flows": "flows", "flows-2": "flows", "deliveries": "deliveries", "cron": "cron"}
VICTIMS = ("valkey", "flows", "postgres", "deliveries", "ingest", "worker")
PAUSE_SECS = (0.5, 3.0)  # between a recovery and the next kill
LEAST_SECS = 20.0  # that people wait
GIVE_UP_SECS = 300.0
RAISED = "came-back"

# Everybody waits for as long as their event says; then a field, an event and a request to another system tell of it.
DEFINITION: dict[str, Any] = {
    "triggers": [{"id": "t", "kind": "manual"}],
    "nodes": [
        {"id": "start", "kind": "start", "settings": {}},
        {"id": "wait", "kind": "wait", "settings": {"length": "event@properties.secs", "missing": "go_on"}},
        {"id": "count", "kind": "increment", "settings": {"field": "traits.n"}},
        {"id": "say", "kind": "raise-event", "settings": {"event_type": RAISED}},
        {"id": "call", "kind": "http-call", "settings": {"connection": "Outside", "path": "/hook"}},
    ],
    "edges": [
        {"from": "start", "port": "out", "to": "wait"},
        {"from": "wait", "port": "out", "to": "count"},
        {"from": "count", "port": "out", "to": "say"},
        {"from": "say", "port": "out", "to": "call"},
    ],
}
FILL = "from bench.flows_killed import fill; fill(int('{n}'), float('{most}'), '{address}')"
# How long after its time each went on; `path` has when it left each node, in ms since its start.
LATE = """
SELECT (extract(epoch FROM started_at) * 1000 + (step ->> 2)::float) / 1000
    - extract(epoch FROM started_at) - (state -> 'event' -> 'properties' ->> 'secs')::float AS secs
FROM flows_run CROSS JOIN LATERAL jsonb_array_elements(state -> 'path') AS step WHERE step ->> 0 = 'wait'
"""
LEFT = "SELECT count(*) AS n FROM flows_run WHERE status = 1"
COUNTED = "SELECT traits ->> 'n' AS n, count(*) AS people FROM profiles_profile GROUP BY 1"
SAID = f"SELECT count(*) AS n, count(DISTINCT profile_id) AS people FROM events_event WHERE type = '{RAISED}'"


@dataclass(slots=True)
class Survived:
    """What became of those who waited."""

    n_runs: int
    kills: Counter[str]
    latest_secs: float = 0.0
    unfinished: int = 0
    miscounted: int = 0  # people of whom a field does not say that they came by once
    unsaid: int = 0  # events that are not there once
    undelivered: int = 0
    doubled: int = 0  # requests of one visit under two keys, or of a key that nobody has


def flows_killed() -> dict[str, float]:
    """Let ten thousand people wait on a durable PostgreSQL, and kill all processes again and again while they go on."""
    dice = random.Random(SEED)
    victims = [*VICTIMS, *dice.choices(VICTIMS, k=KILLS - len(VICTIMS))]
    found = survive(RUNS, victims, dice=dice, most_secs=LEAST_SECS + 60)
    print(f"flows_killed: {found}", file=sys.stderr)
    return {
        "flows_killed_runs": found.n_runs,
        "flows_killed_kills": found.kills.total(),
        "flows_killed_latest_s": found.latest_secs,
        "flows_killed_lost": found.unfinished + found.undelivered,
        "flows_killed_doubled": found.miscounted + found.unsaid + found.doubled,
    }


def survive(n_runs: int, victims: Sequence[str], *, dice: random.Random, most_secs: float) -> Survived:
    """Kill the victims one after the other while people wait and go on, and see what became of them."""
    found = Survived(n_runs, Counter())
    with (
        outside(keeps=True) as other,
        live_platform(durable=True, has_web=False, EGRESS_ALLOWED_NETWORKS="127.0.0.0/8") as live,
    ):
        live.manage("shell", "--no-imports", "-c", FILL.format(n=n_runs, most=most_secs, address=other.address))
        for name, role in ROLES.items():
            live.start(role, name=name)
        wait_for(lambda: _begun(live) == n_runs, "everybody to begin", timeout_secs=GIVE_UP_SECS)
        for victim in victims:
            time.sleep(dice.uniform(*PAUSE_SECS))
            kill(live, victim)
            found.kills[victim] += 1
        wait_for(lambda: not live.rows(LEFT)[0]["n"], "all runs to end", timeout_secs=GIVE_UP_SECS)
        live.wait_until_drained(timeout_secs=GIVE_UP_SECS)
        _look(live, other, found)
    return found


def fill(n_runs: int, most_secs: float, address: str) -> None:
    """Publish the flow, and let people enter it; in a process of the platform."""
    from apps.bridges.models import Connection
    from apps.events.models import EventType
    from bench import crowd

    now, dice = datetime.now(UTC), random.Random(SEED)
    EventType.objects.create(type=RAISED, name=RAISED)
    Connection.objects.create(name="Outside", kind="http", settings={"base_url": address, "auth": "none"})
    version = crowd.publish("patience", DEFINITION, now=now)
    events = (
        {"id": str(number), "type": "left", "time": now, "properties": {"secs": dice.uniform(LEAST_SECS, most_secs)}}
        for number in itertools.count()
    )
    crowd.let_in(version, crowd.people(n_runs), events, now=now)


def kill(live: Live, victim: str) -> None:
    """Kill a process, or empty Valkey; what was killed is started anew, as a supervisor does."""
    match victim:
        case "valkey":
            live.valkey.client.flushdb()
        case "postgres":
            backends = psutil.Process(live.postgres.pid).children()
            live.postgres.kill()
            live.postgres.wait()
            psutil.wait_procs(backends, timeout=30)  # they notice; until then the data are locked
            live.start_postgres()
        case "ingest":
            live.ingest.kill()
            live.ingest.wait()
            live.start_ingest()
        case role:  # all that there are
            names = [name for name in live.started if ROLES[name] == role]
            for name in names:
                os.killpg(live.started[name].pid, signal.SIGKILL)
                live.started[name].wait()
            for name in names:
                live.start(role, name=name)


def _begun(live: Live) -> int:
    """Count who waits, or has waited: on a busy machine the first ones may go on before the last ones have begun."""
    [found] = live.rows("SELECT count(*) AS n FROM flows_run WHERE jsonb_array_length(state -> 'path') > 0")
    return int(found["n"])


def _look(live: Live, other: Outside, found: Survived) -> None:
    late = [row["secs"] for row in live.rows(LATE)]
    found.latest_secs, found.unfinished = max(late), found.n_runs - len(late)
    found.miscounted = sum(row["people"] for row in live.rows(COUNTED) if row["n"] != "1")
    [said] = live.rows(SAID)
    found.unsaid = abs(said["n"] - found.n_runs) + abs(said["people"] - found.n_runs)
    keys = {taken.headers["idempotency-key"] for taken in other.taken}
    wanted = {f"{row['id']}:call:1" for row in live.rows("SELECT id::text FROM flows_run")}
    found.undelivered, found.doubled = len(wanted - keys), len(keys - wanted)
