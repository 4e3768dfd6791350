"""After this stage each event has the properties and the context that its type's template gives it."""

from apps.collector.payload import Batch
from apps.core.templating import TemplateError
from apps.events.event_types import planned
from apps.events.event_types.redaction import redact


def reshape(batch: Batch) -> None:
    """Fill the templates of the events' types; no query. An event that is not valid stays as it was sent."""
    all_rules = planned.rules()
    for payload in batch.going:
        for event in payload.going:
            rules = all_rules.get(event.type)
            if rules is None or rules.reshape is None or not event.is_valid:
                continue
            # First, as a template may move what must never be stored to where no rule looks for it.
            event.properties = redact(event.properties, rules)
            try:
                filled = rules.reshape.fill(payload.scope_of(event))
            except TemplateError as error:
                event.problems.append({"field": error.path, "message": error.message})
            else:
                payload.mentions = None
                event.properties = filled.get("properties", event.properties)
                event.context = filled.get("context", event.context)
