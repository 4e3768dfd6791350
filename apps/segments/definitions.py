"""The definitions of segments: how one is saved, what it reads, and in which order they are evaluated.

Note [Versions]: each change of a definition increments the version of all of them, in its transaction; changes are
numbered in the order in which they are committed, since each holds the row of the number. Whoever evaluates a profile
holds its row, and looks at the version after that: with an older one they read the definitions anew. A rebuild begins
when all transactions have ended that were open when the definition was committed; so each profile is evaluated by the
new definition: by the rebuild, or by those who change it later.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter
from typing import Any, Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import connection, transaction

from apps import conditions
from apps.conditions import Condition, ConditionError
from apps.conditions.reads import Reads, reads
from apps.conditions.tree import Field, ListLiteral, Literal, Match, Node, walk
from apps.core.mistakes import DefinitionError
from apps.core.snapshot import rows_changed
from apps.segments import language
from apps.segments.models import Membership, Segment, SegmentVersion

logger = logging.getLogger(__name__)
MEANING = ("kind", "condition", "is_sticky", "is_enabled")  # what makes a new version
_COLUMNS = ("name", "description", *MEANING, "version", "evaluated_at", "updated_at")  # what a change may write
SEGMENTS: Final = Field("profile", ("segments",))


@dataclass(frozen=True, slots=True)
class Definition:
    """The definition of a segment that has a condition, read once."""

    id: UUID
    key: str
    name: str
    version: int
    is_sticky: bool
    is_built: bool  # it was evaluated for everybody once; until then nobody is told who enters
    condition: Condition
    reads: Reads
    segments: frozenset[str]  # keys of those that it asks about
    fields: frozenset[Field] = field(init=False)  # of the profile, but for its segments

    def __post_init__(self) -> None:
        """Tell segments from all other fields."""
        object.__setattr__(self, "fields", self.reads.fields - {SEGMENTS})

    @property
    def has_history(self) -> bool:
        """Tell whether it asks about past events."""
        return self.reads.has_history

    @property
    def is_time_dependent(self) -> bool:
        """Tell whether it may change while nothing happens."""
        return self.reads.depends_on_time

    def to_sql(self, *, now: datetime, profile_ids: Iterable[UUID] | None = None) -> tuple[str, list[Any]]:
        """Return the condition in SQL over profiles_profile AS p; see language.layout."""
        return conditions.to_sql(self.condition, now=now, layout=language.layout(profile_ids))


@dataclass(frozen=True, slots=True)
class Definitions:
    """All definitions that are switched on, those that others ask about before these, and the number of the version."""

    version: int = 0
    segments: tuple[Definition, ...] = ()
    ids: dict[str, UUID] = field(default_factory=dict)  # of all segments by key, of whatever kind
    by_id: dict[UUID, Definition] = field(init=False)

    def __post_init__(self) -> None:
        """Sort by id once."""
        object.__setattr__(self, "by_id", {each.id: each for each in self.segments})


def compile(row: Segment, *, is_stored: bool = True) -> Definition:
    """Read the definition of a segment by condition. Raises DefinitionError, which names the field.

    One that is not stored yet is held to the rules of today; what is stored must go on.
    """
    try:
        condition = language.parse(row.condition, is_stored=is_stored)
        segments = segments_of(condition)
    except ConditionError as error:
        raise DefinitionError("condition", str(error)) from None
    return Definition(
        id=row.pk,
        key=row.key,
        name=row.name,
        version=row.version,
        is_sticky=row.is_sticky,
        is_built=row.built_at is not None,
        condition=condition,
        reads=reads(condition),
        segments=segments,
    )


def segments_of(condition: Node) -> frozenset[str]:
    """Name the segments that a condition asks about; it has to name them, or it would ask about itself."""
    nodes = list(walk(condition))
    tests = [node for node in nodes if isinstance(node, Match) and node.operand == SEGMENTS]
    named = [_texts(test.value) for test in tests if test.op.startswith("contains")]
    n_asked = sum(isinstance(node, Field) and (node.root, *node.keys[:1]) == ("profile", "segments") for node in nodes)
    if len(named) < n_asked or None in named:
        message = 'A segment asks about others by their keys: profile@segments CONTAINS "vip".'
        raise ConditionError(message)
    return frozenset().union(*(keys for keys in named if keys))


def _texts(value: Literal | ListLiteral) -> frozenset[str] | None:
    values = value.value if isinstance(value, ListLiteral) else [value.value]
    texts = frozenset(each for each in values if isinstance(each, str))
    return texts if len(texts) == len(set(map(repr, values))) else None


_compiled: dict[tuple[UUID, int], Definition] = {}


def read() -> Definitions:
    """Read all definitions; a broken one must not stop the collector, and is left out."""
    # The number first: whoever changes a definition after this line has a higher one.
    version = version_now()
    rows = list(Segment.objects.order_by("key"))
    found = {row.key: read_one(row) for row in rows if row.kind == Segment.Kind.CONDITION and row.is_enabled}
    known = {key: definition for key, definition in found.items() if definition}
    fresh = {(definition.id, definition.version) for definition in known.values()}
    for stale in _compiled.keys() - fresh:
        _compiled.pop(stale, None)
    return Definitions(version, tuple(in_order(known.values())), {row.key: row.pk for row in rows})


def read_one(row: Segment) -> Definition | None:
    """Return the definition of a segment by condition, compiled once; None if it is broken."""
    exact = (row.pk, row.version)
    try:
        found = _compiled.get(exact) or compile(row)
    except DefinitionError:
        logger.exception("The definition of a segment is broken", extra={"segment": row.key})
        return None
    _compiled[exact] = found = replace(found, name=row.name, is_built=row.built_at is not None)
    return found


def version_now() -> int:
    """Return the number of the latest change that is committed."""
    return SegmentVersion.objects.values_list("number", flat=True).first() or 0


def in_order(definitions: Iterable[Definition]) -> list[Definition]:
    """Sort definitions so that each comes after those that it asks about. Raises DefinitionError for a circle."""
    waiting = {definition.key: definition for definition in definitions}
    sorter = TopologicalSorter({key: sorted(each.segments & waiting.keys()) for key, each in waiting.items()})
    try:
        return [waiting[key] for key in sorter.static_order()]
    except CycleError as error:
        *circle, _ = reversed(error.args[1])
        first = circle.index(min(circle))
        told = " asks about ".join([*circle[first:], *circle[: first + 1]])
        message = f"Segments would ask about each other in a circle: {told}."
        raise DefinitionError("condition", message) from None


def check(row: Segment) -> None:
    """Refuse what `save` refuses, as far as can be said before. Raises DefinitionError, which names the field."""
    _check(row)
    _check_others(row)


def save(row: Segment) -> bool:
    """Store a definition, and tell whether its meaning changed: then everybody is to be evaluated anew.

    Raises DefinitionError, which names the field.
    """
    _check(row)
    with transaction.atomic():
        before = Segment.objects.filter(pk=row.pk).select_for_update().values("key", *MEANING).first()
        if before and (before["key"], before["kind"]) != (row.key, row.kind):
            raise DefinitionError(
                "key" if before["key"] != row.key else "kind", "It stays as it is; make a new segment."
            )
        meaning = {name: getattr(row, name) for name in ("key", *MEANING)}
        is_changed: bool = before != meaning
        if is_changed:
            # First: whoever saves meanwhile waits here, and then sees what this one asks about.
            row.version, row.evaluated_at = _next_version(), None
            _check_others(row)
        row.save(update_fields=_COLUMNS if before else None)
    return is_changed


def delete(row: Segment) -> None:
    """Delete a segment with all that is known of its members. Raises DefinitionError when others ask about it."""
    with transaction.atomic():
        _next_version()
        others = readers(row)
        if others:
            raise DefinitionError("key", f"Other segments ask about it: {', '.join(others)}.")
        # One statement: Django would read millions of rows to delete them.
        Membership.objects.filter(segment=row)._raw_delete("default")
        row.delete()


def readers(row: Segment) -> list[str]:
    """Name the segments that ask about one."""
    return [each.name for each in _all_but(row) if row.key in each.segments]


def _check(row: Segment) -> None:
    if row.kind == Segment.Kind.CONDITION:
        is_stored = Segment.objects.filter(pk=row.pk, condition=row.condition).exists()
        row.condition = str(compile(row, is_stored=is_stored).condition)
    elif row.condition:
        raise DefinitionError("condition", "Only segments by a condition have one.")
    try:
        row.clean_fields()
    except ValidationError as error:
        name, messages = next(iter(error.message_dict.items()))
        raise DefinitionError(name, messages[0]) from None
    for name in ("key", "name"):
        if Segment.objects.filter(**{name: getattr(row, name)}).exclude(pk=row.pk).exists():
            raise DefinitionError(name, "There is another segment of that name.")


def _check_others(row: Segment) -> None:
    """Refuse to ask about segments that there are not, and in a circle."""
    if row.kind != Segment.Kind.CONDITION:
        return
    definition = compile(row)
    keys = [key for key in Segment.objects.values_list("key", flat=True) if key != row.key]
    for key in sorted(definition.segments - {row.key, *keys}):
        nearest = get_close_matches(key, keys, n=1)
        error = ConditionError(f"There is no segment {key}.", suggestion=nearest[0] if nearest else "")
        raise DefinitionError("condition", str(error))
    in_order([definition, *_all_but(row)])


def _all_but(row: Segment) -> list[Definition]:
    """Compile all others, those that are switched off too: they may be switched on."""
    others = Segment.objects.filter(kind=Segment.Kind.CONDITION).exclude(pk=row.pk)
    return [definition for definition in map(read_one, others) if definition]


def _next_version() -> int:
    """Number a change; the next one waits for the row until this one is committed, and gets a later number."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO segments_segmentversion AS it (id, number) VALUES (1, 1) "
            "ON CONFLICT (id) DO UPDATE SET number = it.number + 1 RETURNING number"
        )
        rows_changed(SegmentVersion)
        return int(cursor.fetchone()[0])
