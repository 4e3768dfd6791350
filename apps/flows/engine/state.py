"""What a run remembers, as its row has it: compact JSON, from which the engine goes on as if it had never paused.

    {"began": "2026-03-01T09:00:00+00:00",      when the run started; all times are the engine's
     "event": {...} | null,                     the event that started it, as `scope['event']`
     "memory": {...},                           `memory@`, of all branches
     "tokens": [{                               where it stands: a branch each, in the order in which they are walked
        "id": 1, "node": "n2",
        "payload": ..., "by": "yes",            what it came with, and the name of the edge
        "at": "2026-...", "visit": 1,           since when it is there, and which visit of the node that is
        "wait": {"until": "..." | null,         it waits: for a time, and for what its rows in flows_wait say
                 "kept": ...,                   what the node is to be handed again
                 "for": "retry" | "join",       what the engine itself lets it wait for; a node's waits have no such key
                 "rows": true,                  whether it has rows in flows_wait
                 "dated": true,                 whether it waits for a moment of the calendar, which no pause moves
                 "by_hand": true}               somebody has let it go on since (pausing.py): gone with the next look
        "passed": {"n9": 1},                    how often it has passed joins: those of one round belong together
        "tries": 1}],                           failures of this visit, where it is tried again
     "joins": {"n9": [{"round": 0, "key": "", "token": 3 | null, "came": {"yes": ...}, "n": 1}]},
                                                what has come to joins; without a token the round has gone on
     "visits": {"n1": 1}, "steps": 4, "next": 2,    counts, and the id of the next token
     "path": [["n1", "out", 0]],                node, port, ms since the start; the last MAX_PATH steps
     "chain": 3,                                how many flows in a row have led to the run that has started it
     "goals": {"g1": "2026-..."},               goals that were reached, and when
     "result": ...}                             what an end gives to the flow whose sub-flow it is

Keys whose value is empty are left out. `place` of the row is the node of the first token that waits.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from apps.flows.engine.moves import JSON

MAX_PATH: Final = 200
MAX_MET: Final = 100


@dataclass(slots=True)
class Pause:
    """What a token waits for."""

    until: datetime | None
    kept: JSON = None
    reason: str = ""  # RETRY or JOIN: what the engine itself lets it wait for
    has_rows: bool = False  # in flows_wait
    is_dated: bool = False  # see Stay


RETRY: Final = "retry"
JOIN: Final = "join"


@dataclass(slots=True, eq=False)
class Token:
    """A branch of a run, where it stands."""

    id: int
    node: str
    payload: JSON = None
    by: str = ""
    at: datetime | None = None  # null: it has not been looked at since it came
    visit: int = 0
    wait: Pause | None = None
    passed: dict[str, int] = field(default_factory=dict)
    tries: int = 0
    # From when on it could go on, had no worker been late, by the engine's time; it is not kept.
    since: datetime | None = None
    took: Mapping[str, Any] | None = None  # the event by which it has gone on just now; it is not kept
    met: list[str] = field(default_factory=list)  # ids of the events by which it has gone on, wherever

    def take(self, event: Mapping[str, Any]) -> None:
        """Note the event by which it goes on."""
        self.took = event
        self.meet([event["id"]] if "id" in event else [])

    def meet(self, ids: Iterable[str]) -> None:
        """Note events by which it does not go on any more; branches may have the list in common."""
        self.met = list(dict.fromkeys([*self.met, *ids]))[-MAX_MET:]

    def moved(self, node: str, by: str) -> None:
        """Put it on the way to a node."""
        self.node, self.by, self.at, self.visit, self.wait, self.tries = node, by, None, 0, None, 0


@dataclass(slots=True, eq=False)
class Gathering:
    """What has come to a join in one round, of one key."""

    round: int
    key: str
    token: int | None  # which stands for all that came; null: it has gone on
    came: dict[str, JSON] = field(default_factory=dict)
    n: int = 0


@dataclass(slots=True)
class State:
    """A run, between two steps."""

    began: datetime
    event: Mapping[str, JSON] | None = None
    memory: dict[str, JSON] = field(default_factory=dict)
    tokens: list[Token] = field(default_factory=list)
    joins: dict[str, list[Gathering]] = field(default_factory=dict)
    visits: dict[str, int] = field(default_factory=dict)
    n_steps: int = 0
    next_id: int = 1
    path: list[list[JSON]] = field(default_factory=list)
    goals: dict[str, datetime] = field(default_factory=dict)
    result: JSON = None
    chain: int = 0

    def token(self, id: int) -> Token | None:
        """Find a token; none: it is gone."""
        return next((token for token in self.tokens if token.id == id), None)


def fresh(
    start: str,
    *,
    began: datetime,
    event: Mapping[str, JSON] | None = None,
    payload: JSON = None,
    memory: Mapping[str, JSON] | None = None,
    chain: int = 0,
) -> State:
    """Return the state of somebody who has just entered: on the way to the start."""
    return State(began, event, dict(memory or {}), [Token(1, start, payload)], next_id=2, chain=chain)


def write(state: State) -> dict[str, JSON]:
    """Return the JSON of a state; it shares its branches with it."""
    document: dict[str, JSON] = {"began": state.began.isoformat(), "steps": state.n_steps, "next": state.next_id}
    document["tokens"] = [_write_token(token) for token in state.tokens]
    for key, value in (
        ("event", state.event),
        ("memory", state.memory),
        ("visits", state.visits),
        ("path", state.path),
        ("chain", state.chain),
    ):
        if value:
            document[key] = value
    if state.joins:
        document["joins"] = {node: list(map(_write_gathering, came)) for node, came in state.joins.items()}
    if state.goals:
        document["goals"] = {goal: at.isoformat() for goal, at in state.goals.items()}
    if state.result is not None:
        document["result"] = state.result
    return document


def read(document: Mapping[str, JSON]) -> State:
    """Read what `write` wrote; the state takes the document's branches over."""
    return State(
        began=datetime.fromisoformat(document["began"]),
        event=document.get("event"),
        memory=document.get("memory") or {},
        tokens=[_read_token(token) for token in document["tokens"]],
        joins=_read_joins(document["joins"]) if "joins" in document else {},
        visits=document.get("visits") or {},
        n_steps=document["steps"],
        next_id=document["next"],
        path=document.get("path") or [],
        goals=_read_goals(document["goals"]) if "goals" in document else {},
        result=document.get("result"),
        chain=document.get("chain", 0),
    )


def _read_joins(document: Mapping[str, Any]) -> dict[str, list[Gathering]]:
    return {node: [Gathering(**each) for each in came] for node, came in document.items()}


def _read_goals(document: Mapping[str, str]) -> dict[str, datetime]:
    return {goal: datetime.fromisoformat(at) for goal, at in document.items()}


def _write_token(token: Token) -> dict[str, JSON]:
    document: dict[str, JSON] = {"id": token.id, "node": token.node}
    if token.payload is not None:
        document["payload"] = token.payload
    if token.by:
        document["by"] = token.by
    if token.at:
        document |= {"at": token.at.isoformat(), "visit": token.visit}
    if token.wait:
        document["wait"] = _write_wait(token.wait)
    if token.met:
        document["met"] = token.met
    if token.passed:
        document["passed"] = token.passed
    if token.tries:
        document["tries"] = token.tries
    return document


def _write_wait(wait: Pause) -> dict[str, JSON]:
    document: dict[str, JSON] = {"until": wait.until.isoformat() if wait.until else None}
    if wait.kept is not None:
        document["kept"] = wait.kept
    if wait.reason:
        document["for"] = wait.reason
    if wait.has_rows:
        document["rows"] = True
    if wait.is_dated:
        document["dated"] = True
    return document


def _read_token(document: Mapping[str, Any]) -> Token:
    at, wait = document.get("at"), document.get("wait")
    return Token(
        id=document["id"],
        node=document["node"],
        payload=document.get("payload"),
        by=document.get("by", ""),
        at=datetime.fromisoformat(at) if at else None,
        visit=document.get("visit", 0),
        wait=_read_wait(wait) if wait else None,
        passed=document.get("passed") or {},
        tries=document.get("tries", 0),
        met=document.get("met") or [],
    )


def _read_wait(document: Mapping[str, Any]) -> Pause:
    until = document["until"]
    return Pause(
        datetime.fromisoformat(until) if until else None,
        document.get("kept"),
        document.get("for", ""),
        document.get("rows", False),
        document.get("dated", False),
    )


def _write_gathering(came: Gathering) -> dict[str, JSON]:
    return {"round": came.round, "key": came.key, "token": came.token, "came": came.came, "n": came.n}
