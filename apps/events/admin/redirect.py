"""Tracked links: where they lead, and what is published of them."""

from io import BytesIO
from typing import Any, ClassVar, Final
from uuid import UUID

import segno
from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import slugify

from apps.core.admin.shown import NOTHING, copyable
from apps.events.admin.addressed import Addressed, click_address
from apps.events.admin.event_type_named import known_type
from apps.events.models import Redirect

QR_CODES: Final = {"svg": ("image/svg+xml", 8), "png": ("image/png", 20)}  # and how large a square of it is


class RedirectForm(forms.ModelForm[Redirect]):
    """Where a tracked link leads, and the event that a click is."""

    class Meta:
        model = Redirect
        fields = ("event_type",)  # the page names all of them
        help_texts: ClassVar = {"event_type": "Of clicks from now on; those that came before keep theirs."}

    def clean_event_type(self) -> str:
        """Refuse a type that there is not: nobody would find the clicks."""
        return known_type(self, "event_type")


@admin.register(Redirect)
class RedirectAdmin(Addressed):
    """Tracked links."""

    form = RedirectForm
    list_display = ("name", "url", "event_type", "is_enabled", "expires_at", "address")
    search_fields = ("name", "url")
    readonly_fields = ("address", "qr_code")
    fieldsets = (
        (None, {"fields": ("name", "source", "url", "event_type", "properties", "is_enabled")}),
        ("What to publish", {"fields": ("address", "qr_code")}),
        ("Where it leads besides", {"fields": ("takes_targets", "passes_parameters", "expires_at", "expired_url")}),
    )
    list_select_related = ("source",)
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}

    def get_fieldsets(self, request: HttpRequest, obj: Redirect | None = None) -> Any:
        """Show what to publish once there is something."""
        return [part for part in self.fieldsets if obj is not None or part[0] != "What to publish"]

    def get_urls(self) -> list[URLPattern]:
        """Add the QR codes."""
        own = [
            path(f"<uuid:link_id>/qr.{kind}", self.admin_site.admin_view(self.qr_image), {"kind": kind}, f"qr_{kind}")
            for kind in QR_CODES
        ]
        return [*own, *super().get_urls()]

    def qr_image(self, request: HttpRequest, link_id: UUID, kind: str) -> HttpResponse:
        """Draw the address that people click as a QR code, to be kept as a file."""
        row = get_object_or_404(self.get_queryset(request), pk=link_id)
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        content_type, scale = QR_CODES[kind]
        drawn = BytesIO()
        segno.make(click_address(row.host, row), error="m", micro=False).save(
            drawn, kind=kind, scale=scale, light="white"
        )
        name = slugify(row.name) or "link"
        headers = {"Content-Disposition": f'attachment; filename="{name}.{kind}"'}
        return HttpResponse(drawn.getvalue(), content_type=content_type, headers=headers)

    @admin.display(description="Address to publish")
    def address(self, row: Any) -> SafeString:
        """Show what people click, to copy."""
        return copyable(click_address(row.host, row)) if row.created_at else NOTHING

    @admin.display(description="QR code")
    def qr_code(self, row: Any) -> SafeString:
        """Show it, and offer it as files."""
        svg, png = (reverse(f"admin:qr_{kind}", args=[row.pk]) for kind in QR_CODES)
        shown = '<img class="cdp-qr" src="{}" alt="QR code of the address" width="180" height="180">'
        links = '<p class="cdp-links"><a class="cdp-link" href="{}">SVG</a><a class="cdp-link" href="{}">PNG</a></p>'
        return format_html(shown + links, svg, svg, png)
