"""Consent types."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from apps.core.admin.base import ModelAdmin
from apps.core.admin.shown import NOTHING, badge
from apps.profiles.models import ConsentType


class ConsentsField(forms.MultipleChoiceField):
    """Some of the consent types, for columns that hold a list of their ids."""

    widget = UnfoldAdminCheckboxSelectMultipleWidget

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=type_choices, **kwargs)


def type_choices() -> list[tuple[str, str]]:
    """Return (id, name) of all consent types."""
    return [(row.id, row.name) for row in ConsentType.objects.order_by("name")]


@admin.register(ConsentType)
class ConsentTypeAdmin(ModelAdmin):
    """What people are asked to agree to; a type is switched off rather than deleted, for decisions are about it."""

    list_display = ("name", "id", "text_version", "validity", "is_required", "is_revokable", "state")
    ordering = ("name",)
    warn_unsaved_form = True
    readonly_fields = ("wordings",)
    fieldsets = (
        (None, {"fields": ("name", "id", "text", "is_enabled")}),
        ("The form", {"fields": ("is_required", "default")}),
        ("How long it holds", {"fields": ("is_revokable", "valid_days")}),
        ("Wordings", {"classes": ("tab",), "fields": ("wordings",)}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: ConsentType | None = None) -> Any:
        """Let the id be chosen once: events and decisions carry it."""
        return (*self.readonly_fields, "id") if obj else self.readonly_fields

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False

    @admin.display(description="Holds for")
    def validity(self, row: ConsentType) -> str:
        """Show when it expires."""
        return f"{row.valid_days} days" if row.valid_days else "until it is withdrawn"

    @admin.display(description="State")
    def state(self, row: ConsentType) -> SafeString:
        """Show whether it is offered."""
        return badge("offered", "green") if row.is_enabled else badge("off", "red")

    @admin.display(description="All wordings")
    def wordings(self, row: ConsentType) -> SafeString:
        """Show each wording with the time since when it was shown, the latest first."""
        texts = row.texts.order_by("-version") if row.pk else []
        rows = ((f"{each.version}, {each.published_at:%Y-%m-%d %H:%M}", each.text) for each in texts)
        return format_html_join("", '<dl class="cdp-tree"><dt>{}</dt><dd>{}</dd></dl>', rows) or NOTHING
