"""All that a condition may ask about, with names, kinds and values seen: for the editor and the query bar."""

from dataclasses import dataclass, replace
from typing import Final

from apps.conditions import Catalogue, ConditionError, KnownField, parse
from apps.conditions.parse import parse_field
from apps.conditions.tree import Field, walk
from apps.core.snapshot import Snapshot
from apps.events.models import ComputedTrait, EventType
from apps.profiles import anonymity, schema
from apps.profiles.models import ConsentType
from apps.segments import language, seen_fields
from apps.segments.models import Segment

REFRESH_SECS: Final = 300.0
CONFIGURED_SECS: Final = 10.0
# The kind of what computed traits say that count and date events. Others say what was in the events.
_KINDS: Final = {
    **dict.fromkeys(("count", "sum", "average", "distinct_count"), "number"),
    **dict.fromkeys(("first_time", "last_time"), "date and time"),
}
_COLUMNS: Final = (
    *("country", "is_anonymous", "created_at", "first_seen_at", "last_seen_at", "segments"),
    *("visits.count", "visits.last", "visits.previous", "events.count"),
)
_FACTS: Final = (
    path
    for path, field in schema.FIELDS.items()
    if path.startswith("data.") and not field.is_pii and field.kind is not schema.Kind.MAP
)
_HARMLESS: Final = frozenset(
    {f"profile@{path}" for path in (*_COLUMNS, *_FACTS)}
    | {f"event@{name}" for name in ("type", "time", "journey", "tags")}
)


@dataclass(frozen=True, slots=True)
class _Configured:
    """What people have defined: it changes rarely, and must be there at once."""

    fields: dict[str, KnownField]
    event_types: tuple[str, ...]
    planned_types: frozenset[str]
    consent_types: dict[str, str]  # names by id
    harmless: frozenset[str]


def _read_configured() -> _Configured:
    traits = list(ComputedTrait.objects.filter(is_enabled=True).order_by("key"))
    fields = {_computed(row.key): KnownField(row.name, _KINDS.get(row.function, "")) for row in traits}
    keys = tuple(Segment.objects.order_by("key").values_list("key", flat=True))
    fields[language.SEGMENTS] = KnownField("Segments", schema.Kind.TEXTS.value, keys)
    planned = frozenset(EventType.objects.values_list("type", flat=True))
    return _Configured(
        fields,
        tuple(sorted(planned | seen_fields.types())),
        planned,
        dict(ConsentType.objects.order_by("name").values_list("id", "name")),
        frozenset(_computed(row.key) for row in traits if row.function in _KINDS and _tells_of_nobody(row.condition)),
    )


def _tells_of_nobody(condition: str) -> bool:
    """Tell whether what a computed trait counts says nothing of what may not be seen."""
    try:
        nodes = walk(parse(condition, is_stored=True)) if condition else ()
    except ConditionError:
        return False
    return all(is_always_harmless(node) or is_figure(node) for node in nodes if isinstance(node, Field))


def _computed(key: str) -> str:
    return str(Field("profile", ("computed", key)))


def _read_seen() -> dict[str, KnownField]:
    return {**seen_fields.in_profiles(), **seen_fields.in_events(configured.get().event_types)}


_DEFINED: Final = (ComputedTrait, ConsentType, EventType, Segment)
configured: Final = Snapshot(_read_configured, of=_DEFINED, refresh_secs=CONFIGURED_SECS)
sampled: Final = Snapshot(_read_seen, of=_DEFINED, refresh_secs=REFRESH_SECS)


def names() -> Catalogue:
    """Return what has a name: fields that there always are, and all that people have defined, if only just now."""
    return _with_built_in(configured.latest())


def _with_built_in(found: _Configured) -> Catalogue:
    known = language.catalogue(found.event_types, found.consent_types)
    return replace(known, fields={**known.fields, **found.fields}, planned_types=found.planned_types)


def people() -> Catalogue:
    """Return what may be asked of people: fields that there always are, those that are configured, and those seen."""
    known = _with_built_in(configured.get())
    fields = dict(known.fields)
    for text, field in sampled.get().items():
        about = schema.find(text.removeprefix("profile@")) if text.startswith("profile@data.") else None
        values = () if about and about.is_pii else field.values
        if text in fields:
            fields[text] = replace(fields[text], values=values)
        elif known.knows(parse_field(text)):
            fields[text] = replace(field, values=values)
    return replace(known, fields=fields)


def events() -> Catalogue:
    """Return what may be asked of events."""
    whole = people()
    fields = {text: field for text, field in whole.fields.items() if text.startswith("event@")}
    fields["event@type"] = replace(fields["event@type"], values=whole.event_types)
    open_objects = frozenset(text for text in whole.open_objects if text.startswith("event@"))
    return replace(whole, fields=fields, open_objects=open_objects, consents=None)


def is_harmless(field: Field) -> bool:
    """Tell whether a field tells of nobody: whether it is left of people and events for who may not see names."""
    return is_always_harmless(field) or str(field) in configured.get().harmless


def is_always_harmless(field: Field) -> bool:
    """Tell the same of a field that nobody has configured."""
    if (field.root, *field.keys[:1]) in (("event", "properties"), ("event", "traits")):
        return len(field.keys) > 1 and anonymity.is_harmless(field.keys[-1])
    return str(field) in _HARMLESS


def is_figure(field: Field) -> bool:
    """Tell whether a field of events holds an amount; it tells of nobody where it is compared with numbers."""
    return (field.root, *field.keys[:1]) == ("event", "properties") and anonymity.is_figure(field.keys[-1])
