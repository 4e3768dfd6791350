"""What people did."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.base import described, living
from apps.api.filters import EventFilter
from apps.api.scopes import Scope
from apps.api.serializers import EventSerializer
from apps.core.api.base import LatestFirst, SharedView
from apps.events.models import Event
from apps.profiles import ledger


class ProfileEventsView(SharedView, generics.ListAPIView[Event]):
    """List the events of a profile, the latest first."""

    scopes: ClassVar = {"GET": Scope.PROFILES_READ}
    people_need: ClassVar = {"GET": ("events.view_event",)}
    serializer_class = EventSerializer
    pagination_class = LatestFirst
    filter_backends = (DjangoFilterBackend,)
    filterset_class = EventFilter
    queryset = Event.objects.none()

    @described("profiles_events", responses=EventSerializer(many=True))
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List those that the filters leave."""
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[Event]:
        """Narrow to the profile."""
        return Event.objects.filter(ledger.belonging_to(living(self.kwargs["profile_id"]).id))
