"""The admin's pages of sources, events and their types, identification points, compliance rules, and the inbox."""

from apps.events.admin import compliance, event, identification, inbox, source

__all__ = ["compliance", "event", "identification", "inbox", "source"]
