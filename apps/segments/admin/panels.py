"""What segments show on the pages of people, and how they filter their list."""

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import DropdownFilter

from apps.core.admin.panels import FILTERS, SIDE, UNDER_WAY, panel
from apps.core.admin.shown import page_address
from apps.core.admin.under_way import Work
from apps.core.models import Task
from apps.profiles.admin.privacy import SEES_PII, is_masked
from apps.profiles.models import Profile
from apps.segments import discretion
from apps.segments.admin.reevaluation import progress_of
from apps.segments.admin.shown import segments_of
from apps.segments.models import Membership, Reevaluation, Segment

SEES_SEGMENTS = ("segments.view_segment",)


@panel(Task, UNDER_WAY, title="Re-evaluation runs", order=10, needs=("segments.view_reevaluation",))
def reevaluations(request: HttpRequest) -> list[Work]:
    """Tell of the runs that evaluate segments again."""
    runs = Reevaluation.objects.filter(finished_at=None).order_by("-id")
    return [
        Work(
            f"Evaluate segments: {run.get_kind_display()}",
            page_address("segments_reevaluation", run.pk),
            run.requested_by,
            run.started_at,
            progress_of(run),
        )
        for run in runs
    ]


@panel(Profile, SIDE, title="Segments", order=20, needs=SEES_SEGMENTS)
def segments(request: HttpRequest, row: Profile) -> SafeString:
    """Show what the person belongs to, and did."""
    return segments_of(row.id, sees_all=not is_masked(row))


@panel(Profile, FILTERS, order=20, needs=SEES_SEGMENTS)
class SegmentFilter(DropdownFilter):
    """The members of one segment, by the index that keeps each in it once."""

    title = "segment"
    parameter_name = "segment"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer the segments that do not tell what somebody may not see."""
        hidden = frozenset() if request.user.has_perm(SEES_PII) else discretion.private_keys()
        rows = Segment.objects.exclude(key__in=hidden).order_by("name")
        return list(rows.values_list("key", "name"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Profile]) -> QuerySet[Profile]:
        """Narrow the list."""
        if not self.value():
            return queryset
        if self.value() not in dict(self.lookup_choices):  # whatever the address says
            return queryset.none()
        current = Membership.objects.filter(segment__key=self.value(), left_at=None, profile_id=OuterRef("pk"))
        return queryset.filter(Exists(current))
