"""Types of events that nobody planned, and what becomes of them: defined, refused, or taken for another type."""

from typing import Any, ClassVar
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.conditions.nearest import nearest
from apps.core.admin.base import ModelAdmin
from apps.core.admin.shown import NOTHING, badge, moment
from apps.events.admin.event_type_named import known_type
from apps.events.admin.inbox import OfSource
from apps.events.event_types import planned
from apps.events.models import EventType, EventTypeAlias, UnplannedType


@admin.register(UnplannedType)
class UnplannedTypeAdmin(OfSource):
    """Types that came and are not defined, the latest first."""

    empty_list = "All types of events that came are defined."
    keyset = ("last_seen_at", "id")
    list_display = ("type", "count", "source", "first_seen", "last_seen", "perhaps", "then")
    list_display_links = None
    search_fields = ("type",)
    search_help_text = "A part of a type"
    actions = ["block"]
    fieldsets = ((None, {"fields": ("type", "count", "source", "first_seen", "last_seen")}),)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Leave out what was planned since."""
        rows = super().get_queryset(request)
        planned = EventType.objects.filter(type=OuterRef("type"))
        renamed = EventTypeAlias.objects.filter(type=OuterRef("type"))
        return rows.exclude(Exists(planned)).exclude(Exists(renamed))

    @admin.action(description="Refuse from now on", permissions=["block"])
    def block(self, request: HttpRequest, queryset: QuerySet[UnplannedType]) -> None:
        """Refuse events of these types; their senders are told."""
        for name in sorted(set(queryset.values_list("type", flat=True))):
            row, is_new = EventTypeAlias.objects.get_or_create(type=name)
            if is_new:
                self.log_addition(request, row, "Refused from now on.")
        self.message_user(request, "Events of these types are refused from now on.", messages.SUCCESS)

    def has_block_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow those who may say what becomes of a type."""
        return request.user.has_perm("events.add_eventtypealias")

    @admin.display(description="First seen", ordering="first_seen_at")
    def first_seen(self, row: UnplannedType) -> SafeString:
        """Show when the first one came."""
        return moment(row.first_seen_at)

    @admin.display(description="Last seen")
    def last_seen(self, row: UnplannedType) -> SafeString:
        """Show when the last one came."""
        return moment(row.last_seen_at)

    @admin.display(description="Perhaps")
    def perhaps(self, row: UnplannedType) -> SafeString:
        """Show the defined type of the most similar name."""
        found = nearest(row.type, planned.rules())
        return badge(found, "blue") if found else NOTHING

    @admin.display(description="")
    def then(self, row: UnplannedType) -> SafeString:
        """Link to the forms that define it, or map it to another type."""
        define = reverse("admin:events_eventtype_add")
        rename = reverse("admin:events_eventtypealias_add")
        name = row.type.replace("-", " ").capitalize()
        return format_html(
            '<a class="cdp-link" href="{}?{}">Define</a> <a class="cdp-link" href="{}?{}">Map to…</a>',
            define,
            urlencode({"type": row.type, "name": name}),
            rename,
            urlencode({"type": row.type, "becomes": nearest(row.type, planned.rules())}),
        )


class AliasForm(forms.ModelForm[EventTypeAlias]):
    """A name, and the type that its events become from now on."""

    class Meta:
        model = EventTypeAlias
        fields = ("type", "becomes")
        help_texts: ClassVar = {
            "becomes": "The type that they become from now on; events that came before keep theirs. "
            "Empty: they are refused, and the sender is told."
        }

    def clean_becomes(self) -> str:
        """Refuse a type that there is not: its events would be as unplanned as before."""
        return known_type(self, "becomes")


@admin.register(EventTypeAlias)
class EventTypeAliasAdmin(ModelAdmin):
    """Names of types that stand for another type, or for nothing; a change takes effect within seconds."""

    form = AliasForm
    list_display = ("type", "becomes_shown", "updated_at")
    search_fields = ("type", "becomes")
    ordering = ("type",)
    fields = ("type", "becomes")

    def get_readonly_fields(self, request: HttpRequest, obj: EventTypeAlias | None = None) -> tuple[str, ...]:
        """Keep the key of what exists."""
        return ("type",) if obj else ()

    @admin.display(description="Becomes", ordering="becomes")
    def becomes_shown(self, row: EventTypeAlias) -> SafeString:
        """Show what its events become."""
        return badge(row.becomes, "blue") if row.becomes else badge("refused", "red")
