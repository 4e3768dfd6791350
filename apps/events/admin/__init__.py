"""The admin's pages of sources, events, event types, the quarantine and the inbox."""

from apps.events.admin import event, event_type, inbox, quarantine, source

__all__ = ["event", "event_type", "inbox", "quarantine", "source"]
