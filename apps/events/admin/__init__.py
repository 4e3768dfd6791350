"""The admin's pages of sources, events, event types, compliance rules and the inbox."""

from apps.events.admin import compliance, event, inbox, source

__all__ = ["compliance", "event", "inbox", "source"]
