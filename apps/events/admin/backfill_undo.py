"""From the page of a run to the question whether to undo it, and to the task that does."""

from typing import Any, Final
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.core import audit, tasks
from apps.core.admin.shown import page_address
from apps.core.models import Task
from apps.events.backfill import images, undoing
from apps.events.backfill.selection import PROFILES, TRAITS, UNDO, CannotBackfill
from apps.events.jobs import undo_backfill

MAY_UNDO: Final = ("events.change_eventtype",)
# What is said of a run by the state of the task that undoes it.
WORDS: Final[dict[str, str]] = {
    Task.State.WAITING: "It is being undone.",
    Task.State.RUNNING: "It is being undone.",
    Task.State.PAUSED: "Undoing it is paused.",
    Task.State.DONE: "It was undone.",
    Task.State.FAILED: "Undoing it failed.",
    Task.State.CANCELLED: "Undoing it was cancelled: a part was undone.",
}


def backfill_undo_urls(site: admin.AdminSite) -> list[URLPattern]:
    """List the page that asks whether to undo a run."""

    def undo(request: HttpRequest, task_id: UUID) -> HttpResponse:
        return _ask(request, task_id, site.each_context(request))

    return [path("<uuid:task_id>/undo/", site.admin_view(undo), name="events_backfill_undo")]


def undo_links(row: Task) -> str | SafeString:
    """Link from a run to what undoes it, or undid it, and from there to the run."""
    if row.kind == UNDO:
        run = Task.objects.filter(pk=row.params["run"]).first()
        return _line("It undoes", page_address("core_task", run.pk), tasks.title_of(run)) if run else ""
    if row.kind not in (PROFILES, TRAITS) or row.state in Task.UNFINISHED:
        return ""
    undo = Task.objects.filter(kind=UNDO, params__run=str(row.pk)).order_by("-created_at").first()
    told = _line(WORDS[undo.state], page_address("core_task", undo.pk), "Look at it") if undo else SafeString("")
    if images.is_any(row) and (undo is None or undo.state not in Task.UNFINISHED):
        told += _line("", reverse("admin:events_backfill_undo", args=[row.pk]), "Undo what it changed")
    return told


def _line(words: str, address: str, name: str) -> SafeString:
    return format_html('<p class="cdp-links">{} <a class="cdp-link" href="{}">{}</a></p>', words, address, name)


def _ask(request: HttpRequest, task_id: UUID, context: dict[str, Any]) -> HttpResponse:
    if not request.user.has_perms([*MAY_UNDO, "core.view_task"]):
        raise PermissionDenied
    run = get_object_or_404(Task, pk=task_id, kind__in=(PROFILES, TRAITS))
    context |= {
        "title": "Undo a run",
        "run": run,
        "back": page_address("core_task", run.pk),
        "is_about_profiles": run.kind == PROFILES,
    }
    try:
        if request.method == "POST":
            task = undo_backfill(run.pk, actor=audit.actor_of(request), now=timezone.now())
            messages.success(request, "The run is being undone.")
            return HttpResponseRedirect(page_address("core_task", task.pk))
        undoing.run_of(run.pk)
        context["n_images"] = images.count(run)
    except CannotBackfill as error:
        context["problem"] = str(error)
    return render(request, "events/backfill_undo.html", context)
