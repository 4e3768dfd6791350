"""What the pages of tasks show: state and pace, the log, the rows that failed."""

from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString

from apps.core import pace, tasks
from apps.core.admin.shown import badge, page_address
from apps.core.models import Task
from apps.core.spans import in_words

STATE_COLOURS = {
    "waiting": "blue",
    "running": "amber",
    "paused": "amber",
    "done": "green",
    "failed": "red",
    "cancelled": "grey",
}
N_LINES = 100
N_FAILURES = 20


def facts(task: Task) -> dict[str, Any]:
    """Return what templates say of a task; rate and time left are None where they are unknown."""
    now = timezone.now()
    rate, secs_left = pace.rate(task, now=now), pace.secs_left(task, now=now)
    took = ((task.finished_at or now) - task.started_at).total_seconds() if task.started_at else None
    return {
        "task": task,
        "title": tasks.title_of(task),
        "badge": badge(task.get_state_display(), STATE_COLOURS[task.state]),
        "rate": None if rate is None else _rate(rate),
        "left": None if secs_left is None else in_words(secs_left),
        "took": None if took is None else in_words(took),
    }


def _rate(rate: float) -> str:
    return f"{rate:,.1f}" if rate < 10 else f"{rate:,.0f}"


def log(task: Task) -> SafeString:
    """Show the log, the newest line first."""
    lines = list(task.lines.order_by("-number")[:N_LINES])
    return render_to_string("core/task_log.html", {"lines": lines, "n_more": max(0, task.n_lines - len(lines))})


def failures(task: Task) -> SafeString:
    """Show the first rows that failed, and a link to all that are kept."""
    kind = tasks.kinds.get(task.kind)
    page = kind.failed_page if kind else ""
    first = [
        (page_address(page, each.row.rpartition(" ")[2]) if page else "", each)
        for each in task.failures.order_by("number")[:N_FAILURES]
    ]
    return render_to_string(
        "core/task_failures.html", {"task": task, "failures": first, "n_more": task.n_failed - len(first)}
    )
