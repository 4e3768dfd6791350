"""A batch of runs is read, and its people locked: a statement a table, whatever the number of runs."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson
from django.db import connection

from apps.core import claims
from apps.core.claims import Lease
from apps.core.fetch import fetch
from apps.flows.engine.graph import Compiled
from apps.flows.engine.moves import Delivered, Met, Returned, Skipped, Wake
from apps.flows.engine.outcome import Wakes
from apps.flows.models import Flow, Run, Wait
from apps.flows.runs import subjects, versions
from apps.flows.runs.subjects import Nobody, Person
from apps.sessions.models import Session

_FLOWS: Final = """
SELECT v.id, v.successor_id, f.key, f.state, f.priority, f.catch_up_per_minute
FROM flows_flowversion AS v JOIN flows_flow AS f ON f.id = v.flow_id WHERE v.id = ANY(%s)
"""
_WAITS: Final = (
    "SELECT id, run_id, kind, type, token, expires_at, met::text FROM flows_wait WHERE run_id = ANY(%s) ORDER BY id"
)
NOBODY: Final = Nobody()
_HIDDEN: Final = frozenset({"_state", "device_key", "profile_id", "original_profile_id", "source_id", "visits"})


class Standing(NamedTuple):
    """A version, and how its flow is now."""

    version_id: UUID
    successor_id: UUID | None
    key: str
    state: str
    priority: int
    catch_up_per_minute: int | None

    @property
    def is_paused(self) -> bool:
        """Tell whether nobody goes on."""
        return self.state == Flow.State.PAUSED


class Waiting(NamedTuple):
    """A row of what a run waits for."""

    id: UUID
    run_id: UUID
    kind: int
    type: str
    token: int
    expires_at: datetime | None
    met: Any  # a list


@dataclass(slots=True)
class Batch:
    """Runs that are ours, and all that is known of them before they go on."""

    now: datetime
    late_since: Mapping[UUID, datetime]  # {run: since when it was due}
    runs: list[Run] = field(default_factory=list)
    people: dict[UUID, Person] = field(default_factory=dict)
    standings: dict[UUID, Standing] = field(default_factory=dict)  # by version
    compiled: dict[UUID, Compiled] = field(default_factory=dict)  # by version
    waits: dict[UUID, list[Waiting]] = field(default_factory=dict)  # by run
    sessions: dict[UUID, Mapping[str, Any]] = field(default_factory=dict)
    missed: Mapping[UUID, tuple[Any, ...]] = field(default_factory=dict)  # by run: what came before its first step
    allowances: set[UUID] = field(default_factory=set)  # shared ones that are locked

    def subject(self, run: Run) -> Person | Nobody | None:
        """Return whom a run is about; None where we do not hold them, as they were merged, or are no more."""
        return NOBODY if run.profile_id is None else self.people.get(run.profile_id)

    def version(self, run: Run) -> Compiled | None:
        """Return the version on which a run stands, if there still is one."""
        return self.compiled.get(run.version_id)

    def successor(self, run: Run) -> Compiled | None:
        """Return the version on which it is to go on, if there is another one."""
        standing = self.standings.get(run.version_id)
        return self.compiled.get(standing.successor_id) if standing and standing.successor_id else None


def load(leases: Collection[Lease], *, now: datetime) -> Batch:
    """Lock the people of leased runs, and then the runs that are still ours; read what they need to go on."""
    batch = Batch(now, {lease.pk: lease.due_at or now for lease in leases})
    batch.people = subjects.hold({lease.subject for lease in leases if lease.subject}, now=now)
    batch.runs = claims.held(Run, leases)
    if not batch.runs:
        return batch
    batch.standings = _standings({run.version_id for run in batch.runs})
    later = {standing.successor_id for standing in batch.standings.values() if standing.successor_id}
    batch.compiled = versions.compiled(batch.standings.keys() | later)
    batch.waits = _waits([run.id for run in batch.runs])
    batch.sessions = _sessions({run.session_id for run in batch.runs if run.session_id})
    return batch


def _standings(ids: Iterable[UUID]) -> dict[UUID, Standing]:
    with connection.cursor() as cursor:
        cursor.execute(_FLOWS, [list(ids)])
        return {row[0]: Standing(*row) for row in cursor.fetchall()}


def _waits(run_ids: list[UUID]) -> dict[UUID, list[Waiting]]:
    found: dict[UUID, list[Waiting]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_WAITS, [run_ids])
        for row in map(Waiting._make, cursor.fetchall()):
            found[row.run_id].append(row._replace(met=orjson.loads(row.met)))
    return found


def _sessions(ids: Collection[UUID]) -> dict[UUID, Mapping[str, Any]]:
    return {id: session_scope(row) for id, row in fetch(Session, ids).items()}


def session_scope(row: Session) -> Mapping[str, Any]:
    """Return what `session@` reads of a session: its columns, and nothing of whom else it names."""
    return {name: value for name, value in vars(row).items() if name not in _HIDDEN} | {"id": str(row.id)}


def wakes_of(waits: Iterable[Waiting]) -> Wakes:
    """Say what has happened to a run since it went on last."""
    met: dict[int, dict[Any, Any]] = defaultdict(dict)
    others: dict[int, list[Wake]] = defaultdict(list)
    events: dict[Any, Any] = {}
    for row in waits:
        for each in row.met:
            match row.kind:
                case Wait.Kind.EVENT:
                    met[row.token][_key(each)] = each
                case Wait.Kind.EXIT | Wait.Kind.GOAL:
                    events[_key(each)] = each
                case Wait.Kind.DELIVERY:
                    others[row.token].append(Delivered(each["outcome"], each.get("answer"), each.get("error") or ""))
                case Wait.Kind.CHILD:
                    others[row.token].append(Returned(each["status"], each.get("payload"), each.get("reason") or ""))
                case Wait.Kind.SKIP:
                    others[row.token].append(Skipped())
    tokens = {token: (Met(tuple(found.values())),) for token, found in met.items()}
    for token, more in others.items():
        tokens[token] = (*tokens.get(token, ()), *more)
    return Wakes(tokens, tuple(events.values()))


def _key(event: Any) -> Any:
    """Tell events apart: several rows of a run may be met by one."""
    return event.get("id") if isinstance(event, dict) and event.get("id") else orjson.dumps(event)
