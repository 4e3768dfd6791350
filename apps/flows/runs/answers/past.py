"""What has happened before: the latest events that a node looks back for, and what conditions make of the past."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson
from django.db import connection

from apps import conditions
from apps.conditions import Condition, Context, Reads, reads, truth, value
from apps.conditions.tree import Node, Operand
from apps.conditions.type_names import event_types
from apps.core import storable
from apps.events import platform_events
from apps.flows.engine.matching import matches
from apps.flows.runs.answers import Asked, answering
from apps.profiles import ledger
from apps.segments import language
from apps.segments.stream.past_events import Past

MAX_LOOKED_AT: Final = 1_000  # events of a person: what says something else is passed over
# Events are looked for where they lie: while a merge has not moved all of them, under several ids.
_LATEST: Final = """
SELECT asked.n, e.id::text, e.type, e.time, e.properties::text, e.traits::text, e.context::text, e.tags
FROM jsonb_to_recordset(%s::jsonb) AS asked (
    n int, places uuid[], raw uuid[], types text[], but text[], since timestamptz, stored_since timestamptz,
    has_silent boolean, most int
)
CROSS JOIN LATERAL (
    SELECT * FROM events_event AS e
    WHERE e.profile_id = ANY(asked.places) AND (asked.types IS NULL OR e.type = ANY(asked.types))
        AND e.type <> ALL(asked.but)
        AND e.time >= asked.since AND e.time <= %s AND e.processed_at >= coalesce(asked.stored_since, '-infinity')
        AND (asked.has_silent OR NOT e.is_silent) AND e.is_valid
        AND (asked.raw IS NULL OR e.original_profile_id = ANY(asked.raw))
    ORDER BY e.time DESC, e.id DESC LIMIT asked.most
) AS e ORDER BY asked.n, e.time DESC, e.id DESC
"""


class _Asking(NamedTuple):
    """What `Past` reads of definitions."""

    reads: Reads
    has_history: bool = True


@answering("holds")
def holds(questions: Sequence[Asked]) -> list[Any]:
    """Say of each whether its condition holds now; past events are read once for all of them."""
    asked_of = [parsed(asked.about["condition"]) for asked in questions]
    contexts = _contexts(questions, asked_of)
    return [
        truth(condition)(asked.question.scope, context)
        for condition, asked, context in zip(asked_of, questions, contexts, strict=True)
    ]


@lru_cache(maxsize=1_000)
def parsed(text: str) -> Condition:
    """Return a condition that was checked when its flow was saved."""
    return conditions.parse(text, is_stored=True)


@answering("counted")
def counted(questions: Sequence[Asked]) -> list[Any]:
    """Say of each what its value comes to, as JSON has it; past events are read once for all of them."""
    asked_of = [parsed_value(asked.about["value"]) for asked in questions]
    contexts = _contexts(questions, asked_of)
    return [
        as_json(value(operand)(asked.question.scope, context))
        for operand, asked, context in zip(asked_of, questions, contexts, strict=True)
    ]


@lru_cache(maxsize=1_000)
def parsed_value(text: str) -> Operand:
    """Return a value that was checked when its flow was saved."""
    return conditions.parse_operand(text, is_stored=True)


def as_json(found: Any) -> Any:
    """Return what a value comes to as JSON has it."""
    if isinstance(found, Decimal):
        return int(found) if found == found.to_integral_value() else float(found)
    return found.isoformat() if isinstance(found, datetime) else found


def _contexts(questions: Sequence[Asked], asked_of: Sequence[Node]) -> list[Context]:
    """Return for each what it is judged by, with the past of whom it is about."""
    people = {asked.subject.profile_id for asked in questions if asked.subject.profile_id}
    known = histories(people, tuple(dict.fromkeys(asked_of)), now=questions[0].now)
    return [Context(asked.now, language.history(known.get(asked.subject.profile_id, ()))) for asked in questions]


def histories(
    people: Collection[UUID], asked_of: tuple[Node, ...], *, now: datetime, since: datetime | None = None
) -> Mapping[UUID | None, Sequence[dict[str, Any]]]:
    """Read what conditions see of people's past; of those whose events have still to follow a merge, from all ids.

    They are judged now, or at any time since another one.
    """
    owners = {id: id for id in people}
    unmoved = ledger.unmoved(people)
    if unmoved:
        owners |= ledger.owners(unmoved)
    found: dict[UUID | None, list[dict[str, Any]]] = defaultdict(list)
    for id, events in _past(asked_of).of(list(owners), now=now, since=since).items():
        found[owners[id]] += events
    return found


@lru_cache(maxsize=100)
def _past(asked_of: tuple[Node, ...]) -> Past:
    return Past([_Asking(reads(each)) for each in asked_of])


@answering("past_event")
def past_event(questions: Sequence[Asked]) -> list[Any]:
    """Return for each the latest events that it looks back for, the latest first, as `scope['event']` has them."""
    people = {asked.subject.profile_id for asked in questions if asked.subject.profile_id}
    unmoved = ledger.unmoved(people) if people else set()
    sought = [_sought(n, asked, unmoved) for n, asked in enumerate(questions) if asked.subject.profile_id]
    found: list[list[dict[str, Any]]] = [[] for _ in questions]
    for n, event in latest(sought, now=questions[0].now) if sought else ():
        about = questions[n].about
        if len(found[n]) < about["most"] and matches(about["match"] or {}, event):
            found[n].append(event)
    return found


class Sought(NamedTuple):
    """Which events of somebody are looked for."""

    n: int  # who asks
    places: list[UUID]  # where they lie
    raw: list[UUID] | None  # whose they are, where others' lie there, too
    types: list[str] | None  # null: whatever they are
    since: str
    stored_since: str | None = None
    has_silent: bool = True
    but: Collection[str] = ()  # types that do not count
    most: int = MAX_LOOKED_AT


def latest(sought: Sequence[Sought], *, now: datetime) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the latest events that are looked for, with who asks, as `scope['event']` has them; one statement."""
    rows = [{**each._asdict(), "but": list(each.but)} for each in sought]
    with connection.cursor() as cursor:
        cursor.execute(_LATEST, [storable.dumps(rows), now])
        for n, id, type, time, properties, traits, context, tags in cursor.fetchall():
            event = {"id": id, "type": type, "time": time.isoformat(), "tags": tags}
            trees = {"properties": properties, "traits": traits, "context": context}
            yield n, event | {name: orjson.loads(text) for name, text in trees.items()}


def places_of(id: UUID, unmoved: Collection[UUID]) -> tuple[list[UUID], list[UUID] | None]:
    """Say where the events of somebody lie, and, while a merge has not moved all of them, under which ids."""
    if id not in unmoved:
        return [id], None
    raw_ids = ledger.raw_ids([id])
    return list(ledger.unmoved_places(raw_ids)) or [id], raw_ids


def _sought(n: int, asked: Asked, unmoved: Collection[UUID]) -> Sought:
    assert asked.subject.profile_id
    about = asked.about
    stored_since = about.get("stored_since")
    places = places_of(asked.subject.profile_id, unmoved)
    types, but = (list(event_types([about["type"]])), ()) if about["type"] else (None, platform_events.types())
    most = MAX_LOOKED_AT if about["match"] else about["most"]
    return Sought(n, *places, types, about["since"], stored_since, stored_since is None, but, most)
