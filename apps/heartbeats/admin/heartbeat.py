"""Heartbeats: the list, the form with what it comes to in words, and the history."""

from collections.abc import Iterator
from contextlib import suppress
from copy import copy
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from apps.core.admin.deleting import DeletedByName, counted
from apps.core.admin.shown import NOTHING
from apps.core.ids import as_uuid
from apps.core.limits import TooSlow, at_most
from apps.heartbeats import definitions
from apps.heartbeats.admin import shown
from apps.heartbeats.admin.heartbeat_form import HeartbeatForm
from apps.heartbeats.admin.looking import LooksFirst
from apps.heartbeats.models import Heartbeat, HeartbeatRun, Silence

N_RUNS = 10
COUNT_SECS = 2.0
# What it means that counting begins anew, by the first-run policy.
ANEW: dict[str, str] = {
    Heartbeat.FirstRun.RIPENING: "whoever was silent for that long before this change is left out.",
    Heartbeat.FirstRun.ALL: "the next run looks at everybody again.",
}


@admin.register(Heartbeat)
class HeartbeatAdmin(DeletedByName, LooksFirst):
    """Rules that look for silence by the clock."""

    form = HeartbeatForm
    list_display = ("name", "meaning_shown", "state", "next_run", "last_run", "switch")
    list_filter = ("is_enabled", "strategy")
    list_filter_submit = True
    list_select_related = ("source", "segment", "consent")
    search_fields = ("name",)
    ordering = ("name",)
    show_full_result_count = False
    warn_unsaved_form = True
    list_before_template = "heartbeats/problems.html"
    change_form_before_template = "heartbeats/in_words.html"
    change_form_outer_after_template = "heartbeats/runs.html"
    empty_list = "No heartbeat yet. Add one, and hear of it when somebody has done nothing for 30 days."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Heartbeat]:
        """Read what came of the latest runs with the heartbeats."""
        return shown.with_latest_run(super().get_queryset(request))

    def get_fieldsets(self, request: HttpRequest, obj: Heartbeat | None = None) -> Any:
        """Ask in the order in which one thinks of it; who only looks reads a sentence."""
        if obj and not self.has_change_permission(request, obj):
            policies = ("rearm", "first_run", "max_per_run", "schedule_shown")
            return [(None, {"fields": ("name", "meaning_shown", *policies, *(["condition"] if obj.condition else []))})]
        return [
            (None, {"fields": ("name", "strategy", "wait_period", "event_type")}),
            ("Of whom", {"fields": ("segment", "source", "consent", "condition", "includes_bots")}),
            ("How often", {"fields": ("rearm", "first_run", "max_per_run")}),
            ("When", {"fields": ("schedule",)}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Heartbeat | None = None) -> Any:
        """Name what is computed."""
        return ("meaning_shown", "schedule_shown")

    def get_form(self, request: HttpRequest, obj: Any = None, change: Any = False, **kwargs: Any) -> Any:  # noqa: FBT002
        """Tell the form who fills it in: they may ask only about what they may see."""
        form = super().get_form(request, obj, change=change, **kwargs)
        form.user = request.user
        return form

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse what tells its reader what they may not see."""
        may = super().has_change_permission(request, obj)
        return may and not (isinstance(obj, Heartbeat) and shown.is_private(request.user, obj))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Name the page after what is in it, and say above the list what is wrong."""
        now = timezone.now()
        states = [shown.state_of(row, now=now) for row in self.get_queryset(request).filter(is_enabled=True)]
        problems = [state for state in states if state.problem]
        context = {"title": "Heartbeats", "problems": problems, **(extra_context or {})}
        response: HttpResponse = super().changelist_view(request, context)
        return response

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], **options: Any) -> HttpResponse:
        """Add how it is, and its history."""
        row = options.get("obj")
        if row is not None:
            context |= {
                "state": shown.state_of(row, now=timezone.now()),
                "next_run": self.next_run(row),
                "last_run": self.last_run(row),
                "meaning": shown.meaning(row),
            }
            if request.user.has_perm("heartbeats.view_heartbeatrun"):
                runs = row.runs.select_related("heartbeat").order_by("-started_at")
                context["runs"] = [_run_line(run, request.user) for run in runs[:N_RUNS]]
        found: HttpResponse = super().render_change_form(request, context, **options)
        return found

    def save_model(self, request: HttpRequest, obj: Heartbeat, form: Any, change: Any) -> None:
        """Save; what is new is off until somebody has looked at whom it would speak of."""
        if not change:
            obj.is_enabled = False
        is_changed = definitions.save(obj, now=timezone.now())
        if change and is_changed and obj.is_enabled:
            self.message_user(request, f"Counting begins anew: {ANEW[obj.first_run]}", messages.WARNING)

    def response_add(self, request: HttpRequest, obj: Heartbeat, post_url_continue: Any = None) -> HttpResponse:
        """Lead to the dry run, where it is switched on."""
        response: HttpResponse = super().response_add(request, obj, post_url_continue)
        if "_continue" in request.POST or "_addanother" in request.POST:
            return response
        return HttpResponseRedirect(reverse("admin:heartbeats_heartbeat_switch_on", args=[obj.pk]))

    def delete_model(self, request: HttpRequest, obj: Heartbeat) -> None:
        """Delete a heartbeat with all that is known of what it said."""
        definitions.delete(obj)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Let the history go along, which nobody deletes by itself."""
        deleted, counts, _, protected = super().get_deleted_objects(objs, request)
        return deleted, counts, set(), protected

    def consequences(self, obj: Heartbeat) -> Iterator[str]:
        """Say what is forgotten."""
        yield "Nothing more is said of silence by it. The events that it has said stay."
        n_silences = None
        with suppress(TooSlow), at_most(COUNT_SECS):
            n_silences = Silence.objects.filter(heartbeat_id=obj.pk).count()
        what = "What it has noted" if n_silences is None else f"Its {counted(n_silences, 'note')} of whom it has spoken"
        yield f"{what} will be gone: another one like it would speak of the same silences again."
        yield f"Its history, {counted(obj.runs.count(), 'run')}, goes with it."

    def get_urls(self) -> list[URLPattern]:
        """Add what the form, as it is now, comes to in words."""
        view = self.admin_site.admin_view(require_POST(self.in_words))
        return [path("in-words/", view, name="heartbeats_in_words"), *super().get_urls()]

    def in_words(self, request: HttpRequest) -> HttpResponse:
        """Render the sentence and the next runs of the form as it is now; nothing is saved."""
        id = as_uuid(request.POST.get("pk", ""))
        row = Heartbeat.objects.filter(pk=id).first() if id else None
        may = self.has_change_permission(request, row) if row else self.has_add_permission(request)
        if not may:
            raise PermissionDenied
        form = self.get_form(request, row, change=bool(row))(request.POST, instance=copy(row))
        names = ("wait_period", "event_type", "schedule", "max_per_run")
        problems = [form.errors[name][0] for name in names if name in form.errors and request.POST.get(name)]
        filled = {**form.cleaned_data}
        context: dict[str, Any] = {"problems": problems}
        if row and row.is_enabled and definitions.differs(row, form.instance):
            context["note"] = f"If you save this, counting begins anew: {ANEW[filled.get('first_run', row.first_run)]}"
        if filled.keys() >= {"strategy", "wait_period"}:
            context["meaning"] = shown.meaning(Heartbeat(**filled))
        if "schedule" in filled:
            context["schedule"] = shown.schedule_in_words(form.instance.schedule)
            context["times"] = shown.next_times(form.instance.schedule, after=timezone.now())
        return render(request, "heartbeats/in_words_now.html", context)

    @admin.display(description="What it says")
    def meaning_shown(self, row: Heartbeat) -> str:
        """Say what it says, and of whom."""
        return shown.meaning(row)

    @admin.display(description="Looks")
    def schedule_shown(self, row: Heartbeat) -> str:
        """Say when it looks."""
        return shown.schedule_in_words(row.schedule)

    @admin.display(description="State", ordering="is_enabled")
    def state(self, row: Heartbeat) -> SafeString:
        """Show how it is."""
        return shown.state_of(row, now=timezone.now()).badge

    @admin.display(description="Next run", ordering="due_at")
    def next_run(self, row: Heartbeat) -> SafeString | str:
        """Show when it runs next."""
        if not row.is_enabled:
            return NOTHING
        if row.due_at is None:
            return "when somebody runs it"
        now = timezone.now()
        return shown.when(row.due_at, now=now) if row.due_at > now else "now"

    @admin.display(description="Last run")
    def last_run(self, row: Any) -> SafeString:
        """Show when it ran, and how many events it said."""
        if row.run_started_at is None:
            return NOTHING
        at = shown.when(row.run_started_at, now=timezone.now())
        return format_html('{} <small class="cdp-none">{} said</small>', at, f"{row.run_n_said:,}")

    @admin.display(description="")
    def switch(self, row: Heartbeat) -> SafeString:
        """Link to the pages that switch it on or off, and look first."""
        name, text = ("switch_off", "Switch off") if row.is_enabled else ("switch_on", "Switch on")
        address = reverse(f"admin:heartbeats_heartbeat_{name}", args=[row.pk])
        dry_run = reverse("admin:heartbeats_heartbeat_dry_run", args=[row.pk])
        return format_html(
            '<span class="cdp-links"><a class="cdp-link" href="{}">Dry run</a>'
            '<a class="cdp-link" href="{}">{}</a></span>',
            *(dry_run, address, text),
        )


def _run_line(run: HeartbeatRun, user: Any) -> dict[str, Any]:
    return {
        "run": run,
        "trigger": shown.trigger(run),
        "took": shown.took(run),
        "due": shown.due(run),
        "said": shown.said(run, user),
        "outcome": shown.outcome(run),
    }
