"""A dry run: how many events and people a back-fill would touch, what it would do to some, and what does not fit.

It never takes long, whatever is stored: it counts for a few seconds, and else says that it estimates; it looks at the
latest events, and says at how many.
"""

import copy as copying_module
import json
from collections import Counter
from collections.abc import Iterable
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
    for event in _latest(events, found, "id", "properties", "traits"):
        traits, _, _ = extract(rules, redact(event.properties, rules), visit_count=None)
        changes = tuple(diff(event.traits, traits))
        if changes:
            found.n_changed += 1
            if len(found.samples) < SAMPLES:
                found.samples.append(Sample(event.id, "", changes))


def _look_at_people(found: Preview, rules: EventRules, selection: Selection, events: QuerySet[Event]) -> None:
    """Copy the events that are looked at, in the order of their time, to copies of their profiles."""
    latest = _latest(events.exclude(profile_id=None), found, *people.COLUMNS)
    raw_ids = {event.id: event.original_profile_id or event.profile_id for event in latest}
    living = ledger.living_ids({raw_id for raw_id in raw_ids.values() if raw_id})
    by_person: dict[UUID, list[people.Stored]] = {}
    for event in sorted(latest, key=lambda each: (each.time, each.id)):
        stored = people.Stored(*(getattr(event, name) for name in people.COLUMNS))
        by_person.setdefault(living[raw_ids[event.id] or event.id], []).append(stored)
    problems: list[Problem] = []
    for profile in Profile.objects.filter(id__in=by_person.keys()).order_by("id"):
        before = copying_module.deepcopy(profile.document)
        copied = again.copy(profile, by_person[profile.id], rules, mode=selection.mode)
        problems += copied.problems
        changes = tuple(diff(before, profile.document))
        if changes:
            found.n_changed += 1
            if len(found.samples) < SAMPLES:
                found.samples.append(Sample(profile.id, str(profile), changes))
    found.conflicts = _conflicts(problems)


def _latest(events: QuerySet[Event], found: Preview, *columns: str) -> list[Event]:
    try:
        with at_most(COUNT_SECS):
            latest = list(events.order_by("-id").only(*columns)[:LOOKED_AT])
    except TooSlow:
        latest = []
    found.n_looked_at = len(latest)
    return latest


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
