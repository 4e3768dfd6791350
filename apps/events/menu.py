"""The pages of events in the admin's menu: what comes in, what it means and proves, and what waits."""

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
    Source,
    UnplannedType,
)
from apps.profiles.models import ConsentDecision, IdentityConflict, MergeRule

entry(Event, PEOPLE, 140, icon="bolt")
entry(IdentityConflict, IDENTITY, 220, icon="call_split", title="Conflicts")
entry(IdentificationPoint, IDENTITY, 230, icon="fingerprint")
entry(MergeRule, IDENTITY, 250, icon="rule")
entry(Source, COLLECTING, 310, icon="sensors")
entry(Redirect, COLLECTING, 320, icon="link", title="Tracked links")
entry(EventType, COLLECTING, 330, icon="category")
entry(UnplannedType, COLLECTING, 340, icon="help", title="Unplanned event types")
entry(EventTypeAlias, COLLECTING, 350, icon="alt_route", title="Event type aliases")
entry(ComputedTrait, COLLECTING, 360, icon="calculate")
entry(QuarantinedEvent, COLLECTING, 370, icon="healing", title="Quarantine")
entry(ConsentDecision, PRIVACY, 420, icon="history_edu", title="Decisions")
entry(ComplianceRule, PRIVACY, 430, icon="policy")
entry(InboxItem, OPERATIONS, 510, icon="inbox", title="Inbox")
