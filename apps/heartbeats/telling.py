"""A page of silences is told of: each once, whoever tells of it at the same time, and whatever is merged meanwhile.

What makes each unique is the ledger. A person has a row there for each of their raw ids, so that what was said of one
of them counts for the person, and for each again once a merge is undone. Rows are written in one order, and a silence
is told of where all of its rows are new: whoever comes second writes none, and says nothing. The events are put into
the inbox in the same transaction.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection

from apps.core import locks
from apps.events import internal
from apps.events.store.emitting import Emission, emit
from apps.heartbeats import definitions, scope
from apps.heartbeats.models import Heartbeat
from apps.heartbeats.silent import Look, Page, Place, Silent
from apps.heartbeats.strategy import Of
from apps.profiles import ledger

_TOLD: Final = """
SELECT DISTINCT raw.owner FROM unnest(%(ids)s::uuid[], %(owners)s::uuid[], %(began)s::timestamptz[])
AS raw (id, owner, began_at) JOIN heartbeats_silence AS s
ON s.subject_id = raw.id AND s.heartbeat_id = %(heartbeat)s AND (%(once)s OR s.began_at >= raw.began_at)
"""
_RECORD: Final = """
INSERT INTO heartbeats_silence (heartbeat_id, subject_id, began_at, ripened_at, said_at)
SELECT %(heartbeat)s, id, began_at, began_at + %(wait)s, CASE WHEN is_said THEN %(now)s END
FROM unnest(%(ids)s::uuid[], %(began)s::timestamptz[], %(said)s::bool[]) AS row (id, began_at, is_said) ORDER BY id
ON CONFLICT DO NOTHING RETURNING subject_id
"""
# What a client said itself since the silence began, or ever: by the index of a person's events.
_SAID_BY_CLIENT: Final = """
SELECT DISTINCT silent.id
FROM unnest(%(ids)s::uuid[], %(whose)s::uuid[], %(sessions)s::uuid[], %(began)s::timestamptz[])
AS silent (id, owner, session_id, began_at)
JOIN unnest(%(raw)s::uuid[], %(owners)s::uuid[]) AS raw (id, owner) USING (owner) WHERE EXISTS (
    SELECT FROM events_event AS e WHERE e.profile_id = raw.id AND e.type = %(type)s
    AND e.source_id <> %(platform)s AND (silent.session_id IS NULL OR e.session_id = silent.session_id)
    AND (%(once)s OR e.received_at >= silent.began_at)
)
"""
# Whose last activity is of what was sent as history: that counts at its own time, so its event is found by that.
_HISTORY: Final = """
SELECT DISTINCT silent.id FROM unnest(%(ids)s::uuid[], %(began)s::timestamptz[]) AS silent (id, began_at)
JOIN events_event AS e ON e.{of}_id = silent.id AND e.time = silent.began_at WHERE e.is_silent
"""


class Busy(Exception):
    """Somebody else tells of the silences of this heartbeat just now."""


@dataclass(frozen=True, slots=True)
class Told:
    """What came of a page."""

    n_seen: int = 0  # silent for long enough, told of or not
    n_due: int = 0  # in the scope, and not told of before
    n_left: int = 0  # due, too, of those that were looked at, and beyond what may be said at once
    n_said: int = 0
    n_suppressed: int = 0  # told of by the client, or there is nobody of whom it could be said
    after: Place | None = None  # the last one that was looked at; None at the end
    is_complete: bool = True  # whether all that was due was done


@dataclass(frozen=True, slots=True)
class Decided:
    """What is to be done about a page."""

    page: Page
    due: list[Silent]  # in the scope, and not told of
    known: list[Silent]  # of whom it was said by another id of theirs
    quiet: set[UUID]  # of those due, of whom nothing is to be said
    others: dict[UUID, UUID]  # the other ids of people who were merged, each with theirs

    def ids_of(self, subjects: Collection[UUID]) -> dict[UUID, UUID]:
        """Return all ids under which the ledger is to know subjects, each with the subject's."""
        others = {id: owner for id, owner in self.others.items() if owner in subjects}
        return {id: id for id in subjects} | others


def tell(look: Look, *, most: int, stored_until: datetime, now: datetime, run: UUID | None = None) -> Told:
    """Tell of the silences of a page, at most so many, in the caller's transaction; events name the run, if it has one.

    Raises Busy when somebody else does just now, and DefinitionError for a heartbeat that is broken.
    """
    if not locks.try_by_name(f"heartbeat {look.heartbeat.id}"):
        raise Busy
    decided = decide(look, stored_until=stored_until)
    return say(look.heartbeat, decided, most=most, stored_until=stored_until, now=now, run=run)


def decide(look: Look, *, stored_until: datetime) -> Decided:
    """Look at a page of those who are silent, and decide of whom something is to be said. Raises DefinitionError."""
    heartbeat, strategy = look.heartbeat, definitions.strategy_of(look.heartbeat)
    page = strategy.find(look)
    silent = scope.narrow(heartbeat, page.silent, now=stored_until)
    merged = {each.id: each for each in silent if each.is_merged}
    others = {raw_id: owner for raw_id, owner in ledger.owners(merged).items() if raw_id != owner} if merged else {}
    told = _told(heartbeat, merged, others) if others else set()
    due = [each for each in silent if each.id not in told] if told else silent
    return Decided(page, due, [merged[id] for id in told], _unspoken(heartbeat, due), others)


def say(
    heartbeat: Heartbeat, decided: Decided, *, most: int, stored_until: datetime, now: datetime, run: UUID | None
) -> Told:
    """Do what was decided, note it in the ledger, and emit what is to be said, of at most so many."""
    strategy, due, found = definitions.strategy_of(heartbeat), decided.due, decided.page
    page = _first(due, decided.quiet, most)
    done = strategy.act(page) if strategy.act else {silent.id for silent in page}
    kept = [silent for silent in page if silent.id in done]
    said = _record(heartbeat, kept, decided, now=now)
    history, of_run = _history(strategy.of, said), {"run": str(run)} if run else {}
    for is_silent in (False, True):  # what history brought starts no flow
        some = [each for each in said if (each.id in history) is is_silent]
        emissions = [_emission(heartbeat, each, stored_until, of_run) for each in some]
        emit(emissions, is_silent=is_silent, now=now)
    after = page[-1].place if len(page) < len(due) else found.after
    return Told(
        n_seen=found.n_seen,
        n_due=len(kept),
        n_left=len(due) - len(page),
        n_said=len(said),
        n_suppressed=len(kept) - len(said),
        after=after,
        is_complete=len(kept) == len(due),
    )


def _told(heartbeat: Heartbeat, silent: Mapping[UUID, Silent], others: Mapping[UUID, UUID]) -> set[UUID]:
    """Return those of whom it was said by another id of theirs, by which a page does not know them."""
    values: dict[str, Any] = {
        "ids": list(others),
        "owners": list(others.values()),
        "began": [silent[owner].last_active_at for owner in others.values()],
        "heartbeat": heartbeat.id,
        "once": heartbeat.rearm == Heartbeat.Rearm.ONCE,
    }
    return _ids(_TOLD, values)


def _unspoken(heartbeat: Heartbeat, due: Sequence[Silent]) -> set[UUID]:
    """Return the ids of those of whom nothing is to be said: they are nobody's, or their client has said it itself."""
    nobodys = {silent.id for silent in due if silent.profile_id is None}
    if heartbeat.event_type == definitions.strategy_of(heartbeat).event.type:  # which no client may say
        return nobodys
    living = ledger.living_ids({silent.profile_id for silent in due if silent.profile_id})
    owners = ledger.owners(living.values())
    values: dict[str, Any] = {
        "raw": list(owners),
        "owners": list(owners.values()),
        "ids": [silent.id for silent in due],
        "whose": [silent.profile_id and living[silent.profile_id] for silent in due],
        "sessions": [silent.session_id for silent in due],
        "began": [silent.last_active_at for silent in due],
        "type": heartbeat.event_type,
        "platform": internal.SOURCE_ID,
        "once": heartbeat.rearm == Heartbeat.Rearm.ONCE,
    }
    return nobodys | _ids(_SAID_BY_CLIENT, values)


def _first(due: Sequence[Silent], quiet: Collection[UUID], most: int) -> list[Silent]:
    """Return the first ones, of whom at most so many have something said of them."""
    n_said = 0
    for n_taken, silent in enumerate(due):
        n_said += silent.id not in quiet
        if n_said > most:
            return list(due[:n_taken])
    return list(due)


def _record(heartbeat: Heartbeat, kept: Sequence[Silent], decided: Decided, *, now: datetime) -> list[Silent]:
    """Write the ledger, and return those of whom it is to be said."""
    silent = {each.id: each for each in (*kept, *decided.known)}
    said = {each.id for each in kept} - decided.quiet
    owners = decided.ids_of(silent)
    values: dict[str, Any] = {
        "heartbeat": heartbeat.id,
        "wait": heartbeat.wait_period,
        "now": now,
        "ids": list(owners),
        "began": [silent[owner].last_active_at for owner in owners.values()],
        "said": [id in said for id in owners],
    }
    new = _ids(_RECORD, values) if owners else set()
    said -= {owner for id, owner in owners.items() if id not in new}
    return [each for each in kept if each.id in said]


def _history(of: Of, said: Sequence[Silent]) -> set[UUID]:
    """Return the ids of those who fell silent in what was imported."""
    values = {"ids": [each.id for each in said], "began": [each.last_active_at for each in said]}
    return _ids(_HISTORY.format(of=of), values) if said else set()


def _ids(statement: str, values: dict[str, Any]) -> set[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return {id for (id,) in cursor.fetchall()}


def _emission(heartbeat: Heartbeat, silent: Silent, stored_until: datetime, of_run: Mapping[str, str]) -> Emission:
    assert silent.profile_id is not None
    return Emission(
        type=heartbeat.event_type,
        profile_id=silent.profile_id,
        key=f"{heartbeat.id} {silent.id} {silent.last_active_at.isoformat()}",
        time=silent.last_active_at + heartbeat.wait_period,
        properties={
            "heartbeat": heartbeat.name,
            "strategy": heartbeat.strategy,
            "last_active_at": silent.last_active_at.isoformat(),
            "inactive_secs": (stored_until - silent.last_active_at).total_seconds(),
            "wait_secs": heartbeat.wait_period.total_seconds(),
            **of_run,
            **silent.facts,
        },
        session_id=silent.session_id,
    )
