"""What every view for programs shares: the key, the scope, paging, and the check of what was sent."""

from typing import Any, ClassVar

from rest_framework.pagination import CursorPagination
from rest_framework.views import APIView

from apps.core.api.authentication import HasScope, KeyAuthentication
from apps.core.keys import Scope


class KeyView(APIView):
    """A view for programs: `scopes` names, for each method, the scope that a key must have; others are refused."""

    authentication_classes = (KeyAuthentication,)
    permission_classes = (HasScope,)
    scopes: ClassVar[dict[str, Scope]] = {}


class NewestFirst(CursorPagination):
    """Pages by cursor: the next one begins where this one ended, however far back that is."""

    ordering = "-id"
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 500


class LatestFirst(NewestFirst):
    """Pages of what has a time, the latest first."""

    ordering = "-time"


def checked(shape: Any, data: Any) -> dict[str, Any]:
    """Check what a client sent. Raises ValidationError, by field."""
    serializer = shape(data=data)
    serializer.is_valid(raise_exception=True)
    found: dict[str, Any] = serializer.validated_data
    return found
