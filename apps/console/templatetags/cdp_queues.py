"""What the pages of queues say of a job."""

from datetime import UTC, datetime

from django import template
from django.utils import timezone

from apps.core.queue_state import name_of, raised, trace_of

register = template.Library()

register.filter("job_name", name_of)
register.filter("job_reason", raised)
register.filter("job_trace", trace_of)


@register.filter
def in_zone(at: datetime | None) -> datetime | None:
    """Return a time of RQ's, which names no zone and means UTC, as one of ours."""
    if at is None:
        return None
    return timezone.localtime(at if at.tzinfo else at.replace(tzinfo=UTC))
