"""Keys of the API: made here, shown once, replaced and switched off."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from apps.core import keys
from apps.core.admin.base import ModelAdmin
from apps.core.admin.shown import NOTHING, badge, moment
from apps.core.models import ApiKey

GRACE = timedelta(days=7)


class KeyForm(forms.ModelForm[ApiKey]):
    """What a key is for, and what it is good for."""

    scopes = forms.MultipleChoiceField(
        choices=lambda: [*keys.scopes.items()], widget=UnfoldAdminCheckboxSelectMultipleWidget
    )

    class Meta:
        labels = {"is_enabled": "On"}


@admin.register(ApiKey)
class ApiKeyAdmin(ModelAdmin):
    """Who may use the API; a key is switched off rather than deleted, for the audit log names it."""

    form = KeyForm
    list_display = ("name", "prefix", "scopes_shown", "state", "used", "expires_at", "created_by")
    ordering = ("-id",)
    fields = ("name", "scopes", "expires_at", "is_enabled")
    actions = ("rotate",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: Any) -> None:
        """Make a new key, and show it this once."""
        if change:
            super().save_model(request, obj, form, change)
            return
        row, text = keys.issue(
            obj.name,
            obj.scopes,
            created_by=request.user.get_username(),
            now=timezone.now(),
            expires_at=obj.expires_at,
        )
        obj.pk, obj.prefix = row.pk, row.prefix
        _show(request, text)

    @admin.action(description="Replace: make a successor, the old one works for a week more", permissions=["change"])
    def rotate(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        """Make a successor of each key, and show it this once."""
        now = timezone.now()
        for row in queryset:
            if not row.is_valid(now):
                self.message_user(request, f"{row} is switched off or expired.", messages.WARNING)
                continue
            successor, text = keys.rotate(row, grace=GRACE, created_by=request.user.get_username(), now=now)
            self.log_addition(request, successor, [])
            _show(request, text)

    @admin.display(description="Good for")
    def scopes_shown(self, row: ApiKey) -> str:
        """Name the scopes."""
        return ", ".join(row.scopes)

    @admin.display(description="State")
    def state(self, row: ApiKey) -> SafeString:
        """Show whether it lets anybody in."""
        if row.is_valid(timezone.now()):
            return badge("on", "green")
        return badge("expired", "amber") if row.is_enabled else badge("off", "red")

    @admin.display(description="Last used")
    def used(self, row: ApiKey) -> SafeString:
        """Show when it was used last, to the minute."""
        return moment(row.last_used_at) if row.last_used_at else NOTHING


def _show(request: HttpRequest, text: str) -> None:
    told = format_html("Copy the key now, it is never shown again: <code class='cdp-copy'>{}</code>", text)
    messages.warning(request, told)
