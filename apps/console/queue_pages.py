"""The pages of queues: django-rq's views, for those with the permission, in the admin's looks, and on record."""

from functools import wraps
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django_rq.admin import QueueAdmin
from django_rq.models import Dashboard
from django_rq.settings import get_queues_list
from redis.exceptions import RedisError
from rq.exceptions import InvalidJobOperation, NoSuchJobError

from apps.console import queue_warning
from apps.core import audit
from apps.core.admin.base import ModelAdmin

admin.site.unregister(Dashboard)

GONE = "The job has gone: jobs are kept for a while only after they ended."
AWAY = "Valkey does not answer: nothing can be said about queues, and no job runs. Events are collected all the same."
# What each view does, in the words of the audit log; `actions` does one of several.
VERBS = {
    "clear": "emptied",
    "requeue_all": "requeued",
    "delete_failed_jobs": "deleted",
    "delete_job": "deleted",
    "requeue_job": "requeued",
    "enqueue_job": "requeued",
    "stop_job": "stopped",
}
LEFT_OUT = ("queue_details", "worker_details", "result_detail", "scheduler_jobs", "cron_job_detail")
ACTIONS = {"delete": "deleted", "requeue": "requeued", "stop": "stopped"}


@admin.register(Dashboard)
class QueuesAdmin(QueueAdmin, ModelAdmin):
    """Queues, their jobs and workers. django-rq lets all of the staff look, delete and empty; here it takes a role."""

    def get_urls(self) -> list[URLPattern]:
        """Guard each page of django-rq, and leave out those that say no more than ours."""
        patterns: list[URLPattern] = super().get_urls()  # type: ignore[no-untyped-call]
        warning = path("warning/", self.admin_site.admin_view(queue_warning.shown), name="queue_warning")
        named = {pattern: (pattern.name or "").removeprefix("django_rq_") for pattern in patterns}
        for pattern, name in named.items():
            pattern.callback = _guarded(pattern.callback, name)
        return [warning, *(pattern for pattern, name in named.items() if name not in LEFT_OUT)]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Ask for the permission."""
        return request.user.has_perm(queue_warning.SEES_QUEUES)

    has_change_permission = has_view_permission


def _guarded(view: Any, name: str) -> Any:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        # Who is not signed in is sent to do so by the view.
        if request.user.is_authenticated and not request.user.has_perm(queue_warning.SEES_QUEUES):
            raise PermissionDenied
        try:
            response: HttpResponseBase = view(request, *args, **kwargs)
        except (NoSuchJobError, InvalidJobOperation):
            messages.warning(request, GONE)
            return HttpResponseRedirect(reverse("admin:django_rq_home"))
        except RedisError:
            messages.error(request, AWAY)
            return HttpResponseRedirect(reverse("admin:index"))
        except (IndexError, AssertionError, ValueError):  # what django-rq makes of a queue or worker that is not there
            raise Http404 from None
        if request.method == "POST" and response.status_code == 302 and request.user.is_authenticated:
            _record(request, name, kwargs)
        return response

    return guarded


def _record(request: HttpRequest, name: str, asked: dict[str, Any]) -> None:
    verb = ACTIONS.get(request.POST.get("action", "")) if name == "actions" else VERBS.get(name)
    if verb:
        jobs = [asked["job_id"]] if "job_id" in asked else request.POST.getlist("job_ids")
        queue = get_queues_list()[asked["queue_index"]]["name"]
        details = {"name": "jobs", "queue": queue, "jobs": jobs or "all"}
        audit.record_by_itself(verb, actor=audit.actor_of(request), at=timezone.now(), **details)
