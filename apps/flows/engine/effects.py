"""What a node does besides choosing a port: to the person at once, and else noted for whoever writes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import orjson
from django.conf import settings

from apps.flows.engine.moves import JSON, Failure, Go, Move, Stay
from apps.flows.engine.outcome import Awaiting, Child, Effect, Emitted, Outcome, Planned
from apps.flows.engine.state import Pause, Token
from apps.flows.engine.step import Setter, Step
from apps.flows.models import Wait

MAX_PAYLOAD: Final = 65_536  # bytes, as JSON
MAX_MEMORY: Final = 262_144
MAX_ANSWER: Final = 262_144  # of all nodes together
MAX_REQUEST: Final = 1_000_000
AROUND: Final = 10  # levels of what it is kept in: JSON is written 254 levels deep at most
MAX_EVENT: Final = settings.MAX_EVENT_BYTES - 4_000  # the rest is said beside the properties


def do(move: Go, step: Step, out: Outcome, memory: dict[str, JSON], now: datetime) -> None:
    """Do all that a node does when somebody leaves it. Raises Failure, and has done nothing, where that cannot be."""
    _check(move, step, out, memory)
    if move.changes or move.memberships:
        _change(move, step, out, now)
    if move.memory:
        memory.update(move.memory)
    if move.raised or move.sent or move.started:
        _begin(move, step, out)
    if move.response:
        out.response.update(move.response)
    if move.ux:
        out.ux.extend(move.ux)


def wait(move: Stay, step: Step, out: Outcome, token: Token) -> None:
    """Let somebody wait for what the node says, in place of what they waited for. Raises Failure as `do` does."""
    _check_wait(move)
    had_rows = token.wait is not None and token.wait.has_rows
    awaits = move.events or move.sent or move.child
    token.wait = Pause(move.until, move.kept, has_rows=bool(awaits) or had_rows, is_dated=move.is_dated)
    if had_rows:
        out.rewaiting.add(token.id)
        out.waits = [each for each in out.waits if each.token != token.id]
    where = Effect(step.node, step.visit, 0)
    out.waits.extend(Awaiting(token.id, Wait.Kind.EVENT, event.type, event.match) for event in move.events)
    if move.sent:
        out.deliveries.append(Planned(where, move.sent, token.id))
    if move.child:
        out.children.append(Child(where, move.child, token.id))


def told(step: Step, move: Move) -> dict[str, JSON]:
    """Say what happened at a node, for the trace of a run."""
    found: dict[str, JSON] = {"input": step.payload, **(step.told or {})}
    if step.wake is not None:
        found["wake"] = type(step.wake).__name__
    if isinstance(move, Stay):
        found["until"] = move.until.isoformat() if move.until else None
        found["events"] = [event.type for event in move.events]
    return found | _did(move) if isinstance(move, Go) else found


def _did(move: Go) -> dict[str, JSON]:
    found: dict[str, JSON] = {
        "output": move.payload,
        "memory": dict(move.memory),
        "changes": [[each.operation, each.path, each.value] for each in move.changes],
        "segments": {each.segment: each.is_in for each in move.memberships},
        "events": [each.type for each in move.raised],
        "flows": [each.flow for each in move.started],
    }
    return {name: value for name, value in found.items() if value not in (None, {}, [])}


def _check(move: Go, step: Step, out: Outcome, memory: Mapping[str, JSON]) -> None:
    """Refuse what could not be kept. Raises Failure."""
    if move.payload is not None:
        check_size(move.payload, MAX_PAYLOAD, "payload")
    if move.memory:
        check_size({**memory, **move.memory}, MAX_MEMORY, "memory")
    if move.raised:
        _check_raised(move, step)
    if move.response:
        check_size({**out.response, **move.response}, MAX_ANSWER, "response")
    if move.ux:
        check_size([*out.ux, *move.ux], MAX_ANSWER, "widget")
    for each in move.sent:
        check_size(each.request, MAX_REQUEST, "request")


def _check_wait(move: Stay) -> None:
    if move.kept is not None:
        check_size(move.kept, MAX_PAYLOAD, "rest")
    if move.sent:
        check_size(move.sent.request, MAX_REQUEST, "request")


def _begin(move: Go, step: Step, out: Outcome) -> None:
    """Note what goes its own way from here, each under the key of this visit."""
    for nth, raised in enumerate(move.raised):
        out.emissions.append(Emitted(Effect(step.node, step.visit, nth), raised))
    for nth, sent in enumerate(move.sent):
        out.deliveries.append(Planned(Effect(step.node, step.visit, nth), sent, None))
    for nth, started in enumerate(move.started):
        out.children.append(Child(Effect(step.node, step.visit, nth), started, None))


def _check_raised(move: Go, step: Step) -> None:
    """Refuse events that could not be put into the inbox: the node can still fail for them."""
    step.subject.say([each.type for each in move.raised])
    for each in move.raised:
        check_size(each.properties, MAX_EVENT, "event")


def _change(move: Go, step: Step, out: Outcome, now: datetime) -> None:
    if step.subject.profile_id is None:
        message = "It is about nobody: there is no profile to change."
        raise Failure(message)
    setter = Setter(step.flow, step.version, step.node, step.run_id)
    if move.changes:
        step.subject.change(move.changes, setter, now)
        out.changes += move.changes
    if move.memberships:
        step.subject.join(move.memberships, setter, now)
        out.memberships += move.memberships


def check_size(value: JSON | Mapping[str, JSON], most: int, name: str) -> None:
    """Refuse what is no JSON, or too much to be kept. Raises Failure."""
    within: JSON = value
    for _ in range(AROUND):
        within = [within]
    try:
        size = len(orjson.dumps(within)) - 2 * AROUND
    except TypeError:
        message = f"The {name} is no JSON."
        raise Failure(message) from None
    if size > most:
        message = f"The {name} has {size:,} bytes, and at most {most:,} are kept."
        raise Failure(message)
