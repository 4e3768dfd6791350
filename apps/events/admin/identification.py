"""Which events prove who somebody is: what administrators configure."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString

from apps.core.admin.base import ModelAdmin
from apps.core.admin.shown import badge
from apps.events.models import IdentificationPoint


@admin.register(IdentificationPoint)
class IdentificationPointAdmin(ModelAdmin):
    """Identification points; a change takes effect within seconds, for events that come from then on."""

    list_display = ("event_type", "path", "kind_shown", "source", "merges_customers", "is_enabled")
    list_filter = ("kind", "is_enabled")
    list_select_related = ("source",)
    search_fields = ("event_type", "path")
    ordering = ("event_type", "path")
    fieldsets = (
        ("Which events", {"fields": ("event_type", "source", "is_enabled")}),
        ("What they prove", {"fields": ("path", "kind", "system", "merges_customers")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: IdentificationPoint | None = None) -> tuple[str, ...]:
        """Keep what a default point is about: it would come back with the next version."""
        return ("event_type", "source", "path", "kind", "system") if obj and obj.is_builtin else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Keep default points: they are switched off instead."""
        return bool(super().has_delete_permission(request, obj)) and not (obj and obj.is_builtin)

    @admin.display(description="Identifier", ordering="kind")
    def kind_shown(self, row: IdentificationPoint) -> SafeString:
        """Show of which kind the identifier is."""
        return badge(f"{row.system}: id" if row.system else row.get_kind_display(), "blue")
