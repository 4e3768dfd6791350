"""What segments may ask about people: each field of a profile and of its events, in the database and in memory.

Both say the same of the same person, whatever is asked: tests/segments/test_language.py holds them to it. History is of
valid events only, and of those that lie under the profile's own id: while a merge has not moved all of them (see
profiles.ledger.unmoved) nobody can be evaluated by their history.
"""

from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson

from apps import conditions
from apps.conditions import (
    Catalogue,
    Column,
    Columns,
    Condition,
    ConditionError,
    EventTable,
    Kind,
    KnownField,
    Layout,
    RecordedEvents,
)
from apps.conditions.reads import reads
from apps.conditions.sql.fragment import Sql
from apps.conditions.tree import Field
from apps.events import platform_events
from apps.events.models import Event
from apps.events.store.condition_columns import COLUMNS as EVENT_COLUMNS
from apps.events.store.condition_columns import PARTS, Part
from apps.profiles import consents, schema
from apps.profiles.models import Profile

SEGMENTS: Final = "profile@segments"


_MEMBER_OF: Final = (
    "(SELECT coalesce(jsonb_agg(s.key), '[]') FROM segments_membership AS m "
    "JOIN segments_segment AS s ON s.id = m.segment_id WHERE m.profile_id = p.id AND m.left_at IS NULL)"
)
_HOLDS: Final = (
    "EXISTS (SELECT FROM segments_membership AS m WHERE m.profile_id = p.id AND m.left_at IS NULL "
    "AND m.segment_id = (SELECT s.id FROM segments_segment AS s WHERE s.key = {}))"
)
_PROFILE: Final[dict[str, Part]] = {
    "id": Part("Id", "p.id::text", Kind.TEXT, lambda row: str(row.id)),
    "primary_id": Part("Customer number", "p.primary_id", Kind.TEXT, attrgetter("primary_id")),
    "email": Part("E-mail address", "p.email", Kind.TEXT, attrgetter("email")),
    "name": Part("Name", "NULLIF(p.name, '')", Kind.TEXT, lambda row: row.name or None),
    "country": Part("Country", "NULLIF(p.country, '')", Kind.TEXT, lambda row: row.country or None),
    "is_anonymous": Part("Anonymous", "p.is_anonymous", Kind.BOOLEAN, attrgetter("is_anonymous")),
    "created_at": Part("Profile made", "p.created_at", Kind.TIME, attrgetter("created_at")),
    "first_seen_at": Part("First seen", "p.first_seen_at", Kind.TIME, attrgetter("first_seen_at")),
    "last_seen_at": Part("Last seen", "p.last_seen_at", Kind.TIME, attrgetter("last_seen_at")),
    "visits.count": Part("Visits", "p.visit_count", Kind.NUMBER, attrgetter("visit_count")),
    "visits.last": Part("Latest visit", "p.visit_started_at", Kind.TIME, attrgetter("visit_started_at")),
    "visits.previous": Part("Visit before", "p.previous_visit_at", Kind.TIME, attrgetter("previous_visit_at")),
    "events.count": Part("Events", "p.event_count", Kind.NUMBER, attrgetter("event_count")),
    "data": Part("Data", "p.data", Kind.JSON, attrgetter("data")),
    "traits": Part("Traits", "p.traits", Kind.JSON, attrgetter("traits")),
    "interests": Part("Interests", "p.interests", Kind.JSON, attrgetter("interests")),
    "consents": Part("Consents", "p.consents", Kind.JSON, attrgetter("consents")),
    "stats": Part("Statistics", "p.stats", Kind.JSON, attrgetter("stats")),
    "computed": Part("Computed traits", "p.computed", Kind.JSON, attrgetter("computed")),
}
# The words that the catalogue has for what a column holds; those of a profile's data come from its schema.
_WORDS: Final = {Kind.TEXT: "text", Kind.NUMBER: "number", Kind.BOOLEAN: "yes or no", Kind.TIME: "date and time"}
_OPEN: Final = frozenset(
    {f"profile@{name}" for name in ("traits", "interests", "stats", "computed")}
    | {f"profile@{path}" for path, field in schema.FIELDS.items() if field.kind is schema.Kind.MAP}
    | {f"event@{name}" for name in ("properties", "traits", "context")}
)


def _columns(root: str, parts: Mapping[str, Part]) -> dict[str, Column]:
    return {f"{root}@{path}": Column(part.sql, part.kind) for path, part in parts.items()}


def _times_of_schema() -> dict[str, Column]:
    """Name the times and days in a profile's data: the schema writes all of them in one way, and nobody has to look."""
    kinds = {schema.Kind.DATETIME: Kind.TIME_TEXT, schema.Kind.DATE: Kind.DATE_TEXT}
    found = {path: kinds[field.kind] for path, field in schema.FIELDS.items() if field.kind in kinds}
    keys = {path: path.removeprefix("data.").replace(".", ",") for path in found}
    return {f"profile@{path}": Column(f"(p.data #>> '{{{keys[path]}}}')", kind) for path, kind in found.items()}


_COLUMNS: Final = Columns(
    {**_columns("profile", _PROFILE), **_times_of_schema(), SEGMENTS: Column(_MEMBER_OF, Kind.JSON, holds=_HOLDS)}
)


def layout(profile_ids: Iterable[UUID] | None = None) -> Layout:
    """Say where it all is for `to_sql`: profiles_profile under the alias p. For a few people only, name them here."""
    only = Sql("e.is_valid")
    if profile_ids is not None:
        only = Sql("e.is_valid AND e.profile_id = ANY(%s)", (list(profile_ids),))
    return Layout(
        columns=_COLUMNS,
        row_id="p.id",
        events=EventTable(
            table="events_event e",
            owner="e.profile_id",
            id="e.id",
            type="e.type",
            time="e.time",
            columns=EVENT_COLUMNS,
            only=only,
            unnamed=tuple(sorted(platform_events.types())),
        ),
        consents=consents.in_state,
    )


def history(events: Iterable[Mapping[str, Any]]) -> RecordedEvents:
    """Hand somebody's past events in to be evaluated in memory; see `event_of`."""
    return RecordedEvents(events, unnamed=platform_events.types())


def document_of(profile: Profile, segment_keys: Iterable[str], *, parts: "Readers | None" = None) -> dict[str, Any]:
    """Return what a condition reads of a profile in memory: a tree that shares its branches with the row.

    With `parts` (see `parts_of`) it holds these only.
    """
    tree = _tree(_PROFILE_READERS if parts is None else parts, profile)
    tree["segments"] = sorted(segment_keys)
    return {"profile": tree, "consents": consents.states_of(profile.consents, profile.provenance)}


def parts_of(fields: Iterable[Field]) -> "Readers":
    """Return those parts of a profile into which the fields lead, to be handed to `document_of`."""
    wanted = set(map(_path_of, fields))
    return _readers({path: part for path, part in _PROFILE.items() if path in wanted})


def event_of(event: Event) -> dict[str, Any]:
    """Return what a condition reads of a past event in memory; only valid ones are anybody's history."""
    return {"id": event.id, **_tree(_EVENT_READERS, event)}


def reader_of(field: Field) -> Callable[[Profile], Any]:
    """Make a function that gives a field of a profile, to be compared later with what it is then.

    Trees are written down, for the profile goes on to change them; so are lists on the way, whatever is asked of them.
    """
    path = _path_of(field)
    if path == "consents" and len(field.keys) > 1:
        consent_id = field.keys[1]
        decided = consents.path_of(consent_id)
        # What was decided, and when: both make its state.
        return lambda row: (orjson.dumps(row.consents.get(consent_id)), (row.provenance.get(decided) or ("",))[0])
    part, rest = _PROFILE[path], field.keys[path.count(".") + 1 :]
    if part.kind is not Kind.JSON:
        return part.read
    read = part.read

    def reader(profile: Profile) -> Any:
        found = read(profile)
        for key in rest:
            if type(found) is not dict:
                break
            found = found.get(key)
        return orjson.dumps(found) if type(found) is dict or type(found) is list else found

    return reader


def is_part(field: Field) -> bool:
    """Tell whether a field leads into a part of a profile, so that `reader_of` can read it."""
    return any(".".join(field.keys[:length]) in _PROFILE for length in (1, 2))


def _path_of(field: Field) -> str:
    """Name the part of a profile into which a field leads."""
    return next(path for length in (1, 2) if (path := ".".join(field.keys[:length])) in _PROFILE)


class Readers(NamedTuple):
    """How the parts of a row are read, by their names; those of objects by the object and the key below it."""

    plain: dict[str, Callable[[Any], Any]]
    objects: dict[str, dict[str, Callable[[Any], Any]]]


def _readers(parts: Mapping[str, Part]) -> Readers:
    found = Readers({}, {})
    for path, part in parts.items():
        name, _, key = path.partition(".")
        (found.objects.setdefault(name, {}) if key else found.plain)[key or name] = part.read
    return found


_PROFILE_READERS: Final = _readers(_PROFILE)
_EVENT_READERS: Final = _readers(PARTS)


def _tree(readers: Readers, row: object) -> dict[str, Any]:
    tree = {name: read(row) for name, read in readers.plain.items()}
    for name, parts in readers.objects.items():
        tree[name] = {key: read(row) for key, read in parts.items()}
    return tree


def catalogue(event_types: Iterable[str] = (), consent_types: Mapping[str, str] | None = None) -> Catalogue:
    """List the fields that there always are, and objects below which any may be; consent types by id, with names."""
    fields = {f"profile@{path}": KnownField(part.label, _WORDS.get(part.kind, "")) for path, part in _PROFILE.items()}
    fields |= {f"event@{path}": KnownField(part.label, _WORDS.get(part.kind, "")) for path, part in PARTS.items()}
    fields |= {f"profile@{path}": KnownField(field.label, field.kind.value) for path, field in schema.FIELDS.items()}
    fields[SEGMENTS] = KnownField("Segments", schema.Kind.TEXTS.value)
    whole = ("profile@data", "profile@consents")  # of consents states are asked, and not what is stored
    closed = {text: known for text, known in fields.items() if text not in (*_OPEN, *whole)}
    return Catalogue(closed, open_objects=_OPEN, event_types=tuple(event_types), consents=consent_types or {})


def parse(text: str, *, catalogue: Catalogue | None = None, is_stored: bool = False) -> Condition:
    """Read the condition of a segment. Raises ConditionError when it is wrong, or asks about more than a person."""
    found = conditions.parse(text, catalogue=catalogue, is_stored=is_stored)
    check(found, text=text)
    return found


def check(condition: Condition, *, text: str = "") -> None:
    """Refuse what is no part of a person's story. Raises ConditionError, with the place if the text is given."""
    asked = reads(condition)
    for columns, fields in ((_COLUMNS, asked.fields), (EVENT_COLUMNS, asked.event_fields)):
        for field in sorted(fields, key=str):
            try:
                columns.find(field)
            except ConditionError as error:
                raise _located(error, field, text) from None


def _located(error: ConditionError, field: Field, text: str) -> ConditionError:
    offset = text.find(str(field))
    return ConditionError(
        error.message,
        offset=offset if offset >= 0 else None,
        length=len(str(field)),
        text=text,
        expected=error.expected,
        suggestion=error.suggestion,
    )
