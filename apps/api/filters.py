"""What lists can be narrowed by; each filter has an index, or is used beside one that has."""

from datetime import UTC
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field

from apps.collector.wire.body import Malformed, flag_of
from apps.conditions.spelling import fold
from apps.events.models import Event
from apps.profiles import lookup
from apps.profiles.models import Profile


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
