"""Which types of events the runs of a definition may come to wait for."""

from typing import Any

from apps.core.typed_settings import read as read_settings
from apps.flows.definition import shape
from apps.flows.models import Wait
from apps.flows.node import kinds
from apps.profiles import consents


def awaited(document: Any) -> set[str]:
    """Return the types that exits, goals and nodes of a checked definition wait for, and that consents are told by."""
    definition = shape.read(document)
    options = definition.options
    found = {rule.event_type or Wait.ANYTHING for rule in (*options.exits, *options.goals)}
    if options.consents:
        found |= consents.EVENT_TYPES
    for part in (part for part in definition.nodes if not part.is_disabled):
        kind = kinds[part.kind]
        found.update(kind.awaited_by(read_settings(kind.Settings, part.settings)))
    return found
