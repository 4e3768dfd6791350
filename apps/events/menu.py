"""The pages of events in the admin's menu: what comes in, what it means, and what could not be processed."""

from apps.core.menu import COLLECTING, IDENTITY, OPERATIONS, PEOPLE, PRIVACY, entry
from apps.events.models import (
    ComplianceRule,
    ComputedTrait,
    Event,
    EventType,
    EventTypeAlias,
    IdentificationPoint,
    InboxItem,
    QuarantinedEvent,
    Redirect,
    RefusalCount,
    RefusedEvent,
    Source,
    UnplannedType,
)

entry(Event, PEOPLE, 140, icon="bolt")
entry(IdentificationPoint, IDENTITY, 230, icon="fingerprint")
entry(Source, COLLECTING, 310, icon="sensors")
entry(Redirect, COLLECTING, 320, icon="link", title="Tracked links")
entry(EventType, COLLECTING, 330, icon="category")
entry(UnplannedType, COLLECTING, 340, icon="help", title="Unplanned event types")
entry(EventTypeAlias, COLLECTING, 350, icon="alt_route", title="Event type aliases")
entry(ComputedTrait, COLLECTING, 360, icon="calculate")
entry(QuarantinedEvent, COLLECTING, 370, icon="healing", title="Quarantine")
entry(RefusedEvent, COLLECTING, 380, icon="block")
entry(RefusalCount, COLLECTING, 390, icon="data_usage", title="Refusals by day")
entry(ComplianceRule, PRIVACY, 430, icon="policy")
entry(InboxItem, OPERATIONS, 510, icon="inbox", title="Inbox")
