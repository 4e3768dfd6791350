"""The admin's pages of events, of where they come from, what they mean, and what becomes of them."""

from apps.events.admin import (
    compliance,
    computed_trait,
    consent_decision,
    event,
    event_type,
    identification,
    identity_conflict,
    inbox,
    merge_rule,
    quarantine,
    redirect,
    source,
    unplanned,
)

__all__ = [
    "compliance",
    "computed_trait",
    "consent_decision",
    "event",
    "event_type",
    "identification",
    "identity_conflict",
    "inbox",
    "merge_rule",
    "quarantine",
    "redirect",
    "source",
    "unplanned",
]
