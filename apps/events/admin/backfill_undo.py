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

from apps.core import audit
from apps.core.admin.shown import page_address
from apps.core.models import Task
from apps.events.backfill import images, undoing
from apps.events.backfill.selection import PROFILES, TRAITS, CannotBackfill
from apps.events.jobs import undo_backfill

MAY_UNDO: Final = ("events.change_eventtype",)


def backfill_undo_urls(site: admin.AdminSite) -> list[URLPattern]:
    """List the page that asks whether to undo a run."""

    def undo(request: HttpRequest, task_id: UUID) -> HttpResponse:
        return _ask(request, task_id, site.each_context(request))

    return [path("<uuid:task_id>/undo/", site.admin_view(undo), name="events_backfill_undo")]


def undo_link(run: Task) -> str | SafeString:
    """Link from a run that has ended, and can be undone."""
    if run.kind not in (PROFILES, TRAITS) or run.state in Task.UNFINISHED or not images.is_any(run):
        return ""
    address = reverse("admin:events_backfill_undo", args=[run.pk])
    return format_html('<p class="cdp-links"><a class="cdp-link" href="{}">Undo what it changed</a></p>', address)


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
