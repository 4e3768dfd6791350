"""Events and event types, to look at."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.core.admin.browser import Browser
from apps.core.admin.shown import NOTHING, badge, link, moment, tree
from apps.core.ids import as_uuid
from apps.events.anonymity import columns_of
from apps.events.models import Event, EventType, Source
from apps.events.timeline import gist
from apps.profiles.admin.privacy import mask

JOURNEY_COLOURS = {
    "awareness": "blue",
    "consideration": "blue",
    "purchase": "green",
    "retention": "amber",
    "advocacy": "amber",
}


class TypeFilter(admin.SimpleListFilter):
    """One type of events, by the index on (type, id)."""

    title = "type"
    parameter_name = "type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer the types that have a definition."""
        return [(row.type, row.type) for row in EventType.objects.order_by("type")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        """Narrow the list."""
        return queryset.filter(type=self.value()) if self.value() else queryset


class SourceFilter(admin.SimpleListFilter):
    """The events of one source, by the index on (source_id, id)."""

    title = "source"
    parameter_name = "source"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer all sources."""
        return [(str(row.id), row.name) for row in Source.objects.order_by("name")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        """Narrow the list."""
        wanted = as_uuid(self.value() or "")
        return queryset.filter(source_id=wanted) if wanted else queryset


class ReceivedFilter(admin.SimpleListFilter):
    """What arrived lately: ids begin with the time at which they were made, so the primary key serves."""

    title = "received"
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


@admin.register(Event)
class EventAdmin(Browser):
    """Events in the order of their arrival."""

    list_display = ("happened", "type_shown", "about", "person", "source", "state")
    list_filter = (TypeFilter, SourceFilter, ReceivedFilter)
    search_fields = ("type",)
    search_help_text = "An event's type, or the id of an event, a profile or a session: the whole of it"
    fieldsets = (
        (
            "Event",
            {
                "fields": (
                    "type",
                    "happened",
                    "received",
                    "person",
                    "session",
                    "source",
                    "state",
                    "tags_shown",
                )
            },
        ),
        ("What it says", {"fields": ("properties_tree", "traits_tree", "context_tree", "problems_tree")}),
        (
            "Ids",
            {"classes": ("tab",), "fields": ("id", "message_id", "original_profile_id", "processed_at", "is_silent")},
        ),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Name all fields, those that are computed included."""
        return [name for _, options in self.fieldsets for name in options["fields"]]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        """Read the sources once for the whole page."""
        self._sources = dict(Source.objects.values_list("id", "name"))
        events: QuerySet[Event] = super().get_queryset(request)
        return events

    def mask(self, request: HttpRequest, row: Event) -> None:
        """Show nobody to those who may not see personal data."""
        mask(request, row, columns_of)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Event], search_term: str
    ) -> tuple[QuerySet[Event], bool]:
        """Find by whole ids or types: each has an index."""
        term = search_term.strip()
        if not term:
            return queryset, False
        named = as_uuid(term)
        if named:
            return queryset.filter(Q(id=named) | Q(profile_id=named) | Q(session_id=named, profile_id=None)), False
        return queryset.filter(type=term.lower().replace(" ", "-")), False

    @admin.display(description="Happened")
    def happened(self, row: Event) -> SafeString:
        """Show when it happened."""
        return moment(row.time)

    @admin.display(description="Received")
    def received(self, row: Event) -> SafeString:
        """Show when it arrived."""
        return moment(row.received_at)

    @admin.display(description="Type")
    def type_shown(self, row: Event) -> SafeString:
        """Show the type, coloured by its place in the journey."""
        return badge(row.type, JOURNEY_COLOURS.get(row.journey or "", "grey"))

    @admin.display(description="About")
    def about(self, row: Event) -> str:
        """Say what it was about."""
        return gist(row)

    @admin.display(description="Profile")
    def person(self, row: Event) -> SafeString:
        """Link to whose it is."""
        return link("profiles_profile", row.profile_id, f"…{str(row.profile_id)[-6:]}")

    @admin.display(description="Session")
    def session(self, row: Event) -> SafeString:
        """Link to its session."""
        return link("cdp_sessions_session", row.session_id)

    @admin.display(description="Source")
    def source(self, row: Event) -> SafeString:
        """Link to where it came in."""
        return link("events_source", row.source_id, self._sources.get(row.source_id, row.source_id))

    @admin.display(description="State")
    def state(self, row: Event) -> SafeString:
        """Show whether all of it could be used."""
        return badge("fields left out", "amber") if row.problems else badge("stored", "green")

    @admin.display(description="Tags")
    def tags_shown(self, row: Event) -> SafeString:
        """Show the tags."""
        return tree(row.tags)

    @admin.display(description="Properties")
    def properties_tree(self, row: Event) -> SafeString:
        """Show the properties."""
        return tree(row.properties)

    @admin.display(description="Traits")
    def traits_tree(self, row: Event) -> SafeString:
        """Show the traits."""
        return tree(row.traits)

    @admin.display(description="Context")
    def context_tree(self, row: Event) -> SafeString:
        """Show the context."""
        return tree(row.context)

    @admin.display(description="Problems")
    def problems_tree(self, row: Event) -> SafeString:
        """Show what could not be copied to the profile."""
        return tree(row.problems)


@admin.register(EventType)
class EventTypeAdmin(Browser):
    """The event types that have a meaning of their own."""

    keyset = ("type",)
    list_display = ("type", "name", "group", "journey", "n_traits", "n_fields")
    fieldsets = ((None, {"fields": ("type", "name", "group", "definition_tree")}),)
    readonly_fields = ("type", "name", "group", "definition_tree")
    list_per_page = 100

    @admin.display(description="Journey")
    def journey(self, row: EventType) -> SafeString:
        """Show the place in the customer's journey."""
        state = row.definition.get("journey")
        return badge(state, JOURNEY_COLOURS.get(state, "grey")) if isinstance(state, str) else NOTHING

    @admin.display(description="Traits")
    def n_traits(self, row: EventType) -> int:
        """Count the searchable traits."""
        return len(row.definition.get("traits") or {})

    @admin.display(description="Profile fields")
    def n_fields(self, row: EventType) -> int:
        """Count the profile fields that it sets."""
        return len(row.definition.get("profile") or {})

    @admin.display(description="Definition")
    def definition_tree(self, row: EventType) -> SafeString:
        """Show the definition."""
        return format_html("{}", tree(row.definition))
