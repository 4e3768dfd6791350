"""What the pages of queues say of a job."""

from datetime import UTC, datetime
from typing import Any

from django import template
from django.utils import timezone

register = template.Library()
REASON_LETTERS = 300


@register.filter
def job_name(job: Any) -> str:
    """Return what a job does: the name of its function, in words."""
    try:
        name = job["func_name"] if isinstance(job, dict) else job.func_name  # the clock's jobs are dicts
        return str(name).rpartition(".")[2].replace("_", " ")
    except Exception:  # noqa: BLE001 - the job of another version may have no function any more
        return "unknown"


@register.filter
def job_reason(job: Any) -> str:
    """Return why a job failed: the last line of what was raised."""
    lines = (job_trace(job) or "").strip().splitlines()
    return lines[-1][:REASON_LETTERS] if lines else ""


@register.filter
def job_trace(job: Any) -> str:
    """Return all that was raised."""
    latest = job.latest_result()
    return (latest.exc_string if latest else "") or job.exc_info or ""


@register.filter
def in_zone(at: datetime | None) -> datetime | None:
    """Return a time of RQ's, which names no zone and means UTC, as one of ours."""
    if at is None:
        return None
    return timezone.localtime(at if at.tzinfo else at.replace(tzinfo=UTC))
