"""Graphs of small nodes, to be walked without a database."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from apps.flows.engine import advance
from apps.flows.engine import state as states
from apps.flows.engine.graph import Compiled, Joining, Lead, Spot
from apps.flows.engine.moves import Change, Failure, Go, Membership, Move
from apps.flows.engine.outcome import Journey, Outcome, Wakes
from apps.flows.engine.step import Setter, Step

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
RUN = UUID(int=7)
PERSON = UUID(int=1)
Run = Callable[[Step], Move]


def secs(n: float) -> datetime:
    return NOW + timedelta(seconds=n)


@dataclass
class Person:
    """The person of a run; what nodes do to them is written down."""

    profile_id: UUID | None = PERSON
    traits: dict[str, Any] = field(default_factory=dict)
    segments: set[str] = field(default_factory=set)
    zone: str = ""
    consents: dict[str, str] = field(default_factory=dict)
    setters: list[Setter] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    @property
    def scope(self) -> Mapping[str, Any]:
        return {
            "profile": {"traits": self.traits, "segments": sorted(self.segments)},
            "consents": lambda consent, _at: self.consents.get(consent, "never"),
        }

    def change(self, changes: Sequence[Change], setter: Setter, now: datetime) -> None:
        self.setters.append(setter)
        for change in changes:
            name = change.path.removeprefix("traits.")
            if change.operation == "increment":
                self.traits[name] = self.traits.get(name, 0) + change.value
            elif change.operation == "equals":
                self.traits[name] = change.value
            else:
                message = f"There is no operation {change.operation}."
                raise Failure(message)

    def say(self, types: Collection[str]) -> None:
        self.said += types

    def join(self, memberships: Sequence[Membership], setter: Setter, now: datetime) -> None:
        self.setters.append(setter)
        for each in memberships:
            (self.segments.add if each.is_in else self.segments.discard)(each.segment)


def go(step: Step) -> Move:
    return Go()


def finish(step: Step) -> Move:
    return Go("end")


@dataclass
class Node:
    run: Run = go
    ports: tuple[str, ...] = ("out",)
    joining: Joining | None = None
    options: dict[str, Any] = field(default_factory=dict)


def compiled(nodes: Mapping[str, Node | Run], edges: Sequence[str], **options: Any) -> Compiled:
    """Make a graph that starts at its first node; edges are `a -> b`, `a.true -> b`, `a -> b = name`."""
    made = {id: node if isinstance(node, Node) else Node(node) for id, node in nodes.items()}
    spots = {
        id: Spot(id, "test", node.run, node.ports, joining=node.joining, **node.options) for id, node in made.items()
    }
    below: dict[str, set[str]] = {id: set() for id in spots}
    for edge in edges:
        ends, _, name = edge.partition(" = ")
        source, _, target = ends.partition(" -> ")
        id, _, port = source.partition(".")
        spot, port = spots[id], port or "out"
        spot.leads[port] = (*spot.leads.get(port, ()), Lead(spots[target], name or id))
        below[id].add(target)
    for id, spot in spots.items():
        spot.reaches = frozenset(other for other in _reachable(id, below) if spots[other].joining)
    start = next(iter(spots.values()))
    whole = {"version_id": None, "flow_id": None, "flow": "test", "name": "Test", "number": 1, "zone": "UTC"} | options
    return Compiled(start=start, spots=spots, **whole)


def _reachable(id: str, below: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    waiting = list(below[id])
    while waiting:
        each = waiting.pop()
        if each not in found:
            found.add(each)
            waiting.extend(below[each])
    return found


def enter(graph: Compiled, **entered: Any) -> Journey:
    return Journey(RUN, graph, states.fresh(graph.start.id, began=NOW, **entered))


def again(journey: Journey, outcome: Outcome) -> Journey:
    """Return the journey as somebody reads it who finds its row."""
    stored = orjson.loads(orjson.dumps(states.write(outcome.state)))
    return Journey(RUN, outcome.compiled, states.read(stored), successor=journey.successor)


def walk(
    graph: Compiled, person: Person | None = None, now: datetime = NOW, wakes: Wakes | None = None, **entered: Any
) -> Outcome:
    return advance(enter(graph, **entered), person or Person(), now, wakes or Wakes())
