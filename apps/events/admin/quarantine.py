"""Events that were set aside: fix them, and send them through the pipeline again."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import action

from apps.core.admin.form_fields import JsonObject
from apps.core.admin.shown import NOTHING, badge, link, moment, tree
from apps.core.ids import as_uuid
from apps.core.storable import refusal_in
from apps.events.admin.inbox import OfSource
from apps.events.event_types import planned
from apps.events.models import EventType, QuarantinedEvent, Source
from apps.events.store import quarantine
from apps.events.store.recent import scope_of_quarantined


class QuarantinedForm(forms.ModelForm[QuarantinedEvent]):
    """What may be fixed; what is saved is valid by the type as it is now."""

    properties = JsonObject(required=False, rows=18)
    context = JsonObject(required=False, rows=6)

    class Meta:
        model = QuarantinedEvent
        fields = ("properties", "context")

    def clean(self) -> dict[str, Any]:
        """Check that the values can be stored, and the event against its type."""
        cleaned = super().clean() or {}
        for name in ("properties", "context"):
            refusal = refusal_in(cleaned.get(name, {}), name)
            if refusal:
                self.add_error(name, refusal.message)
        rules = planned.rules().get(self.instance.type)
        if rules and rules.check and not self.errors:
            row: QuarantinedEvent = self.instance
            row.properties, row.context = cleaned["properties"], cleaned["context"]
            scope = scope_of_quarantined(row, Source.objects.filter(pk=row.source_id).first())
            for found in rules.check.problems(cleaned["properties"], lambda: scope, now=timezone.now()):
                self.add_error("properties", f"{found.field}: {found.message}")
        return cleaned

    def save(self, commit: Any = True) -> Any:  # noqa: FBT002 - as Django has it
        """Note that nothing is wrong any more."""
        self.instance.problems = []
        return super().save(commit)


class TypeFilter(admin.SimpleListFilter):
    """One type, by the index on (type, id)."""

    title = "type"
    parameter_name = "type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer the types that set events aside."""
        types = EventType.objects.filter(policy=EventType.Policy.QUARANTINE).order_by("type")
        return [(row.type, row.type) for row in types]

    def queryset(self, request: HttpRequest, queryset: QuerySet[QuarantinedEvent]) -> QuerySet[QuarantinedEvent]:
        """Narrow the list."""
        return queryset.filter(type=self.value()) if self.value() else queryset


@admin.register(QuarantinedEvent)
class QuarantinedEventAdmin(OfSource):
    """Events that wait to be fixed, the latest first."""

    audits_values = False
    change_form_template = "admin/change_form.html"
    empty_list = "No event waits to be fixed."
    form = QuarantinedForm
    keyset = ("received_at", "id")
    list_display = ("received", "type_shown", "problem", "source", "state")
    list_filter = (TypeFilter,)
    search_fields = ("type",)
    search_help_text = "A type, or the id of an event in quarantine: the whole of it"
    actions = ["replay", "discard"]
    fieldsets = (
        (None, {"fields": ("type_shown", "problems_shown", "properties", "context")}),
        ("Where it came from", {"fields": ("source", "happened", "received", "id", "payload_shown")}),
    )
    warn_unsaved_form = True
    actions_submit_line = ["save_and_replay"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Name all fields but those that are fixed."""
        editable = QuarantinedForm.Meta.fields
        return [name for name in super().get_readonly_fields(request, obj) if name not in editable]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow those who may fix: unlike other rows, these are there to be changed."""
        return request.user.has_perm("events.change_quarantinedevent")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow those who may discard."""
        return request.user.has_perm("events.delete_quarantinedevent")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[QuarantinedEvent], search_term: str
    ) -> tuple[QuerySet[QuarantinedEvent], bool]:
        """Find by whole ids or types."""
        term = search_term.strip()
        named = as_uuid(term)
        if named:
            return queryset.filter(id=named), False
        return (queryset.filter(type=term) if term else queryset), False

    @admin.action(description="Replay", permissions=["change"])
    def replay(self, request: HttpRequest, queryset: QuerySet[QuarantinedEvent]) -> None:
        """Send events through the pipeline again, as they are now."""
        self.record_all("replayed", request, queryset.only("pk"))
        n_replayed = quarantine.replay(queryset.values_list("pk", flat=True))
        text = f"Sent through the pipeline again: {n_replayed}. What is still not valid comes back."
        self.message_user(request, text, messages.SUCCESS)

    @admin.action(description="Discard", permissions=["delete"])
    def discard(self, request: HttpRequest, queryset: QuerySet[QuarantinedEvent]) -> None:
        """Delete events for good."""
        self.record_all("discarded", request, queryset.only("pk"))
        n_discarded, _ = queryset.delete()
        self.message_user(request, f"Discarded: {n_discarded}.", messages.SUCCESS)

    @action(description="Save and replay", permissions=["change"])
    def save_and_replay(self, request: HttpRequest, obj: QuarantinedEvent) -> None:
        """Send the event that was just saved through the pipeline again."""
        self.replay(request, QuarantinedEvent.objects.filter(pk=obj.pk))

    @admin.display(description="Received")
    def received(self, row: QuarantinedEvent) -> SafeString:
        """Show when it came."""
        return moment(row.received_at)

    @admin.display(description="Happened")
    def happened(self, row: QuarantinedEvent) -> SafeString:
        """Show when it happened."""
        return moment(row.time)

    @admin.display(description="Type")
    def type_shown(self, row: QuarantinedEvent) -> SafeString:
        """Link to the type that it does not meet."""
        return link("events_eventtype", row.type)

    @admin.display(description="Problem")
    def problem(self, row: QuarantinedEvent) -> SafeString:
        """Show what is wrong in a line."""
        first = row.first_problem
        return format_html("{}: {}", first["field"], first["message"]) if first else NOTHING

    @admin.display(description="Problems")
    def problems_shown(self, row: QuarantinedEvent) -> SafeString:
        """Show all that is wrong."""
        rows = ((problem["field"], problem["message"]) for problem in row.problems)
        return format_html_join("", '<p class="cdp-problem"><b>{}</b>: {}</p>', rows) or badge("fixed", "green")

    @admin.display(description="State")
    def state(self, row: QuarantinedEvent) -> SafeString:
        """Show whether it was fixed."""
        return badge("waits", "amber") if row.problems else badge("fixed", "green")

    @admin.display(description="What surrounded it")
    def payload_shown(self, row: QuarantinedEvent) -> SafeString:
        """Show the ids and the context that it came with."""
        return tree({name: value for name, value in row.payload.items() if value not in (None, "", {}, [])})
