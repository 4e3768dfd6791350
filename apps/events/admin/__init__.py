"""The admin's pages of sources, events, event types, identification points and the inbox."""

from apps.events.admin import computed_trait, event, identification, inbox, source

__all__ = ["computed_trait", "event", "identification", "inbox", "source"]
