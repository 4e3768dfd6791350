"""The admin's pages of sources, events, their types, identification, computed traits, the quarantine and the inbox."""

from apps.events.admin import computed_trait, event, event_type, identification, inbox, quarantine, source

__all__ = ["computed_trait", "event", "event_type", "identification", "inbox", "quarantine", "source"]
