"""The page of a segment: members, growth, overlap, why somebody is in it, and the export."""

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path
from django.utils import timezone

from apps import conditions
from apps.core import audit
from apps.core.ids import as_uuid
from apps.profiles import ledger
from apps.profiles.admin.privacy import SEES_PII, mask
from apps.profiles.anonymity import masked_columns_of
from apps.profiles.models import Profile
from apps.segments import counting, exporting, why
from apps.segments.admin.charts import growth_chart
from apps.segments.admin.page import SEES_PEOPLE, SegmentPage
from apps.segments.admin.shown import as_lines
from apps.segments.models import Membership, Segment
from apps.segments.warnings import warnings_of

PAGE = 50
GROWTH_DAYS = 90
EXPORTS = "segments.export_members"


class SegmentPages(SegmentPage):
    """What is to be seen of a segment beside its form."""

    def get_urls(self) -> list[URLPattern]:
        """Add the pages."""
        view = self.admin_site.admin_view
        own = [
            path("<uuid:segment_id>/", view(self.overview), name="segments_overview"),
            path("<uuid:segment_id>/members/", view(self.members), name="segments_members"),
            path("<uuid:segment_id>/overlap/", view(self.overlap), name="segments_overlap"),
            path("<uuid:segment_id>/export/", view(self.export), name="segments_export"),
            path("<uuid:segment_id>/why/<uuid:profile_id>/", view(self.why), name="segments_why"),
        ]
        return [*own, *super().get_urls()]

    def overview(self, request: HttpRequest, segment_id: UUID) -> HttpResponse:
        """Show what a segment is, how it grew, and who is in it."""
        segment = self.found(request, segment_id)
        now = timezone.now()
        shown = {
            **self.context(request, segment, segment.name),
            "growth": growth_chart(counting.growth(segment, today=now.date(), days=GROWTH_DAYS)),
            "others": self._others(request, segment),
            "may_change": self.has_change_permission(request, segment),
            "may_list": segment.kind == Segment.Kind.LIST and request.user.has_perm(SEES_PII),
            "may_export": request.user.has_perm(EXPORTS),
            "sees_people": request.user.has_perm(SEES_PEOPLE),
        }
        if not shown["is_private"]:
            shown["warnings"] = warnings_of(segment)
        if shown["sees_people"] and not shown["is_private"]:
            shown |= self._members(request, segment)
        return render(request, "segments/segment.html", shown)

    def members(self, request: HttpRequest, segment_id: UUID) -> HttpResponse:
        """Render a page of members: `before` is the last id of the page above."""
        segment = self.found_members(request, segment_id)
        return render(request, "segments/segment_members.html", self._members(request, segment))

    def _members(self, request: HttpRequest, segment: Segment) -> dict[str, Any]:
        before = as_uuid(request.GET.get("before", ""))
        current = Membership.objects.filter(segment=segment, left_at=None).order_by("-profile_id")
        found = list(current.filter(profile_id__lt=before)[: PAGE + 1] if before else current[: PAGE + 1])
        people = Profile.objects.in_bulk([each.profile_id for each in found[:PAGE]])
        for person in people.values():
            mask(request, person, masked_columns_of)
        members = [(people[each.profile_id], each) for each in found[:PAGE] if each.profile_id in people]
        return {"segment": segment, "members": members, "after": found[PAGE - 1].profile_id if found[PAGE:] else None}

    def _others(self, request: HttpRequest, segment: Segment) -> list[Segment]:
        """Return what a segment may be compared with: whom it shares with a segment of one person tells who that is."""
        if self.is_private(request, segment):
            return []
        others = Segment.objects.exclude(pk=segment.pk).order_by("name")
        return [other for other in others if not self.is_private(request, other)]

    def overlap(self, request: HttpRequest, segment_id: UUID) -> HttpResponse:
        """Render how many are in this segment, in another, and in both."""
        segment = self.found(request, segment_id)
        other = get_object_or_404(Segment, pk=as_uuid(request.GET.get("other", "")))
        if self.is_private(request, segment) or self.is_private(request, other):
            raise PermissionDenied
        found = counting.overlap(segment, other)
        either = max(found.one + found.other - found.both, 1)
        shares = [
            round(100 * part / either, 1) for part in (found.one - found.both, found.both, found.other - found.both)
        ]
        shown = {"segment": segment, "other": other, "overlap": found, "shares": shares}
        return render(request, "segments/segment_overlap.html", shown)

    def export(self, request: HttpRequest, segment_id: UUID) -> StreamingHttpResponse:
        """Send the members as CSV; names and addresses only to who may see them."""
        if request.method != "POST":
            raise PermissionDenied
        segment = self.found_members(request, segment_id, EXPORTS)
        sees_all = request.user.has_perm(SEES_PII)
        actor = audit.actor_of(request)
        audit.record_by_itself(
            "exported", actor=actor, at=timezone.now(), object=segment, name=segment.key, with_personal_data=sees_all
        )
        name = f"{segment.key}-{timezone.now():%Y-%m-%d}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return StreamingHttpResponse(
            exporting.lines(segment, sees_all=sees_all), content_type="text/csv", headers=headers
        )

    def why(self, request: HttpRequest, segment_id: UUID, profile_id: UUID) -> HttpResponse:
        """Show each clause of the condition as it is of a person, and their memberships in the segment."""
        segment = self.found_members(request, segment_id)
        profile = get_object_or_404(Profile, pk=ledger.living_id(profile_id))
        sees_all = request.user.has_perm(SEES_PII)
        own = Membership.objects.filter(profile_id=profile.pk)
        current = own.filter(left_at=None)
        clause = None
        if segment.kind == Segment.Kind.CONDITION:
            keys = current.values_list("segment__key", flat=True)
            found = why.explain(conditions.parse(segment.condition, is_stored=True), profile, keys, now=timezone.now())
            clause = as_lines(found, sees_all=sees_all)
        mask(request, profile, masked_columns_of)
        shown = {
            **self.context(request, segment, f"{profile} in {segment.name}"),
            "profile": profile,
            "clause": clause,
            "is_unmoved": bool(ledger.unmoved([profile.pk])),
            "is_in": current.filter(segment=segment).exists(),
            "memberships": own.filter(segment=segment).order_by("-entered_at")[:PAGE],
        }
        return render(request, "segments/segment_why.html", shown)
