"""The admin's pages of sources, events, event types and the inbox."""

from apps.events.admin import event, inbox, source

__all__ = ["event", "inbox", "source"]
