"""An event type in tables: what is built in and changed of it, what is sent and how it differs from the schema."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString

from apps.core.admin.shown import NOTHING, tree
from apps.core.paths import MISSING
from apps.events.event_types.inference import Drift, Seen, drift, flat
from apps.events.event_types.trial import Outcome
from apps.events.models import EventType

DRIFT_COLOURS = {"new": "blue", "missing": "amber", "changed": "red"}


@dataclass(frozen=True, slots=True)
class BuiltinRow:
    """One built-in rule, and what the operator's overrides do to it."""

    part: str
    target: str
    rule: str
    change: str  # "", replaced, switched off


@dataclass(frozen=True, slots=True)
class SeenRow:
    """One field: how often it was sent, as what, and what the schema has against it."""

    path: str
    types: str
    percent: int | None
    drift: Drift | None
    colour: str = ""


def builtin_rows(event_type: EventType) -> list[BuiltinRow]:
    """List what the platform says of a type, rule by rule."""
    rows = []
    for part, label in (("traits", "Trait"), ("profile", "Profile"), ("compute", "Computed"), ("redact", "Never kept")):
        own = event_type.overrides.get(part) or {}
        for target, spec in (event_type.definition.get(part) or {}).items():
            change = ""
            if target in own and part != "redact":
                change = "replaced" if own[target] else "switched off"
            rows.append(BuiltinRow(label, target, _rule(spec), change))
    return rows


def journey_of(event_type: EventType) -> str:
    """Say which state of the journey is built in."""
    journey = event_type.definition.get("journey")
    if isinstance(journey, Mapping):
        return f"{journey['first_visit']} on the first visit, {journey['later_visits']} on later ones"
    return journey or "none"


def _rule(spec: Any) -> str:
    if isinstance(spec, Mapping):
        return ", ".join(f"{name} {_rule(value)}".strip() for name, value in spec.items())
    if isinstance(spec, list):
        return " / ".join(map(str, spec))
    return "" if spec is None else str(spec)


def seen_rows(seen: Seen, schema: Mapping[str, Any] | None) -> list[SeenRow]:
    """List the fields of recent events, then those that the schema names and nobody sends."""
    drifted = {found.field: found for found in drift(schema, seen)} if schema else {}
    rows = []
    for path, below, of in flat(seen):
        types = ", ".join(f"{name} {count}" if len(below.types) > 1 else name for name, count in below.types.items())
        rows.append(_seen_row(path, types, 100 * below.count // of if of else None, drifted.pop(path, None)))
    return rows + [_seen_row(found.field, "", 0, found) for found in drifted.values()]


def _seen_row(path: str, types: str, percent: int | None, found: Drift | None) -> SeenRow:
    return SeenRow(path, types, percent, found, DRIFT_COLOURS[found.kind] if found else "")


def changes_of(outcome: Outcome) -> list[tuple[str, list[tuple[str, SafeString, SafeString]]]]:
    """List what an event changes in a dry run: a title, and (path, before, after) of each field."""
    parts = (
        ("Properties", outcome.properties),
        ("Context", outcome.context),
        ("Traits of the event", outcome.traits),
        (f"Profile of {outcome.profile_name}, after one more such event", outcome.profile),
    )
    return [
        (title, [(change.path, _shown(change.before), _shown(change.after)) for change in changes])
        for title, changes in parts
        if changes
    ]


def _shown(value: Any) -> SafeString:
    return NOTHING if value is MISSING else tree(value)
