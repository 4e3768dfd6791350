"""Long jobs: how far each is, what it says, which rows failed; buttons to pause, go on, try again and cancel."""

from collections.abc import Callable
from functools import partial
from typing import Any, Final
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET, require_POST

from apps.core import audit, csv_text, jobs, keyset, tasks
from apps.core.admin import panels, task_shown
from apps.core.admin.conditions.asked import PAGE_SECS
from apps.core.admin.shown import moment, tree
from apps.core.admin.under_way import under_way
from apps.core.admin.watched import Watched
from apps.core.limits import TooSlow, at_most
from apps.core.models import Task

BUSY: Final = "The step that is under way takes long. Please try again in a minute."
Change = Callable[..., list[Task]]


class KindFilter(admin.SimpleListFilter):
    """What is done."""

    title = "task"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer the kinds that there are."""
        return sorted(((name, kind.title) for name, kind in tasks.kinds.items()), key=lambda choice: choice[1])

    def queryset(self, request: HttpRequest, queryset: QuerySet[Task]) -> QuerySet[Task]:
        """Narrow the list."""
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(Task)
class TaskAdmin(Watched):
    """Long jobs, the latest first; what still runs shows its progress without a reload."""

    slots = (panels.HEAD, panels.MAIN, panels.SIDE, panels.UNDER_WAY, panels.PAGES)
    empty_list = "Nobody has started a task yet."
    list_display = ("title", "progress_shown", "requested_by", "created")
    list_filter = ("state", KindFilter)
    list_before_template = "core/under_way.html"
    head_template = "core/task_head.html"
    actions = ["pause", "resume"]
    fieldsets = (
        ("Log", {"fields": ("log_shown",)}),
        ("Rows that failed", {"fields": ("failures_shown",)}),
        ("With", {"classes": ("side",), "fields": ("params_shown",)}),
        ("Task", {"classes": ("side",), "fields": ("title", "requested_by", "created", "started", "finished")}),
    )

    def get_urls(self) -> list[URLPattern]:
        """Add what a page under watch asks for, the buttons, and the download."""
        view = self.admin_site.admin_view
        pause, resume = (partial(self.change_one, verb=verb) for verb in ("paused", "resumed"))
        return [
            path("<uuid:row_id>/live/", view(require_GET(self.live)), name="core_task_live"),
            path("<uuid:row_id>/pause/", view(require_POST(pause)), name="core_task_pause"),
            path("<uuid:row_id>/resume/", view(require_POST(resume)), name="core_task_resume"),
            path("<uuid:row_id>/cancel/", view(self.cancel), name="core_task_cancel"),
            path("<uuid:row_id>/failures/", view(require_GET(self.failures)), name="core_task_failures"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Add what is under way besides."""
        return super().changelist_view(request, {"under_way": under_way(request), **(extra_context or {})})

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], **options: Any) -> HttpResponse:
        """Add the head's figures, and which of the buttons somebody may press."""
        task: Task = options["obj"]
        kind = tasks.kinds.get(task.kind)
        may_change = self.has_change_state_permission(request)
        context |= {
            **task_shown.facts(task),
            "title": context["title"],
            "what": tasks.title_of(task),
            "may_pause": may_change and task.state in Task.RUNNABLE,
            "may_resume": may_change and kind and task.state in tasks.RESUMABLE,
            "may_cancel": may_change and task.state in Task.UNFINISHED and (kind is None or kind.is_cancellable),
        }
        return super().render_change_form(request, context, **options)

    def render_progress(self, row: Task) -> SafeString:
        """Show the state of a task, and how far it is."""
        return render_to_string("core/task_progress.html", task_shown.facts(row))

    def live(self, request: HttpRequest, row_id: UUID) -> HttpResponse:
        """Render what changes while a task runs; once its state has, the page is to be loaded anew."""
        task = self._found(request, row_id)
        if request.GET.get("state") != task.state:
            return HttpResponse(headers={"HX-Refresh": "true"})
        parts = {"log": task_shown.log(task), "failures": task_shown.failures(task)}
        return render(request, "core/task_live.html", {**task_shown.facts(task), **parts})

    def failures(self, request: HttpRequest, row_id: UUID) -> HttpResponseBase:
        """Send the rows that failed as a table."""
        task = self._found(request, row_id)
        audit.record_by_itself(
            "exported", actor=audit.actor_of(request), at=timezone.now(), object=task, name=str(task), n=task.n_failed
        )
        columns = ("number", "at", "row", "reason")
        rows = keyset.rows(task.failures.values_list(*columns), "number")
        headers = {"Content-Disposition": f'attachment; filename="task-{task.pk}-failures.csv"'}
        return StreamingHttpResponse(csv_text.lines(columns, rows), content_type="text/csv", headers=headers)

    def cancel(self, request: HttpRequest, row_id: UUID) -> HttpResponse:
        """End a task for good, once somebody has said yes."""
        if request.method == "POST":
            return self.change_one(request, row_id, verb="cancelled")
        task = self._found(request, row_id)
        if not self.has_change_state_permission(request):
            raise PermissionDenied
        shown = {**self.admin_site.each_context(request), **task_shown.facts(task)}
        return render(request, "core/task_cancel.html", {**shown, "what": shown["title"], "title": "Cancel a task"})

    def change_one(self, request: HttpRequest, row_id: UUID, *, verb: str) -> HttpResponse:
        """Change the state of one task, and lead back to its page."""
        task = self._found(request, row_id)
        if not self.has_change_state_permission(request):
            raise PermissionDenied
        self._change(request, [task.pk], verb)
        return HttpResponseRedirect(reverse("admin:core_task_change", args=[task.pk]))

    @admin.action(description="Pause", permissions=["change_state"])
    def pause(self, request: HttpRequest, queryset: QuerySet[Task]) -> None:
        """Let tasks rest until somebody lets them go on."""
        self._change(request, list(queryset.values_list("pk", flat=True)), "paused")

    @admin.action(description="Go on, or try again", permissions=["change_state"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Task]) -> None:
        """Let tasks that were paused or failed go on where they were."""
        self._change(request, list(queryset.values_list("pk", flat=True)), "resumed")

    def has_change_state_permission(self, request: HttpRequest) -> bool:
        """Allow those who may change tasks."""
        return request.user.has_perm("core.change_task")

    def _found(self, request: HttpRequest, row_id: UUID) -> Task:
        task = get_object_or_404(Task, pk=row_id)
        if not self.has_view_permission(request, task):
            raise PermissionDenied
        return task

    def _change(self, request: HttpRequest, ids: list[UUID], verb: str) -> None:
        """Do it, with its record, and tell of how many tasks it was done; the others were not in a state for it."""
        change: dict[str, Change] = {"paused": tasks.pause, "resumed": jobs.resume_tasks, "cancelled": tasks.cancel}
        try:
            with at_most(PAGE_SECS):
                changed = change[verb](ids, by=request.user.get_username(), now=timezone.now())
                self.record_all(verb, request, changed)
        except TooSlow:
            self.message_user(request, BUSY, messages.ERROR)
            return
        if not changed:
            self.message_user(request, "Nothing was changed: a task that has ended stays as it is.", messages.WARNING)
            return
        said = f"{len(changed)} tasks were {verb}." if len(changed) > 1 else f"The task was {verb}."
        self.message_user(request, said, messages.SUCCESS)

    @admin.display(description="Task")
    def title(self, row: Task) -> str:
        """Show what is done."""
        return tasks.title_of(row)

    @admin.display(description="Log")
    def log_shown(self, row: Task) -> SafeString:
        """Show what it said."""
        return format_html('<div id="task-log">{}</div>', task_shown.log(row))

    @admin.display(description="Rows that failed")
    def failures_shown(self, row: Task) -> SafeString:
        """Show the rows with which nothing could be done."""
        return format_html('<div id="task-failures">{}</div>', task_shown.failures(row))

    @admin.display(description="With")
    def params_shown(self, row: Task) -> SafeString:
        """Show what it was started with."""
        kind = tasks.kinds.get(row.kind)
        told = dict(kind.told(row)) if kind and kind.told else row.params_shown
        rate = {"Rows a second": f"{row.max_rate:,} at most"} if row.max_rate else {}
        return tree({**told, **rate})

    @admin.display(description="Asked for")
    def created(self, row: Task) -> SafeString:
        """Show when somebody asked for it."""
        return moment(row.created_at)

    @admin.display(description="Began")
    def started(self, row: Task) -> SafeString:
        """Show when its first step began."""
        return moment(row.started_at)

    @admin.display(description="Ended")
    def finished(self, row: Task) -> SafeString:
        """Show when it ended."""
        return moment(row.finished_at)
