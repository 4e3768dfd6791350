"""Event types: what the platform says of them, what operators add, and a dry run before it is saved."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.decorators import action

from apps.core import audit
from apps.core.admin.hiding import HidesCondition
from apps.core.admin.shown import NOTHING, badge, page_address
from apps.events.admin.backfill import KINDS, backfill
from apps.events.admin.colours import JOURNEY_COLOURS, POLICY_COLOURS
from apps.events.admin.event_type_form import EventTypeForm
from apps.events.admin.overview import builtin_rows, changes_of, journey_of, seen_rows
from apps.events.backfill.selection import PROFILES, TRAITS, Selection
from apps.events.event_types import inference
from apps.events.event_types.compiling import compile
from apps.events.event_types.effective import definition_of
from apps.events.event_types.trial import try_out
from apps.events.models import EventType
from apps.events.store.recent import properties_of, samples_of
from apps.profiles import schema


@admin.register(EventType)
class EventTypeAdmin(HidesCondition):
    """What events mean: what they must be, which properties are traits, what they tell about people."""

    form = EventTypeForm
    list_display = ("type", "name", "group", "journey_shown", "n_traits", "n_fields", "checked", "origin")
    list_filter = ("group", "is_builtin", "is_enabled", "policy")
    list_filter_submit = False
    list_filter_sheet = True
    list_per_page = 100
    search_fields = ("type", "name")
    ordering = ("type",)
    warn_unsaved_form = True
    actions_detail = ["index_traits", "copy_to_profiles"]
    change_form_before_template = "events/event_type_suggestions.html"
    change_form_after_template = "events/event_type_after.html"
    readonly_fields = ("seen", "builtin")

    def get_fieldsets(self, request: HttpRequest, obj: EventType | None = None) -> Any:
        """Show what was seen and what is built in once there is something to show."""
        check = ("schema", "condition", "policy", *(("seen",) if obj else ()))
        parts = [
            (None, {"fields": ("type", "name", "is_enabled", "journey", "tags")}),
            ("What its events must be", {"fields": check}),
            ("What their properties become", {"fields": ("redact", "reshape", "traits")}),
            ("What they tell about the person", {"fields": ("profile", "compute")}),
        ]
        return [*parts, ("Built in", {"fields": ("builtin",)})] if obj and obj.is_builtin else parts

    def get_readonly_fields(self, request: HttpRequest, obj: EventType | None = None) -> Any:
        """Keep the key of what exists, and the names that a new version would overwrite."""
        if obj is None:
            return self.readonly_fields
        return (*self.readonly_fields, "type", *(["name"] if obj.is_builtin else []))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Keep the built-in types: the next version would bring them back."""
        return super().has_delete_permission(request, obj) and not (obj and obj.is_builtin)

    def get_actions(self, request: HttpRequest) -> Any:
        """Offer no deletion in bulk: it would ask of no row whether it is built in."""
        found = super().get_actions(request)
        found.pop("delete_selected", None)
        return found

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Find the row of a page, and note whether the page may offer what looks at events."""
        row: Any = super().get_object(request, object_id, from_field)
        if row is not None:
            row.may_be_tried = self._may_try(request, row)
        return row

    def _may_try(self, request: HttpRequest, row: EventType | None) -> bool:
        return self.has_change_permission(request, row) and request.user.has_perm("events.view_event")

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Name the page after what is in it."""
        response: HttpResponse = super().changelist_view(request, {"title": "Event types", **(extra_context or {})})
        return response

    def get_urls(self) -> list[URLPattern]:
        """Add the dry run and the proposal of a schema."""
        view = self.admin_site.admin_view
        own = [
            path("try/", view(self.try_view), name="events_eventtype_try"),
            path("propose/", view(self.propose_view), name="events_eventtype_propose"),
        ]
        return [*own, *super().get_urls()]

    def try_view(self, request: HttpRequest) -> HttpResponse:
        """Render what the form, as it is now, would make of recent events; nothing is saved."""
        row = EventType.objects.filter(pk=request.POST.get("pk", "")).first()
        if not self._may_try(request, row):
            raise PermissionDenied
        form = self.get_form(request, row, change=bool(row))(request.POST, instance=row)
        if not form.is_valid():
            return render(request, "events/trial.html", {"errors": form.errors})
        rules = compile(definition_of(form.instance))
        samples = samples_of(rules.type, with_profiles=request.user.has_perm("profiles.view_profile"))
        outcomes = [(outcome, changes_of(outcome)) for outcome in try_out(rules, samples, now=timezone.now())]
        return render(request, "events/trial.html", {"outcomes": outcomes})

    def propose_view(self, request: HttpRequest) -> HttpResponse:
        """Render the schema field with what recent events have in common."""
        row = get_object_or_404(EventType, pk=request.GET.get("pk", ""))
        if not self._may_try(request, row):
            raise PermissionDenied
        proposed = inference.propose(inference.observe(properties_of(row.type)))
        field = EventTypeForm.base_fields["schema"]
        return HttpResponse(field.widget.render("schema", field.prepare_value(proposed), {"id": "id_schema"}))

    @action(description=KINDS[TRAITS], url_path="index-traits", permissions=["change"])
    def index_traits(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for which events, show what would change, and start the task."""
        return self._backfill(request, object_id, TRAITS)

    @action(description=KINDS[PROFILES], url_path="copy-to-profiles", permissions=["change"])
    def copy_to_profiles(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for which events and fields, show what would change, and start the task."""
        return self._backfill(request, object_id, PROFILES)

    def _backfill(self, request: HttpRequest, object_id: str, kind: str) -> HttpResponse:
        row = get_object_or_404(EventType, pk=unquote(object_id))
        back = page_address("events_eventtype", row.pk)
        return backfill(request, self, Selection(kind, row.type), actor=audit.actor_of(request), back=back)

    def render_change_form(self, request: HttpRequest, context: Any, obj: Any = None, **kwargs: Any) -> Any:
        """Look at recent events once for the whole page, which shows them at several places."""
        samples = properties_of(obj.type) if obj else []
        seen = inference.observe(samples)
        if obj:
            obj.observed = seen
        context |= {
            "profile_fields": schema.FIELDS.values(),
            "property_paths": [path for path, _, _ in inference.flat(seen) if "[]" not in path],
            "n_seen": len(samples),
        }
        return super().render_change_form(request, context, obj=obj, **kwargs)

    @admin.display(description="Journey")
    def journey_shown(self, row: EventType) -> SafeString:
        """Show the place in the customer's journey."""
        state = definition_of(row).get("journey")
        return badge(state, JOURNEY_COLOURS.get(state, "grey")) if isinstance(state, str) else NOTHING

    @admin.display(description="Traits")
    def n_traits(self, row: EventType) -> int:
        """Count the searchable traits."""
        return len(definition_of(row).get("traits") or {})

    @admin.display(description="Profile fields")
    def n_fields(self, row: EventType) -> int:
        """Count the profile fields that it sets."""
        return len(definition_of(row).get("profile") or {})

    @admin.display(description="Checked")
    def checked(self, row: EventType) -> SafeString:
        """Show what becomes of events that are not valid."""
        return badge(row.policy, POLICY_COLOURS[row.policy]) if row.schema or row.condition else NOTHING

    @admin.display(description="From")
    def origin(self, row: EventType) -> SafeString:
        """Show who defined it, and whether it is in use."""
        if not row.is_enabled:
            return badge("switched off", "red")
        if not row.is_builtin:
            return badge("own", "green")
        return badge("changed", "amber") if row.overrides else badge("built in")

    @admin.display(description="Fields seen")
    def seen(self, row: Any) -> SafeString:
        """Show the fields of recent events, and where the schema says something else."""
        shown = {"rows": seen_rows(row.observed, row.schema), "n_seen": row.observed.count, "row": row}
        return render_to_string("events/event_type_seen.html", shown)

    @admin.display(description="Definition")
    def builtin(self, row: EventType) -> SafeString:
        """Show the built-in definition, and what the operator's own rows change of it."""
        shown = {"rows": builtin_rows(row), "journey": journey_of(row), "row": row}
        return render_to_string("events/event_type_builtin.html", shown)
