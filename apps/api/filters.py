"""What lists can be narrowed by; each filter has an index, or is used beside one that has."""

from datetime import UTC
from typing import Any, Final
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import status

from apps.api.flow_live import version_of
from apps.api.flows import flow_of
from apps.bridges.models import Delivery
from apps.collector.wire.body import Malformed, flag_of
from apps.conditions.spelling import fold
from apps.core.api.errors import Refused
from apps.core.refusal import Refusal
from apps.events.models import Event
from apps.flows.describing import periods, who
from apps.flows.models import Run
from apps.profiles import ledger, lookup
from apps.profiles.models import Profile

STATUSES: Final = {each.name.lower(): each for each in Run.Status}


class TimeField(filters.IsoDateTimeFilter.field_class):
    """A time in UTC: PostgreSQL knows no offsets as large as ISO 8601 allows."""

    def to_python(self, value: Any) -> Any:
        """Read a time. Raises ValidationError for one that does not exist in UTC."""
        at = super().to_python(value)
        try:
            return at.astimezone(UTC) if at else at
        except OverflowError:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from None


class TimeFilter(filters.IsoDateTimeFilter):
    """Compare with a time."""

    field_class = TimeField


class FlagField(forms.CharField):
    """Yes or no, as options of events are read; what is neither is told."""

    def to_python(self, value: Any) -> Any:
        """Read it; None when nothing is said. Raises ValidationError."""
        try:
            return flag_of(value, "It") if value else None
        except Malformed as error:
            raise ValidationError(str(error)) from None


@extend_schema_field(OpenApiTypes.BOOL)
class FlagFilter(filters.Filter):
    """Compare with yes or no."""

    field_class = FlagField


class ProfileFilter(filters.FilterSet):
    """Narrow the list by exact values and by times."""

    q = filters.CharFilter(method="by_any_id", label="Any identifier or id of the person, whole")
    email = filters.CharFilter(method="by_email", label="The main e-mail address")
    primary_id = filters.CharFilter(method="by_number", label="The customer number")
    seen_after = TimeFilter(field_name="last_seen_at", lookup_expr="gte")
    updated_after = TimeFilter(field_name="updated_at", lookup_expr="gte")

    is_anonymous = FlagFilter(label="Whether nothing names the person")

    class Meta:
        model = Profile
        fields = ("country",)

    def by_any_id(self, queryset: QuerySet[Profile], name: str, value: str) -> QuerySet[Profile]:
        """Find by whatever names a person."""
        return queryset.filter(id__in=lookup.named(value))

    def by_email(self, queryset: QuerySet[Profile], name: str, value: str) -> QuerySet[Profile]:
        """Find by address, in any case."""
        return queryset.filter(email=fold(value).lower())

    def by_number(self, queryset: QuerySet[Profile], name: str, value: str) -> QuerySet[Profile]:
        """Find by customer number."""
        return queryset.filter(primary_id=fold(value))


class EventFilter(filters.FilterSet):
    """Narrow the events of a profile."""

    type = filters.CharFilter(label="The type of the events")
    since = TimeFilter(field_name="time", lookup_expr="gte", label="Those of that time and later")
    until = TimeFilter(field_name="time", lookup_expr="lt", label="Those before that time")

    class Meta:
        model = Event
        fields: tuple[str, ...] = ()


class RunFilter(filters.FilterSet):
    """Narrow the list."""

    flow = filters.CharFilter(field_name="flow__key", label="The key of a flow")
    profile_id = filters.UUIDFilter(method="by_person", label="An id that a person has, or had")
    status = filters.ChoiceFilter(method="by_status", choices=[(name, name) for name in STATUSES])
    node = filters.CharFilter(method="by_node", label="A node where they wait")
    due_after = TimeFilter(field_name="due_at", lookup_expr="gte")
    due_before = TimeFilter(field_name="due_at", lookup_expr="lt")

    class Meta:
        model = Run
        fields: tuple[str, ...] = ()

    def by_person(self, queryset: QuerySet[Run], name: str, value: UUID) -> QuerySet[Run]:
        """Find those of a person."""
        return queryset.filter(profile_id=ledger.living_id(value))

    def by_status(self, queryset: QuerySet[Run], name: str, value: str) -> QuerySet[Run]:
        """Find those that go, or ended, like that."""
        return queryset.filter(status=STATUSES[value])

    def by_node(self, queryset: QuerySet[Run], name: str, value: str) -> QuerySet[Run]:
        """Find those who are at a node."""
        return queryset.filter(place=value)


class WhoFilter(filters.FilterSet):
    """Narrow the runs of a flow."""

    node = filters.CharFilter(label="Who waits there; with a status, or a port, who ended so there, or left it by that")
    port = filters.CharFilter(label="By which they left the node, be it long ago, as far as their paths tell")
    status = filters.ChoiceFilter(choices=[(name, name) for name in STATUSES])
    version = filters.NumberFilter(min_value=1, label="The number of a version")
    since = TimeFilter(label="Who began at that time or later; with a status of an end: who ended")
    until = TimeFilter(label="Who began, or ended, before that time")

    class Meta:
        model = Run
        fields: tuple[str, ...] = ()

    def filter_queryset(self, queryset: QuerySet[Run]) -> QuerySet[Run]:
        """Find them: what one filter means depends on the others. Raises Refused, NotFound."""
        said, flow = self.form.cleaned_data, flow_of(self.request.parser_context["kwargs"]["key"])
        if said["port"] and not said["node"]:
            raise Refused(status.HTTP_422_UNPROCESSABLE_ENTITY, Refusal("invalid", "Name the node, too.", "port"))
        found = who.runs(
            flow,
            node=said["node"],
            port=said["port"],
            status=STATUSES.get(said["status"]),
            version=version_of(flow, int(said["version"])) if said["version"] else None,
            period=periods.period(said["since"], said["until"], now=timezone.now()),
        )
        return found.select_related("flow", "version").defer("state", "flow__draft", "version__definition")


class DeliveryFilter(filters.FilterSet):
    """Narrow the list by exact values."""

    outcome = filters.ChoiceFilter(choices=Delivery.Outcome.choices)
    connection_id = filters.UUIDFilter()
    origin_id = filters.UUIDFilter(label="What planned it, such as a run of a flow")
    profile_id = filters.UUIDFilter(method="by_person", label="An id that a person has, or had")
    key = filters.CharFilter()
    since = TimeFilter(field_name="created_at", lookup_expr="gte", label="Those planned at that time and later")

    class Meta:
        model = Delivery
        fields: tuple[str, ...] = ()

    def by_person(self, queryset: QuerySet[Delivery], name: str, value: UUID) -> QuerySet[Delivery]:
        """Find those of a person, whichever of their profiles they were planned for."""
        return queryset.filter(profile_id__in=ledger.raw_ids([ledger.living_id(value)]))
