"""What the pages of queues say of a job."""

from datetime import UTC, datetime

from django import template
from django.utils import timezone

from apps.core.queue_state import QueueState, name_of, raised, read, trace_of
from apps.core.spans import in_words

register = template.Library()

register.filter("job_name", name_of)
register.filter("job_reason", raised)
register.filter("job_trace", trace_of)
register.filter("span", in_words)


@register.simple_tag
def queues_now() -> dict[str, QueueState]:
    """Return what each queue is like now, by its name. Raises RedisError."""
    return {state.name: state for state in read().queues}


@register.filter
def of(states: dict[str, QueueState], name: str) -> QueueState:
    """Return the state of one queue."""
    return states[name]


@register.filter
def in_zone(at: datetime | None) -> datetime | None:
    """Return a time of RQ's, which names no zone and means UTC, as one of ours."""
    if at is None:
        return None
    return timezone.localtime(at if at.tzinfo else at.replace(tzinfo=UTC))
