"""Where events come from, what they mean, and where they are kept."""

from apps.events.models.backfill import BackfilledEvent, BackfilledField, BackfillHold, BackfillPerson
from apps.events.models.compliance import ComplianceRule
from apps.events.models.computed_trait import ComputedTrait, ComputedVersion
from apps.events.models.event import Event, MessageKey
from apps.events.models.event_type import EventType, EventTypeAlias
from apps.events.models.identification import IdentificationPoint
from apps.events.models.inbox import InboxItem, RefusedEvent
from apps.events.models.noticed import ArrivalCount, RefusalCount, UnplannedType
from apps.events.models.quarantine import QuarantinedEvent
from apps.events.models.source import Redirect, Source, latest_arrival, new_write_key

__all__ = [
    "ArrivalCount",
    "BackfillHold",
    "BackfillPerson",
    "BackfilledEvent",
    "BackfilledField",
    "ComplianceRule",
    "ComputedTrait",
    "ComputedVersion",
    "Event",
    "EventType",
    "EventTypeAlias",
    "IdentificationPoint",
    "InboxItem",
    "MessageKey",
    "QuarantinedEvent",
    "Redirect",
    "RefusalCount",
    "RefusedEvent",
    "Source",
    "UnplannedType",
    "latest_arrival",
    "new_write_key",
]
