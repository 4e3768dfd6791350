"""The page by which a list of people is uploaded to a segment."""

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.http import require_POST

from apps.core import audit
from apps.profiles.admin.privacy import SEES_PII
from apps.segments import sizes
from apps.segments.admin.list_form import ListForm
from apps.segments.admin.page import SEES_PEOPLE, SegmentPage
from apps.segments.jobs import nudge
from apps.segments.list_files import Line, ListError
from apps.segments.lists import Mode, Report, take
from apps.segments.models import Segment


class ListPages(SegmentPage):
    """Uploading a list: its first lines are shown, the column is chosen, and what came of it is told."""

    def get_urls(self) -> list[URLPattern]:
        """Add the pages."""
        view = self.admin_site.admin_view
        own = [
            path("<uuid:segment_id>/list/", view(self.take_list), name="segments_list"),
            path("<uuid:segment_id>/list/look/", view(require_POST(self.look_at_list)), name="segments_list_look"),
        ]
        return [*own, *super().get_urls()]

    def take_list(self, request: HttpRequest, segment_id: UUID) -> HttpResponse:
        """Let people come in or leave as a list says, and show which lines named nobody."""
        segment = self._list_of(request, segment_id)
        form, report, asked = ListForm(request.POST or None, request.FILES or None), None, {}
        if form.is_valid():
            try:
                lines = form.lines()
                asked = form.asked_of(segment, lines)
                if asked.get("is_agreed", True):
                    asked, report = {}, self._take(request, segment, form, lines)
            except ListError as error:
                form.add_error(None, str(error))
        shown = {**self.context(request, segment, f"List of {segment.name}"), "form": form, "report": report}
        shown["asked"] = asked
        if report:
            shown["taken_from"] = form.taken_from()
        return render(request, "segments/segment_list.html", shown)

    def look_at_list(self, request: HttpRequest, segment_id: UUID) -> HttpResponse:
        """Render the first lines of a list, whom they name, and how many it would replace; change nothing."""
        segment = self._list_of(request, segment_id)
        form, shown = ListForm(request.POST, request.FILES), {}
        if form.is_valid():
            shown = form.preview()
            try:
                shown["asked"] = form.asked_of(segment, form.lines())
            except ListError as error:
                shown["refused"] = str(error)
        else:
            shown["errors"] = [error for errors in form.errors.values() for error in errors]
        return render(request, "segments/segment_list_look.html", shown)

    def _list_of(self, request: HttpRequest, segment_id: UUID) -> Segment:
        segment = self.found(request, segment_id, SEES_PEOPLE, SEES_PII)
        if not self.has_change_permission(request, segment) or segment.kind != Segment.Kind.LIST:
            raise PermissionDenied
        return segment

    def _take(self, request: HttpRequest, segment: Segment, form: ListForm, lines: list[Line]) -> Report:
        now, mode = timezone.now(), Mode(form.cleaned_data["mode"])
        report = take(segment, lines, mode=mode, actor=audit.actor_of(request), now=now)
        sizes.count([segment.key], now=now)
        nudge()  # others may ask about it
        return report
