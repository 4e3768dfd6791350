"""What an event type means in the end: its built-in definition, with what the operator says on top of it."""

from collections.abc import Mapping
from typing import Any, Final

from apps.events.models import EventType

# Tables of a definition: an operator's entry replaces the built-in one of the same name, and null switches it off.
TABLES: Final = ("traits", "defaults", "profile", "compute")


def merge(definition: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Put the operator's overrides on top of a built-in definition, which may be empty.

    Tags are joined, and so are redactions: what must not be stored can be added to, not taken from.
    """
    merged = dict(definition)
    for key, own in overrides.items():
        builtin = definition.get(key)
        if key in TABLES:
            merged[key] = {name: spec for name, spec in {**(builtin or {}), **own}.items() if spec is not None}
        elif key == "redact":
            merged[key] = {**own, **(builtin or {})}
        elif key == "tags":
            merged[key] = list(dict.fromkeys([*(builtin or []), *own]))
        else:
            merged[key] = own
    return merged


def definition_of(event_type: EventType) -> dict[str, Any]:
    """Join all that is said of an event type to the shape that `compiling.compile` reads."""
    return {
        **merge(event_type.definition, event_type.overrides),
        "id": event_type.type,
        "name": event_type.name,
        "group": event_type.group,
        "schema": event_type.schema,
        "condition": event_type.condition,
        "policy": event_type.policy,
        "reshape": event_type.reshape,
    }


def builtin_definition_of(event_type: EventType) -> dict[str, Any]:
    """Return what the platform itself says of an event type."""
    return {"id": event_type.type, **event_type.definition}
