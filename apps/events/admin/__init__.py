"""The admin's pages of sources, events, event types and the inbox."""

from apps.events.admin import computed_trait, event, inbox, source

__all__ = ["computed_trait", "event", "inbox", "source"]
