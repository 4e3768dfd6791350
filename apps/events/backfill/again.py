"""Stored events are copied to one profile again: which fields are open to them, and what each held before."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import orjson

from apps.core import paths
from apps.core.paths import MISSING
from apps.events.backfill.people import Stored
from apps.events.backfill.selection import Mode, overlap
from apps.events.event_types import copying
from apps.events.event_types.copying import Said
from apps.events.event_types.operations import Order, same
from apps.events.event_types.rules import EventRules
from apps.profiles import anonymity
from apps.profiles.models import Profile
from apps.profiles.provenance import Entry, Provenance, is_by_hand
from apps.profiles.room import Room
from apps.profiles.schema import FIELDS, is_empty

# What events can change of a profile, and what follows from that.
COLUMNS: Final = (
    *("primary_id", "data", "traits", "interests", "consents", "stats", "provenance"),
    *("email", "name", "is_anonymous", "updated_at"),
)


@dataclass(frozen=True, slots=True)
class Change:
    """What became of a field: its value, MISSING where there is none, and who said so; before and after."""

    path: str
    before: Any
    after: Any
    said_before: Entry
    said_after: Entry


@dataclass(frozen=True, slots=True)
class Problem:
    """What an event says and what does not fit its field; neither the path nor the reason tells what it says."""

    event_id: UUID
    path: str
    reason: str


@dataclass(slots=True)
class Copied:
    """What events did to a profile."""

    changes: list[Change] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def copy(
    profile: Profile, events: Iterable[Stored], rules: EventRules, *, mode: str, touched: frozenset[str] = frozenset()
) -> Copied:
    """Copy events, in the order of their time, to a profile, which is changed in memory only.

    `touched` are the fields that this run has changed already: they were open to it, and are so still.
    """
    document, provenance = profile.document, profile.provenance
    before = orjson.loads(orjson.dumps(document)), dict(provenance)
    closed = _closed(document, provenance, rules, mode, touched)
    open_rules = _without(rules, closed)
    set_aside = _set_aside(provenance, rules, closed | touched) if mode == Mode.OVERWRITE else {}
    room = Room(document)
    copied = Copied()
    paths_changed: set[str] = set()
    for event in events:
        said = Said(event.properties, event.traits, event.time, event.id, is_repeat=True, source=str(event.source_id))
        found = copying.copy(open_rules, said, document=document, provenance=provenance, room=room, closed=closed)
        paths_changed |= found.changed
        copied.problems += [Problem(event.id, told(path), message) for path, message in found.problems]
    for path, entry in set_aside.items():
        provenance.setdefault(path, entry)
    paths_changed |= {path for path, entry in provenance.items() if before[1].get(path) != entry}
    copied.changes = [*_changes(sorted(paths_changed), before, (document, provenance))]
    profile.primary_id = document["primary_id"]
    return copied


def told(path: str) -> str:
    """Name a field for everybody: one that a name in the event led to may be what it should only name."""
    return path if path in FIELDS or not anonymity.is_telling(path) else f"{path.partition('.')[0]}.…"


def _closed(
    document: dict[str, Any], provenance: Provenance, rules: EventRules, mode: str, touched: frozenset[str]
) -> frozenset[str]:
    """Name the fields that stay: those entered by hand, and, where only empty ones are filled, all others."""
    closed = _by_hand(provenance, rules)
    if mode == Mode.ONLY_EMPTY:
        filled = {rule.path for rule in rules.fields if not is_empty(paths.get(document, rule.target))}
        for rule in rules.named:
            named = (document[rule.root] or {}).items()
            filled |= {paths.join((rule.root, name)) for name, value in named if not is_empty(value)}
        closed |= filled - touched
    return frozenset(closed)


def _by_hand(provenance: Provenance, rules: EventRules) -> set[str]:
    """Name the fields that were entered by hand, and those that are a part of such a one, or hold it."""
    entered = {path for path, said in provenance.items() if is_by_hand(said)}
    return entered | {rule.path for rule in rules.fields if any(overlap(rule.path, path) for path in entered)}


def _set_aside(provenance: Provenance, rules: EventRules, kept: frozenset[str]) -> Provenance:
    """Take away who set the fields, so that no event comes too late; what no event sets gets it back.

    Fields that keep the first stay: by who set them it is known whether an event was before that.
    """
    roots = {rule.root for rule in rules.named}
    wanted = {rule.path for rule in rules.fields if rule.operation.order is not Order.OLDEST}
    wanted |= {path for path in provenance if paths.parse(path)[0] in roots}
    return {path: provenance.pop(path) for path in (wanted & provenance.keys()) - kept}


def _without(rules: EventRules, closed: frozenset[str]) -> EventRules:
    own = closed & {rule.path for rule in (*rules.fields, *rules.percentages)}
    return rules.without(own) if own else rules


def _changes(
    names: Iterable[str], before: tuple[dict[str, Any], Provenance], after: tuple[dict[str, Any], Provenance]
) -> Iterator[Change]:
    for name in names:
        path = paths.parse(name)
        found, becomes = paths.get(before[0], path), paths.get(after[0], path)
        said, says = before[1].get(name, []), after[1].get(name, [])
        if said != says or not _is_same(found, becomes):
            yield Change(name, found, becomes, said, says)


def _is_same(one: Any, other: Any) -> bool:
    return one is other if MISSING in (one, other) else same(one, other)
