"""The default event types as rows: brought in after each migration, so that a new version brings its own."""

from apps.events.event_types import default_types
from apps.events.models import EventType

SEPARATE = ("id", "name", "group")  # keys of a definition that are columns of their own


def load_defaults() -> int:
    """Insert or renew all default types and return their number; whether a type is switched on is left as it is."""
    rows = [
        EventType(
            type=definition["id"],
            name=definition["name"],
            group=definition["group"],
            definition={key: value for key, value in definition.items() if key not in SEPARATE},
            is_builtin=True,
        )
        for definition in default_types.load().values()
    ]
    columns = ["name", "group", "definition", "is_builtin", "updated_at"]
    EventType.objects.bulk_create(rows, update_conflicts=True, unique_fields=["type"], update_fields=columns)
    return len(rows)
