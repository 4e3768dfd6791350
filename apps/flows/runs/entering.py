"""People enter flows: rows that are due at once, in the transaction of what let them enter."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from apps.core import storable
from apps.core.ids import NIL
from apps.core.upsert import executed
from apps.flows.engine import state
from apps.flows.engine.state import State
from apps.flows.models import Run

# What all that are new have in common is in the statement, not in the document: half of what it costs to write one.
_ENTER: Final = f"""
INSERT INTO flows_run (
    id, flow_id, version_id, profile_id, original_profile_id, session_id, parent_id, entry_key, entry_group, trigger,
    state, is_traced, started_at, due_at, status, reason, place, behind, leases, attempts, error
)
SELECT id, flow_id, version_id, profile_id, original_profile_id, session_id, parent_id, entry_key, entry_group, trigger,
    state, is_traced, started_at, due_at, {Run.Status.LIVE:d}, '', '', interval '0', 0, 0, ''
FROM jsonb_to_recordset(%s::jsonb) AS row (
    id uuid, flow_id uuid, version_id uuid, profile_id uuid, original_profile_id uuid, session_id uuid, parent_id uuid,
    entry_key uuid, entry_group uuid, trigger text, state jsonb, is_traced boolean, started_at timestamptz,
    due_at timestamptz
)
ON CONFLICT (entry_key) WHERE entry_key IS NOT NULL DO NOTHING RETURNING id
"""  # noqa: S608 - a number of ours


_OF_NEW: Final = (
    *("id", "flow_id", "version_id", "profile_id", "original_profile_id", "session_id", "entry_key", "entry_group"),
    *("trigger", "state", "is_traced", "started_at", "due_at", "status", "reason", "place", "ended_at", "goal_at"),
)
# Of runs that were advanced before they were written: part of a statement, whose parameter is what `rows` makes.
INSERT: Final = f"""
INSERT INTO flows_run ({", ".join(_OF_NEW)}, behind, leases, attempts, error)
SELECT {", ".join(_OF_NEW)}, interval '0', 0, 0, ''
FROM jsonb_to_recordset(%s::jsonb) AS row (
    id uuid, flow_id uuid, version_id uuid, profile_id uuid, original_profile_id uuid, session_id uuid, entry_key uuid,
    entry_group uuid, trigger text, state jsonb, is_traced boolean, started_at timestamptz, due_at timestamptz,
    status smallint, reason text, place text, ended_at timestamptz, goal_at timestamptz
)
"""  # noqa: S608 - names of ours


class Entry(NamedTuple):
    """Somebody is about to enter a version of a flow; the fields are those of Run."""

    id: UUID
    flow_id: UUID
    version_id: UUID
    profile_id: UUID | None
    state: State  # as engine.state begins one
    started_at: datetime
    trigger: str = ""
    entry_key: UUID | None = None
    entry_group: UUID | None = None
    session_id: UUID | None = None
    parent_id: UUID | None = None
    is_traced: bool = False
    original_profile_id: UUID | None = None  # of somebody merged meanwhile; else the same
    due_at: datetime | None = None  # else at once


def enter(entries: Sequence[Entry]) -> set[UUID]:
    """Let people enter, in one statement, and return the ids of the runs that there are now and were not before.

    Of those with the same entry key the first one enters, whoever comes first. The caller wakes a worker.
    """
    if not entries:
        return set()
    # In one order: two who enter equal keys must not wait for each other in a circle.
    ordered = sorted(entries, key=_place)
    return {id for (id,) in executed(_ENTER, storable.dumps([_row(entry) for entry in ordered]))}


def rows(runs: Iterable[Run]) -> str:
    """Return the document of runs that `INSERT` writes; what is null is not in it."""
    ordered = sorted(runs, key=_place)
    return storable.dumps(
        [{name: value for name in _OF_NEW if (value := row.__dict__[name]) is not None} for row in ordered]
    )


def _place(entered: Entry | Run) -> tuple[int, int]:
    """Return where it is in the order of keys; by numbers, which are compared at a fraction of what UUIDs cost."""
    return (entered.entry_key or NIL).int, entered.id.int


def _row(entry: Entry) -> dict[str, Any]:
    row = entry._asdict()
    row["state"] = state.write(entry.state)
    row["original_profile_id"] = entry.original_profile_id or entry.profile_id
    row["due_at"] = entry.due_at or entry.started_at
    return row
