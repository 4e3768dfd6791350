"""What all pages of a segment have in common: who may see it, and what stands above."""

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from apps.core.admin import panels
from apps.core.admin.hiding import HidesCondition
from apps.segments.admin.languages import PEOPLE
from apps.segments.admin.shown import kind_of, state_of
from apps.segments.models import Reevaluation, Segment

SEES_PEOPLE = "profiles.view_profile"


class SegmentPage(HidesCondition):
    """A page of one segment."""

    def found(self, request: HttpRequest, segment_id: UUID, *permissions: str) -> Segment:
        """Return a segment to whoever may see it, and has the permissions; 404 and 403 otherwise."""
        segment = get_object_or_404(Segment, pk=segment_id)
        if not self.has_view_permission(request, segment) or not request.user.has_perms(permissions):
            raise PermissionDenied
        return segment

    def is_private(self, request: HttpRequest, segment: Segment) -> bool:
        """Tell whether its members would tell somebody personal data that they may not see."""
        return PEOPLE.is_hidden_from(request.user, segment.condition)

    def found_members(self, request: HttpRequest, segment_id: UUID, *permissions: str) -> Segment:
        """Return a segment to whoever may see who is in it, and has the permissions; 404 and 403 otherwise."""
        segment = self.found(request, segment_id, SEES_PEOPLE, *permissions)
        if self.is_private(request, segment):
            raise PermissionDenied
        return segment

    def context(self, request: HttpRequest, segment: Segment, title: str) -> dict[str, Any]:
        """Return what the templates of all these pages show."""
        is_built = segment.kind != Segment.Kind.CONDITION or segment.evaluated_at is not None
        runs = Reevaluation.objects.filter(finished_at=None, segments__has_key=segment.key)
        return {
            **self.admin_site.each_context(request),
            "title": title,
            "building": None if is_built else runs.order_by("-started_at").first(),
            "opts": self.opts,
            "original": segment,
            "segment": segment,
            "condition": PEOPLE.shown_to(request.user, segment.condition),
            "is_private": self.is_private(request, segment),
            "kind": kind_of(segment),
            "state": state_of(segment),
            "sides": [(each.short_description, each(segment)) for each in panels.shown(Segment, panels.SIDE, request)],
        }
