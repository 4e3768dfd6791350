"""Pages of what goes on in the background: its progress is shown, and kept up to date while somebody looks."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils.safestring import SafeString

from apps.core.admin.browser import Browser


class Watched(Browser):
    """A browser whose field `progress_shown` asks for itself anew, at admin:<app>_<model>_progress."""

    def render_progress(self, row: Any) -> SafeString:
        """Show state and progress of a row."""
        raise NotImplementedError

    def get_urls(self) -> list[URLPattern]:
        """Add the part that a page under watch asks for again and again."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_progress"
        view = self.admin_site.admin_view(self.progress)
        return [path("<uuid:row_id>/progress/", view, name=name), *super().get_urls()]

    def progress(self, request: HttpRequest, row_id: UUID) -> HttpResponse:
        """Render the progress of one row."""
        row = get_object_or_404(self.model, pk=row_id)
        if not self.has_view_permission(request, row):
            return HttpResponse(status=403)
        return HttpResponse(self.render_progress(row))

    @admin.display(description="Progress")
    def progress_shown(self, row: Any) -> SafeString:
        """Show state and progress, kept up to date."""
        return self.render_progress(row)
