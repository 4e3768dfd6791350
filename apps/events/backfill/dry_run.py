"""A dry run: how many events and people a back-fill would touch, what it would do to some, and what does not fit.

It never takes long, whatever is stored: it counts for a few seconds, and else says that it estimates; it looks at the
latest events and at the oldest ones, which the mapping has not reached yet, and says at how many. Of the people whom it
shows it reads all events, so that they are as the run will make them.
"""

import copy as copying_module
import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from apps.core.limits import TooSlow, at_most
from apps.events.backfill import again, people
from apps.events.backfill.again import Problem
from apps.events.backfill.selection import TRAITS, Selection
from apps.events.event_types.redaction import redact
from apps.events.event_types.rules import EventRules
from apps.events.event_types.traits import extract
from apps.events.event_types.trial import Change, diff
from apps.events.models import Event
from apps.profiles import ledger
from apps.profiles.models import Profile

COUNT_SECS: Final = 2.0
LOOKED_AT: Final = 1_000
HISTORY: Final = 20_000  # events of all who are shown
SAMPLES: Final = 20
EXAMPLES: Final = 3


@dataclass(frozen=True, slots=True)
class Sample:
    """What would become of one person, or of the traits of one event; `name` is of a person, for who may see it."""

    id: UUID
    name: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Conflict:
    """Values that do not fit a field: how many of those that were looked at, and some of them."""

    path: str
    reason: str
    count: int
    examples: tuple[Problem, ...]


@dataclass(slots=True)
class Preview:
    """What a back-fill would do. People are None where nobody could count them in time."""

    n_events: int = 0
    is_estimate: bool = False
    n_people: int | None = None
    n_looked_at: int = 0
    n_changed: int = 0  # people, or events, of those that were looked at
    samples: list[Sample] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)


def preview(selection: Selection, *, at: datetime) -> Preview:
    """Tell what a back-fill would do; nothing is written. Raises CannotBackfill."""
    rules, events = selection.rules(), selection.events(at=at)
    found = Preview()
    _count(events, found)
    if selection.kind == TRAITS:
        _look_at_events(found, rules, events)
    else:
        _look_at_people(found, rules, selection, events)
    return found


def _count(events: QuerySet[Event], found: Preview) -> None:
    try:
        with at_most(COUNT_SECS):
            found.n_events = events.count()
    except TooSlow:
        found.is_estimate, found.n_events = True, _estimate(events)
        return
    try:
        with at_most(COUNT_SECS):
            found.n_people = events.exclude(profile_id=None).values("profile_id").distinct().count()
    except TooSlow:
        return


def _estimate(events: QuerySet[Event]) -> int:
    """Ask the planner, which knows the table by a sample of it."""
    sql, params = events.order_by().values("id").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
        [plan] = _parsed(cursor.fetchone()[0])
    return int(plan["Plan"]["Plan Rows"])


def _parsed(told: Any) -> Any:
    return json.loads(told) if isinstance(told, str) else told


def _look_at_events(found: Preview, rules: EventRules, events: QuerySet[Event]) -> None:
    for event in _ends(events, found, "id", "properties", "traits"):
        traits, _, _ = extract(rules, redact(event.properties, rules), visit_count=None)
        changes = tuple(diff(event.traits, traits))
        if changes:
            found.n_changed += 1
            if len(found.samples) < SAMPLES:
                found.samples.append(Sample(event.id, "", changes))


def _look_at_people(found: Preview, rules: EventRules, selection: Selection, events: QuerySet[Event]) -> None:
    """Copy the events that are looked at to copies of their profiles; then all events of some of those who change."""
    looked_at = [
        people.Stored(*(getattr(event, name) for name in people.COLUMNS))
        for event in _ends(events.exclude(profile_id=None), found, *people.COLUMNS)
    ]
    by_person = _by_person(looked_at, ledger.living_ids({event.raw_id for event in looked_at}))
    problems: list[Problem] = []
    changed: list[UUID] = []
    for profile in Profile.objects.filter(id__in=by_person.keys()).order_by("id"):
        changes, misfits = _copied(profile, by_person[profile.id], rules, mode=selection.mode)
        problems += misfits
        changed += [profile.id] if changes else []
    found.n_changed, found.conflicts = len(changed), _conflicts(problems)
    shown = changed[:SAMPLES]
    histories = {**by_person, **_histories(events, shown)}
    for profile in Profile.objects.filter(id__in=shown).order_by("id"):
        changes, _ = _copied(profile, histories[profile.id], rules, mode=selection.mode)
        found.samples.append(Sample(profile.id, str(profile), changes))


def _copied(
    profile: Profile, events: Iterable[people.Stored], rules: EventRules, *, mode: str
) -> tuple[tuple[Change, ...], list[Problem]]:
    """Copy events to a profile in memory, and return what becomes of it, and what does not fit."""
    before = copying_module.deepcopy(profile.document)
    problems = again.copy(profile, events, rules, mode=mode).problems
    return tuple(diff(before, profile.document)), problems


def _by_person(events: Iterable[people.Stored], own: Mapping[UUID, UUID]) -> dict[UUID, list[people.Stored]]:
    """Sort events by their person, and by their time; those of nobody who is asked about are left out."""
    found: dict[UUID, list[people.Stored]] = {}
    for event in sorted(events, key=lambda each: (each.time, each.id)):
        if event.raw_id in own:
            found.setdefault(own[event.raw_id], []).append(event)
    return found


def _histories(events: QuerySet[Event], ids: Collection[UUID]) -> dict[UUID, list[people.Stored]]:
    """Read all events of some people; of nobody where they are too many, or take too long."""
    own = ledger.owners(ids)
    theirs = events.filter(profile_id__in=own.keys() | ledger.unmoved_places(own))
    try:
        with at_most(COUNT_SECS):
            rows = list(theirs.values_list(*people.COLUMNS)[: HISTORY + 1])
    except TooSlow:
        return {}
    return {} if len(rows) > HISTORY else _by_person((people.Stored(*row) for row in rows), own)


def _ends(events: QuerySet[Event], found: Preview, *columns: str) -> Sequence[Event]:
    """Read the latest events, and the oldest; none where that takes too long."""
    looked_at: dict[UUID, Event] = {}
    try:
        with at_most(COUNT_SECS):
            for order in ("-id", "id"):
                looked_at |= {event.id: event for event in events.order_by(order).only(*columns)[: LOOKED_AT // 2]}
    except TooSlow:
        looked_at = {}
    found.n_looked_at = len(looked_at)
    return list(looked_at.values())


def _conflicts(problems: Iterable[Problem]) -> list[Conflict]:
    counts = Counter((each.path, each.reason) for each in problems)
    examples: dict[tuple[str, str], list[Problem]] = {}
    for each in problems:
        kept = examples.setdefault((each.path, each.reason), [])
        if len(kept) < EXAMPLES:
            kept.append(each)
    return [
        Conflict(path, reason, count, tuple(examples[path, reason])) for (path, reason), count in counts.most_common()
    ]
