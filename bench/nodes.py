"""Nodes that change nothing, in the engine: how many go by in a second, of each kind with the settings of its example.

A run goes through copies of one kind, whatever port they choose; kinds that wait, that ask the database, or that end
the way are left out. It is the time of one processor: what a worker does for a batch of runs comes to it.
"""

import itertools
import statistics
import sys
import time
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from apps.core.typed_settings import read
from apps.flows.definition.compiled import made_of
from apps.flows.definition.making import Identity
from apps.flows.definition.shape import read as read_definition
from apps.flows.engine import advancing, state
from apps.flows.engine.graph import Compiled
from apps.flows.engine.outcome import Journey
from apps.flows.models import Run
from apps.flows.node import Effects, Node, kinds
from apps.flows.testing.stories import Person
from apps.profiles.models import Profile

COPIES = 50
SECS = 0.15
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
EVENT: dict[str, Any] = {
    "id": "e",
    "type": "order-completed",
    "time": NOW.isoformat(),
    "properties": {
        **{"order_id": "A-1", "code": "no", "country": "no", "category": "shoes", "plan": "pro", "company": "Ada & Co"},
        **{"total": 120, "price": 12.5, "quantity": 2, "ip": "81.2.69.142", "email": "ada@example.com"},
        **{"url": "https://shop.example/shoes?size=42", "message": "Where is order #123?", "answer": '{"a": 1}'},
        **{"latitude": 59.9, "longitude": 10.7, "appointment_at": "2026-12-24T18:00:00Z", "reason": "late"},
        "items": [{"name": f"Item {number}", "price": number % 7, "quantity": 1} for number in range(20)],
    },
}


def nodes() -> dict[str, float]:
    """Return the visits a second over all kinds, and of each; and how much slower the slowest is than the median."""
    took = {key: secs for key, kind in sorted(kinds.items()) if (secs := visit_secs(kind)) is not None}
    median = statistics.median(took.values())
    slowest = max(took, key=lambda key: took[key])
    print(f"the slowest kind of nodes: {slowest}", file=sys.stderr)
    return {
        "nodes_per_s": 1 / statistics.fmean(took.values()),
        "nodes_slowest_ratio": took[slowest] / median,
        **{f"nodes_{key}_per_s": 1 / secs for key, secs in took.items()},
    }


def visit_secs(kind: type[Node]) -> float | None:
    """Measure a visit; None for a kind that does not go on by itself."""
    if kind.effects not in (Effects.PURE, Effects.ANSWERS) or kind.is_wait or kind.is_end or kind.key == "start":
        return None
    compiled = chained(kind)
    if not advanced(compiled):
        return None
    n_runs, began = 0, time.process_time()
    while (secs := time.process_time() - began) < SECS:
        advanced(compiled)
        n_runs += 1
    return secs / n_runs / COPIES


def chained(kind: type[Node]) -> Compiled:
    """Compile a flow of copies, each of which leads on to the next by all of its ports."""
    ports = kind.ports_of(read(kind.Settings, kind.example))
    ids = ["start", *(f"n{number}" for number in range(COPIES)), "end"]
    made = [{"id": id, "kind": kind.key, "settings": dict(kind.example)} for id in ids[1:-1]]
    edges = [{"from": a, "port": port, "to": b} for a, b in itertools.pairwise(ids[1:]) for port in ports]
    document = {
        "triggers": [{"id": "t", "kind": "manual"}],
        "nodes": [{"id": "start", "kind": "start"}, *made, {"id": "end", "kind": "end"}],
        "edges": [{"from": "start", "to": "n0"}, *edges],
    }
    return made_of(read_definition(document), Identity("flow", "Flow", number=1))


def advanced(compiled: Compiled) -> bool:
    """Let somebody go through; tell whether they came to the end at once."""
    profile = Profile(id=UUID(int=2), created_at=NOW, last_seen_at=NOW, traits={"plan": "pro"})
    begun = state.fresh(compiled.start.id, began=NOW, event=EVENT)
    outcome = advancing.advance(Journey(UUID(int=1), compiled, begun), Person(profile, (), ""), NOW)
    return outcome.ending is not None and outcome.ending.status == Run.Status.FINISHED
