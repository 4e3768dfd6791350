"""What runs wait for has happened: it is kept beside the wait, and the run is due at once.

The caller holds the profiles, so no worker is inside of their runs; one that has leased a run before, and waits for the
profile, finds that its lease is no longer the last one, or the wait met.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson
from django.db import connection

from apps.conditions.type_names import event_types
from apps.core import storable
from apps.flows.engine.matching import matches
from apps.flows.models import Wait
from apps.flows.runs import awaited
from apps.flows.triggers.happened import Happened
from apps.profiles import consents

_LOOK: Final = """
SELECT id, run_id, profile_id, kind, type, match::text, expires_at,
    CASE WHEN %s THEN (SELECT started_at FROM flows_run AS run WHERE run.id = run_id) END
FROM flows_wait WHERE profile_id = ANY(%s) AND type = ANY(%s) AND kind = ANY(%s) ORDER BY id
"""
_KINDS: Final = [Wait.Kind.EVENT, Wait.Kind.EXIT, Wait.Kind.GOAL]
_NONE: Final[Mapping[UUID, str]] = MappingProxyType({})
_MEET: Final = """
UPDATE flows_wait AS wait SET met = wait.met || row.met
FROM jsonb_to_recordset(%s::jsonb) AS row (id uuid, met jsonb) WHERE wait.id = row.id
"""
# Locked in the order of their ids, as workers lock them. While its flow is paused a run is due when that ends; and one
# that is over, but waits for its goal, is due once more. One that failed rests: events would use up its tries.
_WAKE: Final = """
WITH woken AS MATERIALIZED (SELECT id FROM flows_run WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE)
UPDATE flows_run AS run SET
    due_at = CASE WHEN held_due_at IS NULL THEN CASE error WHEN '' THEN least(due_at, %s) ELSE due_at END END,
    held_due_at = CASE WHEN held_due_at IS NOT NULL THEN least(held_due_at, %s) END
FROM woken WHERE run.id = woken.id AND dead_at IS NULL
"""


class Waiting(NamedTuple):
    """A wait, as it is looked for."""

    id: UUID
    run_id: UUID
    profile_id: UUID
    kind: int
    type: str
    match: str | None
    expires_at: datetime | None
    began_at: datetime | None  # its run; null: nobody asks


def meet(
    happened: Sequence[Happened], *, types: Collection[str], now: datetime, begun_by: Mapping[UUID, str] = _NONE
) -> set[UUID]:
    """Let what happened meet the waits of its people, and return the runs that are to go on; three statements at most.

    `types` are those that are waited for. Silent events count for exits and goals where they happened after the run
    began, and let no node go on.
    `begun_by` are runs that began just now, and the ids of events among these by which they did: what comes after it
    counts for them.
    """
    takes_any = awaited.ANYTHING in types
    by_person = _by_person(each for each in happened if takes_any or each.said.type in types)
    waits = _look(by_person, takes_any=takes_any) if by_person else ()
    places = {str(each.said.id): place for place, each in enumerate(happened)} if begun_by else {}
    met = dict(_met(waits, by_person, {run: places[id] for run, id in begun_by.items() if id in places}, places))
    if not met:
        return set()
    runs = {wait.run_id for wait in met}
    with connection.cursor() as cursor:
        cursor.execute(_WAKE, [list(runs), now, now])  # runs before what they wait for, as all who lock both do
        cursor.execute(_MEET, [storable.dumps([{"id": wait.id, "met": events} for wait, events in met.items()])])
    return runs


def _by_person(happened: Iterable[Happened]) -> dict[UUID, list[Happened]]:
    found: dict[UUID, list[Happened]] = {}
    for each in happened:
        if each.profile is not None:
            found.setdefault(each.profile.id, []).append(each)
    return found


def _met(
    waits: Iterable[Waiting],
    by_person: Mapping[UUID, Sequence[Happened]],
    begun_at: Mapping[UUID, int],
    places: Mapping[str, int],
) -> Iterator[tuple[Waiting, list[Any]]]:
    """Yield the waits that something meets, with what does, in its order; `places` are those of all events."""
    for wait in waits:
        came: Iterable[Happened] = by_person[wait.profile_id]
        if wait.run_id in begun_at:
            came = [each for each in came if places[str(each.said.id)] > begun_at[wait.run_id]]
        events = [each.snapshot for each in came if is_met(wait, each)]
        if events:
            yield wait, events


def _look(by_person: Mapping[UUID, Iterable[Happened]], *, takes_any: bool) -> Iterator[Waiting]:
    types = set(event_types(each.said.type for events in by_person.values() for each in events))
    if takes_any:
        types.add(awaited.ANYTHING)
    tells_history = any(each.is_silent for events in by_person.values() for each in events)
    with connection.cursor() as cursor:
        cursor.execute(_LOOK, [tells_history, list(by_person), sorted(types), _KINDS])
        return map(Waiting._make, cursor.fetchall())


def is_met(wait: Waiting, happened: Happened) -> bool:
    """Tell whether an event of its person meets a wait."""
    said = happened.said
    if wait.type != awaited.ANYTHING and said.type not in event_types([wait.type]):
        return False
    if happened.is_silent and not _counts_history(wait, said.time):
        return False
    if wait.expires_at is not None and said.time > wait.expires_at:
        return False
    return wait.match is None or matches(orjson.loads(wait.match), happened.snapshot)


def _counts_history(wait: Waiting, at: datetime) -> bool:
    """Tell whether it counts for a wait what happened at a time and is told later.

    Of goals the engine knows it, and of consents: it asks how they are.
    """
    if wait.kind == Wait.Kind.EXIT and wait.type not in consents.EVENT_TYPES:
        return wait.began_at is None or at >= wait.began_at
    return wait.kind != Wait.Kind.EVENT
