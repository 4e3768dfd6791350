"""Computed traits: what is computed of everybody, a preview before it is saved, and how far the counting is."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import action

from apps.core import audit, jobs
from apps.core.admin.browser import EXACT_BELOW
from apps.core.admin.hiding import HidesCondition
from apps.core.admin.shown import badge, copyable, link, page_address
from apps.core.models import Task
from apps.events.admin.computed_shown import meaning, people
from apps.events.admin.computed_trait_form import ComputedTraitForm
from apps.events.computed_traits import definitions, recomputing
from apps.events.computed_traits.previews import preview
from apps.events.models import ComputedTrait
from apps.profiles.models import Profile


@admin.register(ComputedTrait)
class ComputedTraitAdmin(HidesCondition):
    """Facts that are computed from people's events."""

    form = ComputedTraitForm
    list_display = ("name", "key_shown", "meaning_shown", "state")
    search_fields = ("name", "key")
    ordering = ("name",)
    warn_unsaved_form = True
    actions_detail = ["count_anew"]
    change_form_after_template = "events/computed_trait_after.html"
    readonly_fields = ("progress",)

    def get_fieldsets(self, request: HttpRequest, obj: ComputedTrait | None = None) -> Any:
        """Show how far it is once it exists."""
        computed = ("function", "path", "event_types", "condition", "days")
        return [
            (None, {"fields": ("name", "key", "description", "is_enabled", *(("progress",) if obj else ()))}),
            ("What is computed", {"fields": computed}),
        ]

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Find the row of a page, and note whether its reader may see the task that counts it."""
        row: Any = super().get_object(request, object_id, from_field)
        if row is not None:
            row.shows_task = request.user.has_perm("core.view_task")
        return row

    def get_readonly_fields(self, request: HttpRequest, obj: ComputedTrait | None = None) -> Any:
        """Keep the key: conditions know the trait by it."""
        return (*self.readonly_fields, "key") if obj else self.readonly_fields

    def save_model(self, request: HttpRequest, obj: ComputedTrait, form: Any, change: Any) -> None:
        """Save, and let the background count what changed."""
        if definitions.save(obj):
            self._start(request)

    def delete_model(self, request: HttpRequest, obj: ComputedTrait) -> None:
        """Delete, and let the background clear what it said."""
        self.delete_queryset(request, ComputedTrait.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[ComputedTrait]) -> None:
        """Delete several."""
        definitions.delete(queryset)
        self._start(request)

    @action(description="Count anew", url_path="count-anew", permissions=["change"])
    def count_anew(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Count all stored events again; what is no longer stored no longer counts then."""
        row = get_object_or_404(ComputedTrait, pk=unquote(object_id))
        if request.method == "POST":
            with transaction.atomic():
                rows = ComputedTrait.objects.filter(pk=row.pk)
                definitions.renew(rows, actor=audit.actor_of(request), now=timezone.now())
                self._start(request)
            return HttpResponseRedirect(page_address("events_computedtrait", row.pk))
        shown = {**self.admin_site.each_context(request), "title": f"Count {row.name} anew", "row": row}
        return render(request, "events/computed_trait_anew.html", {**shown, "opts": self.opts})

    def _start(self, request: HttpRequest) -> None:
        task = jobs.start_task(recomputing.KIND, params={}, requested_by=request.user.get_username())
        text = "Events are being counted."
        if request.user.has_perm("core.view_task"):
            text = format_html("{} {}", text, link("core_task", task.pk, "See how far it is"))
        self.message_user(request, text, messages.SUCCESS)

    def get_urls(self) -> list[URLPattern]:
        """Add the preview."""
        own = path("preview/", self.admin_site.admin_view(self.preview_view), name="events_computedtrait_preview")
        return [own, *super().get_urls()]

    def preview_view(self, request: HttpRequest) -> HttpResponse:
        """Render what the form, as it is now, would say of some people; nothing is saved."""
        row = ComputedTrait.objects.filter(pk=request.POST.get("pk", "")).first()
        may_change = self.has_change_permission(request, row) if row else self.has_add_permission(request)
        if not (may_change and request.user.has_perm("profiles.view_profile")):
            raise PermissionDenied
        form = self.get_form(request, row, change=bool(row))(request.POST, instance=row)
        if not form.is_valid():
            return render(request, "events/computed_trait_preview.html", {"errors": form.errors})
        found = preview(definitions.compile(form.instance), now=timezone.now())
        shown = {"meaning": meaning(form.instance), "people": people(form.instance.function, found) if found else ""}
        return render(request, "events/computed_trait_preview.html", shown)

    @admin.display(description="Key", ordering="key")
    def key_shown(self, row: ComputedTrait) -> SafeString:
        """Show how conditions call it, to copy."""
        return copyable(f"profile@computed.{row.key}")

    @admin.display(description="What it is")
    def meaning_shown(self, row: ComputedTrait) -> str:
        """Say what it is computed from."""
        return meaning(row)

    @admin.display(description="State")
    def state(self, row: ComputedTrait) -> SafeString:
        """Show whether it is on, and whether all profiles are counted."""
        if not row.is_enabled:
            return badge("off", "red")
        n_waiting = Profile.objects.filter(computed_version__lt=row.version)[: EXACT_BELOW + 1].count()
        if not n_waiting:
            return badge("up to date", "green")
        return badge(f"{'more than ' * (n_waiting > EXACT_BELOW)}{min(n_waiting, EXACT_BELOW)} profiles wait", "amber")

    @admin.display(description="State")
    def progress(self, row: Any) -> SafeString:
        """Show the task that is under way, or else the state."""
        tasks = Task.objects.unfinished().filter(kind=recomputing.KIND).order_by("created_at")
        task = tasks.first() if row.shows_task else None
        return render_to_string("events/computed_trait_state.html", {"state": self.state(row), "task": task})
