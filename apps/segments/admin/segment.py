"""Segments: the list, the form with a live count, and what follows from a change."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST
from unfold.decorators import action

from apps.conditions import Condition, ConditionError
from apps.core.admin import panels
from apps.core.admin.deleting import DeletedByName, counted
from apps.core.admin.shown import copyable, moment
from apps.core.limits import TooSlow, at_most
from apps.core.mistakes import DefinitionError
from apps.profiles.admin.privacy import mask
from apps.profiles.anonymity import masked_columns_of
from apps.profiles.models import Profile
from apps.segments import counting, definitions
from apps.segments.admin.charts import sparkline
from apps.segments.admin.languages import PEOPLE
from apps.segments.admin.list_pages import ListPages
from apps.segments.admin.pages import SegmentPages
from apps.segments.admin.segment_form import SegmentForm
from apps.segments.admin.shown import kind_of, state_of
from apps.segments.jobs import nudge
from apps.segments.models import Membership, Segment, SegmentSize
from apps.segments.warnings import warnings_of

TREND_DAYS = 30
N_SHOWN = 8
# As the page's script asks. Where the kind is not to be chosen any more, `get_fieldsets` leaves out what it lacks.
HAS_CONDITION = "typeof kind == 'undefined' || kind == 'condition'"
PATIENCE = timedelta(seconds=20)  # for an exact count, which comes after the estimate


@admin.register(Segment)
class SegmentAdmin(DeletedByName, SegmentPages, ListPages):
    """Groups of people."""

    slots = (*DeletedByName.slots, panels.SIDE)
    form = SegmentForm
    list_display = ("name_shown", "kind_shown", "size_shown", "trend", "state", "evaluated")
    list_filter = ("kind", "is_enabled")
    list_filter_submit = True
    search_fields = ("name", "key")
    ordering = ("name",)
    list_display_links = None
    show_full_result_count = False
    warn_unsaved_form = True
    prepopulated_fields = {"key": ("name",)}
    conditional_fields = {"condition": HAS_CONDITION, "is_sticky": HAS_CONDITION}
    actions_detail = ("overview_link",)
    empty_list = "No segment yet. Add one: click together who belongs to it."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Segment]:
        """Read the latest sizes with the segments."""
        since = timezone.now().date() - timedelta(days=TREND_DAYS)
        sizes = SegmentSize.objects.filter(day__gte=since).order_by("day")
        found: QuerySet[Segment] = super().get_queryset(request)
        return found.prefetch_related(Prefetch("sizes", sizes, to_attr="recent_sizes"))

    def get_fieldsets(self, request: HttpRequest, obj: Segment | None = None) -> Any:
        """Leave out what the kind does not have; it is chosen once."""
        named = ("name", "key", "description", "is_enabled")
        if obj and obj.kind != Segment.Kind.CONDITION:
            return [(None, {"fields": (*named, "kind")})]
        return [(None, {"fields": (*named, "kind")}), ("People", {"fields": ("condition", "is_sticky")})]

    def get_readonly_fields(self, request: HttpRequest, obj: Segment | None = None) -> Any:
        """Keep the key, by which conditions know it, and the kind."""
        return ("key", "kind") if obj else ()

    def get_prepopulated_fields(self, request: HttpRequest, obj: Segment | None = None) -> Any:
        """Propose the key from the name, once."""
        return {} if obj else self.prepopulated_fields

    def get_form(self, request: HttpRequest, obj: Any = None, change: Any = False, **kwargs: Any) -> Any:  # noqa: FBT002
        """Tell the form who fills it in: they may ask only about what they may see."""
        form = super().get_form(request, obj, change=change, **kwargs)
        form.user = request.user
        form.preview = reverse("admin:segments_preview")
        return form

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Name the page after what is in it."""
        response: HttpResponse = super().changelist_view(request, {"title": "Segments", **(extra_context or {})})
        return response

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Say what is wrong where somebody else was quicker to change what this one asks about."""
        return self._or_refused(
            request, lambda: super(SegmentAdmin, self).changeform_view(request, object_id, form_url, extra_context)
        )

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        """Say why it has to stay where somebody else was quicker to ask about it."""
        return self._or_refused(
            request, lambda: super(SegmentAdmin, self).delete_view(request, object_id, extra_context)
        )

    def _or_refused(self, request: HttpRequest, answer: Callable[[], Any]) -> Any:
        try:
            return answer()
        except DefinitionError as error:
            self.message_user(request, error.message, messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    def consequences(self, obj: Segment) -> Iterator[str]:
        """Count the members."""
        n_people = obj.size
        with suppress(TooSlow), at_most(counting.SOON.total_seconds()):
            n_people = Membership.objects.filter(segment=obj, left_at=None).count()
        yield f"{counted(n_people, 'person is', 'people are')} in it; their profiles stay."
        yield "Who was in it, since when and why, is deleted."
        yield "No other segment asks about it. Addresses of its page and of lists filtered by it lead nowhere."

    def obstacles(self, obj: Segment) -> Iterator[str]:
        """Name the segments that ask about it."""
        yield from super().obstacles(obj)
        readers = definitions.readers(obj)
        if readers:
            yield f"Other segments ask about it: {', '.join(readers)}."

    def save_model(self, request: HttpRequest, obj: Segment, form: Any, change: Any) -> None:
        """Save, and let the background evaluate anew who belongs to it."""
        is_changed = definitions.save(obj)
        for warning in warnings_of(obj):
            self.message_user(request, warning, messages.WARNING)
        if is_changed and obj.kind == Segment.Kind.CONDITION and obj.is_enabled:
            nudge()
            self.message_user(request, "Who belongs to it is being evaluated in the background.", messages.INFO)

    def delete_model(self, request: HttpRequest, obj: Segment) -> None:
        """Delete a segment with its memberships."""
        definitions.delete(obj)

    @action(description="Members and growth", url_path="look", icon="monitoring")
    def overview_link(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Lead to the page of the segment."""
        return HttpResponseRedirect(reverse("admin:segments_overview", args=[object_id]))

    def get_urls(self) -> list[URLPattern]:
        """Add the live count."""
        preview = self.admin_site.admin_view(require_POST(self.preview))
        return [path("preview/", preview, name="segments_preview"), *super().get_urls()]

    def preview(self, request: HttpRequest) -> HttpResponse:
        """Render how many people a condition is true of, and some of them: soon, and exactly after that."""
        may_edit = self.has_add_permission(request) or self.has_change_permission(request)
        if not (may_edit and request.user.has_perm(PEOPLE.permission)):
            raise PermissionDenied
        text = request.POST.get("condition", "").strip()
        if not text:
            return render(request, "segments/segment_preview.html", {"is_empty": True})
        try:
            condition = PEOPLE.parse(text, user=request.user)
        except ConditionError:  # which the editor has said already, in its place
            return HttpResponse(status=204)
        if "exactly" in request.GET:
            number, _ = _counted(condition, n_people=0, within=PATIENCE)
            return render(request, "segments/segment_count.html", {"number": number})
        number, people = _counted(condition, n_people=N_SHOWN, within=counting.SOON)
        for person in people:
            mask(request, person, masked_columns_of)
        is_final = number is not None and number.is_exact
        shown = {"number": number, "people": people, "is_final": is_final}
        return render(request, "segments/segment_preview.html", shown)

    @admin.display(description="Segment", ordering="name")
    def name_shown(self, row: Segment) -> SafeString:
        """Link to the page of a segment."""
        address = reverse("admin:segments_overview", args=[row.pk])
        return format_html('<a class="cdp-link" href="{}">{}</a> {}', address, row.name, copyable(row.key))

    @admin.display(description="Membership", ordering="kind")
    def kind_shown(self, row: Segment) -> SafeString:
        """Show by what people come into it."""
        return kind_of(row)

    @admin.display(description="People", ordering="size")
    def size_shown(self, row: Segment) -> str:
        """Show how many are in it."""
        return f"{row.size:,}"

    @admin.display(description="Last 30 days")
    def trend(self, row: Any) -> SafeString:
        """Show how the size went."""
        return sparkline([size.size for size in row.recent_sizes])

    @admin.display(description="State")
    def state(self, row: Segment) -> SafeString:
        """Show whether it is up to date."""
        return state_of(row)

    @admin.display(description="Evaluated for all", ordering="evaluated_at")
    def evaluated(self, row: Segment) -> SafeString:
        """Show since when its members are those of its present meaning."""
        return moment(row.evaluated_at)


def _counted(condition: Condition, *, n_people: int, within: timedelta) -> tuple[counting.Number | None, list[Profile]]:
    """Return how many people there are, if that can be said in time, and some of them."""
    now, number, people = timezone.now(), None, []
    with suppress(TooSlow):
        number = counting.count(condition, now=now, within=within)
        people = counting.sample(condition, now=now, size=n_people, within=within) if n_people else []
    return number, people
