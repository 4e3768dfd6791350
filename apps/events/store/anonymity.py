"""What is left of an event when nobody may be recognised by it."""

from typing import Any

from apps.events.models import Event
from apps.profiles.anonymity import harmless_object


def columns_of(event: Event) -> dict[str, Any]:
    """Return the columns that may tell of somebody, without what does; type, times, source, tags and journey stay."""
    return {
        "properties": harmless_object(event.properties),
        "traits": harmless_object(event.traits),
        "context": {},
        "message_id": None,
        "problems": None,
    }
