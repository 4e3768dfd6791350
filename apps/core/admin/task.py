"""Long jobs: how far each one is, and buttons to pause it, to let it go on, or to cancel it."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString

from apps.core import jobs, pace, tasks
from apps.core.admin.shown import badge, moment, tree
from apps.core.admin.watched import Watched
from apps.core.models import Task
from apps.core.spans import in_words

STATE_COLOURS = {
    "waiting": "blue",
    "running": "amber",
    "done": "green",
    "paused": "amber",
    "failed": "red",
    "cancelled": "grey",
}


@admin.register(Task)
class TaskAdmin(Watched):
    """Long jobs, the latest first; what still runs shows its progress without a reload."""

    empty_list = "Nobody has started a task yet."
    list_display = ("title", "progress_shown", "requested_by", "created")
    actions = ["pause", "resume", "cancel"]
    fieldsets = (
        ("Progress", {"fields": ("progress_shown",)}),
        ("With", {"fields": ("params_shown",)}),
        ("Task", {"classes": ("side",), "fields": ("title", "requested_by", "created", "started", "finished")}),
    )

    def render_progress(self, row: Task) -> SafeString:
        """Show the state of a task, and how far it is."""
        colour = STATE_COLOURS[row.state]
        shown: dict[str, Any] = {"task": row, "badge": badge(row.get_state_display(), colour), "pace": _pace(row)}
        return render_to_string("core/task_progress.html", shown)

    @admin.action(description="Pause", permissions=["change_state"])
    def pause(self, request: HttpRequest, queryset: QuerySet[Task]) -> None:
        """Let tasks rest until somebody lets them go on."""
        paused = tasks.pause(_ids(queryset), by=request.user.get_username(), now=timezone.now())
        self._tell(request, "paused", paused)

    @admin.action(description="Go on, or try again", permissions=["change_state"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Task]) -> None:
        """Let tasks that were paused or failed go on where they were."""
        self._tell(request, "resumed", jobs.resume_tasks(_ids(queryset), by=request.user.get_username()))

    @admin.action(description="Cancel", permissions=["change_state"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Task]) -> None:
        """End tasks for good; what they did stays."""
        cancelled = tasks.cancel(_ids(queryset), by=request.user.get_username(), now=timezone.now())
        self._tell(request, "cancelled", cancelled)

    def _tell(self, request: HttpRequest, verb: str, changed: list[Task]) -> None:
        self.record_all(verb, request, changed)
        self.message_user(request, f"{len(changed)} tasks were {verb}.", messages.SUCCESS)

    def has_change_state_permission(self, request: HttpRequest) -> bool:
        """Allow those who may change tasks."""
        return request.user.has_perm("core.change_task")

    @admin.display(description="Task")
    def title(self, row: Task) -> str:
        """Show what is done."""
        return tasks.title_of(row)

    @admin.display(description="With")
    def params_shown(self, row: Task) -> SafeString:
        """Show what it was started with."""
        return tree(row.params_shown)

    @admin.display(description="Asked for")
    def created(self, row: Task) -> SafeString:
        """Show when somebody asked for it."""
        return moment(row.created_at)

    @admin.display(description="Began")
    def started(self, row: Task) -> SafeString:
        """Show when its first step ended."""
        return moment(row.started_at)

    @admin.display(description="Ended")
    def finished(self, row: Task) -> SafeString:
        """Show when it ended."""
        return moment(row.finished_at)


def _ids(rows: QuerySet[Task]) -> list[UUID]:
    return list(rows.values_list("pk", flat=True))


def _pace(task: Task) -> str:
    """Say how fast it goes and how long it takes, as far as that is known."""
    now = timezone.now()
    rate, secs = pace.rate(task, now=now), pace.secs_left(task, now=now)
    if rate is None:
        return ""
    left = f", {in_words(secs)} left" if secs is not None else ""
    return f"{rate:,.{1 if rate < 10 else 0}f} a second{left}"
