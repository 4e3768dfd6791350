"""After this stage each event has the properties and the context that its type's template gives it."""

from typing import Any

from apps.collector import event_types
from apps.collector.track import Batch, Track, TrackedEvent
from apps.core.templating import TemplateError
from apps.events.redaction import redact


def reshape(batch: Batch) -> None:
    """Fill the templates of the events' types; no query. An event that is not valid stays as it was sent."""
    all_rules = event_types.rules()
    for track in batch.going:
        for event in track.going:
            rules = all_rules.get(event.type)
            if rules is None or rules.reshape is None or not event.is_valid:
                continue
            # First, as a template may move what must never be stored to where no rule looks for it.
            event.properties = redact(event.properties, rules)
            try:
                filled = rules.reshape.fill(scope_of(track, event))
            except TemplateError as error:
                event.problems.append({"field": error.path, "message": error.message})
            else:
                event.properties = filled.get("properties", event.properties)
                event.context = filled.get("context", event.context)


def scope_of(track: Track, event: TrackedEvent) -> dict[str, Any]:
    """Return what templates may refer to."""
    return {
        "event": {
            "id": event.message_id,
            "type": event.type,
            "time": event.happened_at.isoformat(),
            "properties": event.properties,
            "context": event.context,
        },
        "session": {"id": track.session_ref, "context": track.context},
        "payload": {
            "context": track.context,
            "properties": track.properties,
            "source": {"id": str(track.source.id), "name": track.source.name, "channel": track.source.channel},
        },
    }
