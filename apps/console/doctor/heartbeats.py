"""Do heartbeats run when they are due?"""

from datetime import UTC, datetime, timedelta
from typing import Final

from django.db.models import QuerySet

from apps.console.doctor.checkup import Patient, Report, check
from apps.core import commands
from apps.core.spans import in_words
from apps.heartbeats.models import Heartbeat, HeartbeatRun

LATE: Final = timedelta(minutes=10)
MOST: Final = 5  # that are named


@check("heartbeats", "Heartbeats")
def heartbeats(_patient: Patient) -> Report:
    """Look for those that are overdue, those that nobody brings to an end, and those whose last run failed."""
    now = datetime.now(UTC)
    enabled = Heartbeat.objects.filter(is_enabled=True)
    report, run_now = Report(f"{enabled.count()} switched on"), commands.manage("heartbeat")
    for each in overdue(now=now).order_by("due_at")[:MOST]:
        message = f"The heartbeat {each.name} should have run {_ago(each.due_at, now)}."
        report.warn("heartbeat_overdue", message, "See that cron and a worker run; or run it now.", run_now)
    for each in enabled.filter(attempts__gte=Heartbeat.STUCK).order_by("name")[:MOST]:
        message = f"The heartbeat {each.name} was begun {each.attempts} times, and none of these came to an end."
        report.warn("heartbeat_failed", message, "Look into the log of the workers: it tells what ended them.", run_now)
    ended = HeartbeatRun.objects.filter(heartbeat__in=enabled).exclude(finished_at=None)
    for run in ended.order_by("heartbeat", "-started_at").distinct("heartbeat").select_related("heartbeat"):
        if run.error:
            message = f"The last run of the heartbeat {run.heartbeat.name} failed, {_ago(run.started_at, now)}."
            report.warn("heartbeat_failed", message, "Open it in the admin, which shows why.", run_now)
    return report


def overdue(*, now: datetime) -> QuerySet[Heartbeat]:
    """Return those that should have run some minutes ago."""
    return Heartbeat.objects.filter(is_enabled=True, due_at__lt=now - LATE)


def _ago(at: datetime | None, now: datetime) -> str:
    return f"{in_words((now - at).total_seconds())} ago" if at else "before"
