"""A flow as a file, by which it comes into another installation."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils import timezone
from unfold.decorators import action
from unfold.widgets import UnfoldAdminFileFieldWidget

from apps.core import audit, reading
from apps.core.audit import actor_of
from apps.core.mistakes import DefinitionError
from apps.flows.admin.flow_page import FlowPage
from apps.flows.admin.shown import is_masked
from apps.flows.changing import portable


class FileForm(forms.Form):
    """The file of a flow."""

    file = forms.FileField(
        label="File",
        help_text="As “Export” of a flow has made it, here or elsewhere.",
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".json,application/json"}),
    )
    replaces = forms.BooleanField(
        label="It may replace the draft of a flow with the same key",
        required=False,
        help_text="What is published stays as it is.",
    )


class TransferPages(FlowPage):
    """Export and import."""

    def get_urls(self) -> list[URLPattern]:
        """Add the download."""
        view = self.admin_site.admin_view
        return [path("<uuid:flow_id>/export/", view(self.export), name="flows_export"), *super().get_urls()]

    def export(self, request: HttpRequest, flow_id: UUID) -> HttpResponse:
        """Send a flow as a file; who may not see personal data gets none, as conditions may tell some."""
        row = self.found(request, flow_id)
        if is_masked(request.user):
            raise PermissionDenied
        audit.record_by_itself("exported", actor=actor_of(request), at=timezone.now(), object=row, name=row.key)
        headers = {"Content-Disposition": f'attachment; filename="{row.key}.flow.json"'}
        text = portable.written(portable.export(row, row.draft))
        return HttpResponse(text, content_type="application/json", headers=headers)

    def has_import_permission(self, request: HttpRequest) -> bool:
        """Allow those who may make flows."""
        may: bool = self.has_add_permission(request)
        return may

    @action(description="Import", url_path="import", icon="upload", permissions=["import"])
    def import_flow(self, request: HttpRequest) -> HttpResponse:
        """Take a flow from a file, as a draft."""
        form = FileForm(request.POST or None, request.FILES or None)
        if form.is_valid():
            try:
                row = self._bring(request, form.cleaned_data)
            except DefinitionError as error:
                form.add_error("file", f"{error.field}: {error.message}")
            else:
                self.message_user(request, f"{row} is here, as a draft. Look at it, and publish it.", messages.SUCCESS)
                return self.lead_to_editor(request, row)
        context = {**self.admin_site.each_context(request), "title": "Import a flow", "opts": self.opts, "form": form}
        return render(request, "flows/import.html", context)

    def _bring(self, request: HttpRequest, found: dict[str, Any]) -> Any:
        try:
            document = reading.loads(found["file"].read())
        except (ValueError, RecursionError) as error:
            raise DefinitionError("file", f"This is no JSON. {reading.told(error)}") from None
        return portable.bring(document, replaces=found["replaces"], actor=actor_of(request), now=timezone.now())
