"""The rules of all event types, compiled once, and at most seconds older than what the database says."""

import logging
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from apps.conditions.nearest import nearest
from apps.core.mistakes import DefinitionError
from apps.core.snapshot import Snapshot
from apps.events.event_types.compiling import compile as compile_rules
from apps.events.event_types.effective import builtin_definition_of, definition_of
from apps.events.event_types.rules import EventRules
from apps.events.models import EventType, EventTypeAlias

logger = logging.getLogger(__name__)
_MISTYPED: Final = 0.9  # so alike are two names of which one is the other, mistyped
_compiled: dict[tuple[str, object], EventRules | None] = {}


def _read() -> Mapping[str, EventRules]:
    rows = list(EventType.objects.filter(is_enabled=True))
    fresh = {(row.type, row.updated_at): row for row in rows}
    for version in _compiled.keys() - fresh.keys():
        del _compiled[version]
    for version, row in fresh.items():
        if version not in _compiled:
            _compiled[version] = _compile(row)
    meant_by.cache_clear()
    return {type_: compiled for (type_, _), compiled in _compiled.items() if compiled}


def _compile(row: EventType) -> EventRules | None:
    """Compile all that is said of a type; when that is broken, what the platform itself says of it.

    The admin takes no broken definition, but a new version of the platform may bring one that an override misses. It
    must not stop the collector, nor let card numbers through that the built-in definition takes out.
    """
    whole, builtin = definition_of(row), builtin_definition_of(row)
    for definition in (whole,) if whole == builtin else (whole, builtin):
        try:
            return compile_rules(definition)
        except DefinitionError:
            logger.exception("An event type's definition is broken", extra={"event_type": row.type})
    return None


def _read_aliases() -> Mapping[str, str]:
    return dict(EventTypeAlias.objects.values_list("type", "becomes"))


current: Final = Snapshot(_read, of=(EventType,), refresh_secs=5)
aliased: Final = Snapshot(_read_aliases, of=(EventTypeAlias,), refresh_secs=5)


def rules() -> Mapping[str, EventRules]:
    """Return {event type: rules} of all enabled types."""
    return current.get()


def aliases() -> Mapping[str, str]:
    """Return {name: the type that events of it become, or "" where they are refused}."""
    return aliased.get()


@lru_cache(maxsize=2_048)
def meant_by(type_: str) -> str:
    """Return the type that was probably meant by one that nobody planned; "" where none is very like it."""
    return nearest(type_, rules(), likeness=_MISTYPED)
