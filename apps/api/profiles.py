"""People: programs list, find, read, edit and merge them."""

from typing import Any, ClassVar
from uuid import UUID

from django.utils import timezone
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import generics
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.base import NOT_YET, described, living, unknown
from apps.api.filters import ProfileFilter
from apps.api.scopes import Scope
from apps.api.serializers import (
    EditSerializer,
    ListedProfileSerializer,
    LookupSerializer,
    MergeSerializer,
    ProfileSerializer,
)
from apps.core.api.authentication import actor_of
from apps.core.api.base import KeyView, NewestFirst, SharedView, checked
from apps.events import jobs
from apps.events.resolution import by_hand
from apps.profiles import editing, identity
from apps.profiles.models import Profile


class ProfileListView(SharedView, generics.ListAPIView[Profile]):
    """List profiles, the newest first."""

    scopes: ClassVar = {"GET": Scope.PROFILES_READ}
    # Who said what is as long as all the rest: whoever wants to know asks for one profile.
    queryset = Profile.objects.defer("provenance", "computed_states", "computed", "aux")
    serializer_class = ListedProfileSerializer
    pagination_class = NewestFirst
    filter_backends = (DjangoFilterBackend,)
    filterset_class = ProfileFilter

    @described("profiles_list", responses=ListedProfileSerializer(many=True))
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List those that the filters leave."""
        return super().get(request, *args, **kwargs)


class ProfileLookupView(SharedView):
    """Find the one profile of an identifier."""

    scopes: ClassVar = {"GET": Scope.PROFILES_READ}

    @described("profiles_lookup", parameters=[LookupSerializer], responses=ProfileSerializer)
    def get(self, request: Request) -> Response:
        """Find by kind and value; the value is compared as identification compares it, in any notation."""
        named = checked(LookupSerializer, request.query_params)
        profile = identity.lookup(named["kind"], named["value"])
        if profile is None:
            raise NotFound("Nobody is known by this identifier.")
        return Response(ProfileSerializer(profile).data)


class ProfileView(SharedView):
    """One profile, by the id that it has or ever had."""

    scopes: ClassVar = {"GET": Scope.PROFILES_READ, "PATCH": Scope.PROFILES_WRITE}

    @described("profiles_get", responses=ProfileSerializer)
    def get(self, request: Request, profile_id: UUID) -> Response:
        """Return the profile; `id` is the one that it has now."""
        return Response(ProfileSerializer(living(profile_id)).data)

    @described("profiles_edit", request=EditSerializer, responses={200: ProfileSerializer, **NOT_YET})
    def patch(self, request: Request, profile_id: UUID) -> Response:
        """Set fields, all of them or none; events that happened before do not take them back."""
        values = checked(EditSerializer, request.data)["set"]
        try:
            profile = editing.edit(profile_id, values, actor=actor_of(request), now=timezone.now())
        except Profile.DoesNotExist:
            raise unknown() from None
        except editing.CannotEdit as error:
            raise ValidationError({f"set.{path}": message for path, message in error.problems}) from None
        return Response(ProfileSerializer(profile).data)


class ProfileMergeView(KeyView):
    """Two profiles are one person."""

    scopes: ClassVar = {"POST": Scope.PROFILES_MERGE}

    @described("profiles_merge", request=MergeSerializer, responses=ProfileSerializer)
    def post(self, request: Request, profile_id: UUID) -> Response:
        """Merge with another profile, and return what they are now; the admin can undo it."""
        other_id = checked(MergeSerializer, request.data)["other_id"]
        for each in (profile_id, other_id):
            living(each)
        try:
            jobs.merge(profile_id, other_id, actor=actor_of(request), now=timezone.now())
        except by_hand.CannotMerge as error:
            raise ValidationError({"other_id": str(error)}) from None
        return Response(ProfileSerializer(living(profile_id)).data)
