"""Identifiers that name nobody, or too many people."""

from django.contrib import admin
from django.utils.safestring import SafeString

from apps.core.admin.base import ModelAdmin
from apps.core.admin.shown import badge
from apps.profiles.models import BlockedIdentifier


@admin.register(BlockedIdentifier)
class BlockedIdentifierAdmin(ModelAdmin):
    """Values that are nobody's, or too many people's; they take effect within seconds."""

    audits_values = False  # they may be addresses

    list_display = ("pattern", "kind_shown", "note", "created_at")
    search_fields = ("pattern", "note")
    list_filter = ("kind",)
    fields = ("kind", "pattern", "note")

    @admin.display(description="Kind", ordering="kind")
    def kind_shown(self, row: BlockedIdentifier) -> SafeString:
        """Show for which kind it counts."""
        return badge(row.get_kind_display() or "any kind", "blue" if row.kind else "grey")
