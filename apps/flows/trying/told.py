"""What a trial tells: each step, what it would have done, and how it came out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from apps.bridges.models import Connection
from apps.flows.definition.making import DISABLED
from apps.flows.engine.moves import JSON
from apps.flows.engine.outcome import Effect, Outcome, Planned, Told

PINNED: Final = "pinned"  # among what a node tells: it was not asked
_SAID_ELSEWHERE: Final = ("until", "events", "flows")


@dataclass(slots=True)
class Waited:
    """What somebody waits for at a node, and what has ended that."""

    until: datetime | None = None
    events: list[dict[str, Any]] = field(default_factory=list)  # type, match
    delivery: bool = False  # it is sent, and its outcome waited for
    flow: str = ""  # whose end is waited for
    ended_at: datetime | None = None
    ended_by: str = ""  # time, event, delivery, flow, skipped; empty: they still wait
    is_assumed: bool = False  # nobody said what happens: it went well


@dataclass(slots=True)
class StepTold:
    """One visit of a node, or a further look of it at somebody who waits there."""

    node: str
    kind: str
    visit: int
    at: datetime
    port: str  # by which it was left; empty: they wait there, or it has ended
    took_us: int
    error: str
    is_pinned: bool
    is_disabled: bool  # it was passed, and nothing happened
    wake: str  # why it is asked again; empty: they have just come
    input: JSON
    output: JSON  # null: what it came with
    conditions: Mapping[str, JSON]  # by field
    memory: Mapping[str, JSON]  # which it sets
    changes: list[dict[str, Any]]  # of the profile: operation, path, value
    segments: Mapping[str, bool]
    sent: list[dict[str, Any]]  # connection, kind, channel, request
    raised: list[dict[str, Any]]  # type, properties
    started: list[dict[str, Any]]  # flow, payload
    noted: Mapping[str, JSON]  # whatever else the node tells
    wait: Waited | None


@dataclass(slots=True)
class Tried:
    """All that a trial tells."""

    version: int | None  # null: the draft, or what was sent
    began_at: datetime
    ended_at: datetime  # by the clock of the trial
    profile_id: UUID | None
    end: str  # finished, goal, ...; waiting: it stopped at a wait; limit: it took too long, or too many steps
    reason: str
    place: str
    path: list[str]  # node.port; a node that is an end without one
    steps: list[StepTold]
    memory: Mapping[str, JSON]
    result: JSON
    entered: list[str]  # segments
    left: list[str]
    goals: list[str]
    response: Mapping[str, JSON]
    ux: list[Mapping[str, JSON]]
    unused_answers: list[int]  # places in what was asked: nobody waited there
    scope: Mapping[str, Any] = field(default_factory=dict, repr=False)  # as it was at the end


def steps(outcome: Outcome) -> list[StepTold]:
    """Tell the steps of one advance, each with what it would have done."""
    found = [_step(each, outcome) for each in outcome.steps]
    _tell_of_effects(found, outcome)
    return found


def _step(told: Told, outcome: Outcome) -> StepTold:
    said, spot = dict(told.told), outcome.compiled.spots[told.node]
    changes = [dict(zip(("operation", "path", "value"), each, strict=True)) for each in said.pop("changes", ())]
    until = said.get("until")
    wait = Waited(until and datetime.fromisoformat(until)) if "until" in said else None
    found = StepTold(
        node=told.node,
        kind=spot.kind,
        visit=told.visit,
        at=told.at,
        port=told.port,
        took_us=told.took_us,
        error=told.error,
        is_pinned=bool(said.pop(PINNED, False)),
        is_disabled=bool(said.pop(DISABLED, False)),
        wake=said.pop("wake", ""),
        input=said.pop("input", None),
        output=said.pop("output", None),
        conditions=said.pop("conditions", {}),
        memory=said.pop("memory", {}),
        changes=changes,
        segments=said.pop("segments", {}),
        sent=[],
        raised=[],
        started=[],
        noted={},
        wait=wait,
    )
    found.noted = {name: value for name, value in said.items() if name not in _SAID_ELSEWHERE}
    return found


def _tell_of_effects(steps: Sequence[StepTold], outcome: Outcome) -> None:
    by_visit: dict[tuple[str, int], StepTold] = {(each.node, each.visit): each for each in steps}

    def step_of(by: Effect) -> StepTold:
        return by_visit[by.node, by.visit]

    connections = _connections(outcome.deliveries)
    for planned in outcome.deliveries:
        sent, step = planned.sent, step_of(planned.by)
        name, kind = connections.get(sent.connection_id, ("", ""))
        step.sent.append({"connection": name, "kind": kind, "channel": sent.channel, "request": dict(sent.request)})
        if step.wait:
            step.wait.delivery = True
    for emitted in outcome.emissions:
        raised = emitted.raised
        step_of(emitted.by).raised.append({"type": raised.type, "properties": dict(raised.properties)})
    for child in outcome.children:
        step = step_of(child.by)
        step.started.append({"flow": child.started.flow, "payload": child.started.payload})
        if step.wait:
            step.wait.flow = child.started.flow


def _connections(planned: Sequence[Planned]) -> dict[UUID, tuple[str, str]]:
    ids = {each.sent.connection_id for each in planned}
    if not ids:
        return {}
    return {row.pk: (row.name, row.kind) for row in Connection.objects.filter(pk__in=ids).only("name", "kind")}
