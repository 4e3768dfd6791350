"""After this stage each event has its searchable traits, its tags, and its place in the customer's journey."""

from apps.collector.payload import Batch
from apps.events.event_types import planned
from apps.events.event_types.redaction import redact
from apps.events.event_types.traits import extract


def traits(batch: Batch) -> None:
    """Extract traits by the rules of the event's type, and blot out what must never be stored, such as card numbers."""
    all_rules = planned.rules()
    for payload in batch.going:
        for event in payload.going:
            found = all_rules.get(event.type)
            if found is None:
                continue
            event.properties = redact(event.properties, found)
            event.traits, event.journey, tags = extract(found, event.properties, visit_count=event.visit_count)
            event.tags = list(dict.fromkeys([*event.tags, *tags])) if event.tags else list(tags)
