"""The Profile API: for programs with a key. docs/profile-api.md tells it to people."""

from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import generics
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core import audit
from apps.core.api.authentication import HasScope, KeyAuthentication, actor_of
from apps.core.keys import Scope
from apps.events.models import Event
from apps.profiles import by_hand, editing, identity, ledger
from apps.profiles.api.filters import ProfileFilter
from apps.profiles.api.serializers import (
    EditSerializer,
    EventSerializer,
    LookupSerializer,
    MergeSerializer,
    ProfileSerializer,
)
from apps.profiles.models import Profile


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
    """Pages of events, the latest first."""

    ordering = "-time"


@extend_schema_view(get=extend_schema(tags=["Profiles"], operation_id="profiles_list"))
class ProfileListView(KeyView, generics.ListAPIView[Profile]):
    """List profiles, the newest first."""

    scopes: ClassVar = {"GET": Scope.PROFILES_READ}
    queryset = Profile.objects.all()
    serializer_class = ProfileSerializer
    pagination_class = NewestFirst
    filter_backends = (DjangoFilterBackend,)
    filterset_class = ProfileFilter


class ProfileLookupView(KeyView):
    """Find the one profile of an identifier."""

    scopes: ClassVar = {"GET": Scope.PROFILES_READ}

    @extend_schema(
        tags=["Profiles"], operation_id="profiles_lookup", parameters=[LookupSerializer], responses=ProfileSerializer
    )
    def get(self, request: Request) -> Response:
        """Find by kind and value; the value is compared as identification compares it, in any notation."""
        named = _checked(LookupSerializer, request.query_params)
        profile = identity.lookup(named["kind"], named["value"])
        if profile is None:
            raise NotFound("Nobody is known by this identifier.")
        return Response(ProfileSerializer(profile).data)


class ProfileView(KeyView):
    """One profile, by the id that it has or ever had."""

    scopes: ClassVar = {"GET": Scope.PROFILES_READ, "PATCH": Scope.PROFILES_WRITE}

    @extend_schema(tags=["Profiles"], operation_id="profiles_get", responses=ProfileSerializer)
    def get(self, request: Request, profile_id: UUID) -> Response:
        """Return the profile; `id` is the one that it has now."""
        return Response(ProfileSerializer(living(profile_id)).data)

    @extend_schema(tags=["Profiles"], operation_id="profiles_edit", request=EditSerializer, responses=ProfileSerializer)
    def patch(self, request: Request, profile_id: UUID) -> Response:
        """Set fields, all of them or none; events that happened before do not take them back."""
        values = _checked(EditSerializer, request.data)["set"]
        try:
            profile = editing.edit(profile_id, values, actor=actor_of(request), now=timezone.now())
        except Profile.DoesNotExist:
            raise _unknown() from None
        except editing.CannotEdit as error:
            raise ValidationError({f"set.{path}": message for path, message in error.problems}) from None
        return Response(ProfileSerializer(profile).data)


class ProfileMergeView(KeyView):
    """Two profiles are one person."""

    scopes: ClassVar = {"POST": Scope.PROFILES_MERGE}

    @extend_schema(
        tags=["Profiles"], operation_id="profiles_merge", request=MergeSerializer, responses=ProfileSerializer
    )
    def post(self, request: Request, profile_id: UUID) -> Response:
        """Merge with another profile, and return what they are now; the admin can undo it."""
        other = living(_checked(MergeSerializer, request.data)["other_id"])
        actor, now = actor_of(request), timezone.now()
        try:
            merge = by_hand.merge(living(profile_id).id, other.id, actor=actor.key, now=now)
        except by_hand.CannotMerge as error:
            raise ValidationError({"other_id": str(error)}) from None
        audit.record("merged", actor=actor, at=now, object=merge)
        return Response(ProfileSerializer(living(profile_id)).data)


@extend_schema_view(get=extend_schema(tags=["Profiles"], operation_id="profiles_events"))
class ProfileEventsView(KeyView, generics.ListAPIView[Event]):
    """List the events of a profile, the latest first."""

    scopes: ClassVar = {"GET": Scope.PROFILES_READ}
    serializer_class = EventSerializer
    pagination_class = LatestFirst
    queryset = Event.objects.none()

    def get_queryset(self) -> QuerySet[Event]:
        """Narrow to the profile, and by `type` to one kind of event."""
        events = Event.objects.filter(ledger.belonging_to(living(self.kwargs["profile_id"]).id))
        wanted = self.request.query_params.get("type")
        return events.filter(type=wanted) if wanted else events


def living(profile_id: UUID) -> Profile:
    """Return the profile that an id leads to now. Raises NotFound."""
    profile = Profile.objects.filter(id=ledger.living_id(profile_id)).first()
    if profile is None:
        raise _unknown()
    return profile


def _unknown() -> NotFound:
    return NotFound("There is no such profile.")


def _checked(shape: Any, data: Any) -> dict[str, Any]:
    """Check what a client sent. Raises ValidationError, by field."""
    serializer = shape(data=data)
    serializer.is_valid(raise_exception=True)
    found: dict[str, Any] = serializer.validated_data
    return found
