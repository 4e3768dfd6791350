"""The groups that people belong to."""

from typing import ClassVar
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.base import described, living
from apps.api.scopes import Scope
from apps.api.serializers import SegmentsSerializer
from apps.core.api.base import SharedView
from apps.segments.models import Membership


class ProfileSegmentsView(SharedView):
    """The segments that a profile is in."""

    scopes: ClassVar = {"GET": Scope.PROFILES_READ}
    people_need: ClassVar = {"GET": ("segments.view_segment",)}

    @described("profiles_segments", responses=SegmentsSerializer)
    def get(self, request: Request, profile_id: UUID) -> Response:
        """List them with the time since when, the newest first."""
        current = Membership.objects.filter(profile_id=living(profile_id).id, left_at=None)
        found = current.select_related("segment").order_by("-entered_at", "segment__key")
        return Response(SegmentsSerializer({"results": found}).data)
