"""The definitions of computed traits: what is counted, and when that changed.

Note [Versions]: each change of a definition makes a new version of all of them, and the trait that changed notes its
number. A profile notes the version up to which its states are complete, so that this holds, whoever does what when:

    a profile's states of each trait that did not change after its version are those of all its stored events.

1. Changes are numbered in the order in which they are committed: each holds the row of the number.
2. Whoever counts an event holds the profile's row, knows a version that is not older than the profile's, and leaves
   alone what changed after the profile's version: the event is stored in the same transaction, and is found later.
3. A profile of no events is of the newest version that is known.
4. The background task holds the profile's row, counts its stored events for what changed after its version, and raises
   that (`recomputing.py`). What it counted before it held the row, it uses only if exactly that is still there. Of two
   profiles that merge, the older version remains.
"""

import logging
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from django.db import connection, transaction
from django.db.models import QuerySet

from apps import conditions
from apps.conditions import Condition, ConditionError, Matcher
from apps.conditions.reads import reads
from apps.conditions.type_names import event_types
from apps.core import audit, paths
from apps.core.audit import Actor
from apps.core.mistakes import DefinitionError
from apps.core.paths import Path, PathError
from apps.core.snapshot import Snapshot, rows_changed
from apps.events import platform_events
from apps.events.models import ComputedTrait, ComputedVersion
from apps.profiles import aggregates
from apps.profiles.aggregates import FUNCTIONS, Shape
from apps.profiles.models import ScoreScale

logger = logging.getLogger(__name__)
ROOTS = ("properties", "traits", "context")  # the parts of an event that a path may lead into
MEANING = ("function", "event_types", "condition", "path", "days", "is_enabled")  # what makes a new version


@dataclass(frozen=True, slots=True)
class Trait:
    """A definition, read once."""

    key: str
    version: int
    event_types: frozenset[str]  # empty: all that people did
    condition: Matcher | None
    path: Path
    shape: Shape
    roots: frozenset[str]  # the parts of an event that it looks at

    def counts(self, event_type: str) -> bool:
        """Tell whether events of a type may count; what the platform itself says does where it is named."""
        if self.event_types:
            return event_type in self.event_types
        return event_type not in platform_events.types()


@dataclass(frozen=True, slots=True)
class Definitions:
    """All definitions that are switched on, and the number of the version."""

    version: int = 0
    traits: tuple[Trait, ...] = ()
    _of_types: dict[str, tuple[Trait, ...]] = field(init=False)
    _of_all: tuple[Trait, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Sort the traits by event type once."""
        named = {event_type for trait in self.traits for event_type in trait.event_types}
        of_types = {name: tuple(t for t in self.traits if t.counts(name)) for name in named | platform_events.types()}
        object.__setattr__(self, "_of_types", of_types)
        object.__setattr__(self, "_of_all", tuple(trait for trait in self.traits if not trait.event_types))

    def of_type(self, event_type: str) -> tuple[Trait, ...]:
        """Return the traits for which events of a type may count."""
        return self._of_types.get(event_type, self._of_all)

    def after(self, version: int) -> "Definitions":
        """Return those alone that changed after a version."""
        return Definitions(self.version, tuple(trait for trait in self.traits if trait.version > version))

    @property
    def event_types(self) -> frozenset[str] | None:
        """The types whose events may count for any of them; None for all types."""
        if all(trait.event_types for trait in self.traits):
            return frozenset().union(*(trait.event_types for trait in self.traits))
        return None

    @property
    def roots(self) -> tuple[str, ...]:
        """The parts of an event that any of them looks at."""
        return tuple(root for root in ROOTS if any(root in trait.roots for trait in self.traits))

    def first_day(self, *, today: date) -> str | None:
        """Name the first day of the longest window; None when one of them has no window."""
        windows = [trait.shape.days for trait in self.traits]
        return aggregates.first_day(max(filter(None, windows)), today=today) if windows and all(windows) else None


def at_least(version: int) -> Definitions:
    """Return the definitions, seconds old at most, and never older than a version that a profile is of."""
    found = current.get()
    return found if found.version >= version else current.latest()


def read() -> Definitions:
    """Read all definitions; a broken one must not stop the collector, and is left out."""
    # The number first: whoever changes a definition after this line has a higher one, and belongs to the next version.
    version = ComputedVersion.objects.values_list("number", flat=True).first() or 0
    found = []
    for row in ComputedTrait.objects.filter(is_enabled=True, version__lte=version).order_by("key"):
        try:
            found.append(compile(row))
        except DefinitionError:
            logger.exception("The definition of a computed trait is broken", extra={"computed_trait": row.key})
    return Definitions(version, tuple(found))


current: Final = Snapshot(read, of=(ComputedTrait, ComputedVersion), refresh_secs=5)


def compile(row: ComputedTrait) -> Trait:
    """Read a definition. Raises DefinitionError, which names the field, when it is wrong."""
    if row.function not in FUNCTIONS:
        raise DefinitionError("function", f"Unknown function; known are {', '.join(FUNCTIONS)}.")
    shape = Shape(row.function, row.days)
    path = _path(row.path, is_wanted=shape.function.read is not None)
    condition = _condition(row.condition)
    asked = {seen.keys[0] for seen in condition.free_fields()} if condition else set()
    return Trait(
        key=row.key,
        version=row.version,
        event_types=frozenset(event_types(row.event_types)),
        condition=conditions.compile(condition) if condition else None,
        path=path,
        shape=shape,
        roots=frozenset(asked.union(path[:1])),
    )


def _path(text: str, *, is_wanted: bool) -> Path:
    if not is_wanted:
        if text:
            raise DefinitionError("path", "This function looks at no value; leave the path empty.")
        return ()
    try:
        path = paths.parse(text)
    except PathError:
        path = ()
    if len(path) < 2 or path[0] not in ROOTS:
        roots = ", ".join(f"{root}." for root in ROOTS)
        raise DefinitionError("path", f"Expected a dotted path that begins with one of {roots[:-1]}.")
    return path


def _condition(text: str) -> Condition | None:
    """Read a condition that is true or false of an event whenever, and of whomever, it is asked."""
    if not text.strip():
        return None
    try:
        found = conditions.parse(text)
    except ConditionError as error:
        raise DefinitionError("condition", str(error)) from None
    looks_at = reads(found)
    if looks_at.has_history or looks_at.depends_on_time:
        raise DefinitionError("condition", "It decides about one event: it cannot look at others, nor at the clock.")
    known = {("event", part) for part in (*ROOTS, "type")}
    if any((seen.root, *seen.keys[:1]) not in known for seen in looks_at.fields):
        parts = ", ".join(f"event@{part}" for part in (*ROOTS, "type"))
        raise DefinitionError("condition", f"It can look at {parts}, and at nothing else.")
    return found


def save(row: ComputedTrait) -> bool:
    """Store a definition, and tell whether its meaning changed: then there is something to count anew."""
    compile(row)
    with transaction.atomic():
        before = ComputedTrait.objects.filter(pk=row.pk).select_for_update().values(*MEANING).first()
        is_changed: bool = before != {name: getattr(row, name) for name in MEANING}
        if is_changed:
            row.version = _next_version()
        row.save()
    return is_changed


def renew(rows: QuerySet[ComputedTrait], *, actor: Actor, now: datetime) -> None:
    """Let definitions be counted anew from all stored events."""
    with transaction.atomic():
        rows.update(version=_next_version())
        for row in rows:
            audit.record("counted anew", actor=actor, at=now, object=row, name=str(row))


def delete(rows: QuerySet[ComputedTrait]) -> None:
    """Delete definitions; what they said of profiles goes with the next run of the background task."""
    with transaction.atomic():
        _next_version()
        ScoreScale.objects.filter(trait__in=rows.values("key")).delete()
        rows.delete()


def _next_version() -> int:
    """Number a change; the next one waits for the row until this one is committed, and gets a later number."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO events_computedversion AS it (id, number) VALUES (1, 1) "
            "ON CONFLICT (id) DO UPDATE SET number = it.number + 1 RETURNING number"
        )
        rows_changed(ComputedVersion)
        return int(cursor.fetchone()[0])
