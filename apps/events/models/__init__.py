"""Where events come from, what they mean, and where they are kept."""

from apps.events.models.compliance import ComplianceRule
from apps.events.models.event import Event, MessageKey
from apps.events.models.event_type import EventType, definition_of
from apps.events.models.identification import IdentificationPoint
from apps.events.models.inbox import InboxItem, RefusedEvent
from apps.events.models.source import Redirect, Source, new_write_key

__all__ = [
    "ComplianceRule",
    "Event",
    "EventType",
    "IdentificationPoint",
    "InboxItem",
    "MessageKey",
    "Redirect",
    "RefusedEvent",
    "Source",
    "definition_of",
    "new_write_key",
]
