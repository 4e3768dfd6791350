"""What the list of events is narrowed by; each filter has an index."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.contrib.filters.admin import DropdownFilter

from apps.core.admin.named_filter import NamedFilter
from apps.events.models import Event, EventType, Source


class TypeFilter(DropdownFilter):
    """One type of events, by the index on (type, id)."""

    title = "type"
    parameter_name = "type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer the types that have a definition."""
        return [(row.type, row.type) for row in EventType.objects.order_by("type")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        """Narrow the list."""
        return queryset.filter(type=self.value()) if self.value() else queryset


class SourceFilter(NamedFilter):
    """The events of one source, by the index on (source_id, id)."""

    title = "source"
    parameter_name = "source"
    model = Source


class ReceivedFilter(admin.SimpleListFilter):
    """What arrived lately: ids begin with the time at which they were made, so the primary key serves."""

    title = "time of arrival"
    parameter_name = "received"
    periods = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer three periods."""
        return [("hour", "In the last hour"), ("day", "In the last day"), ("week", "In the last week")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        """Narrow the list."""
        period = self.periods.get(self.value() or "")
        if period is None:
            return queryset
        since_ms = int((timezone.now() - period).timestamp() * 1000)
        return queryset.filter(id__gte=UUID(int=since_ms << 80))


class ValidFilter(admin.SimpleListFilter):
    """What was accepted although it is not what its type says, by its partial index."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer what was flagged."""
        return [("invalid", "Flagged: not what the type says")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        """Narrow the list."""
        return queryset.filter(is_valid=False) if self.value() == "invalid" else queryset
