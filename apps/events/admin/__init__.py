"""The admin's pages of sources, events, event types, identification points and the inbox."""

from apps.events.admin import event, identification, inbox, source

__all__ = ["event", "identification", "inbox", "source"]
