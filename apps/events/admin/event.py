"""Events, to look at."""

from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, Q, QuerySet, Subquery, TextField, Value
from django.db.models.functions import Coalesce, NullIf
from django.http import HttpRequest
from django.utils.safestring import SafeString

from apps.core.admin.shown import NOTHING, badge, copyable, link, moment, tree
from apps.core.ids import as_uuid
from apps.events import internal
from apps.events.admin.colours import JOURNEY_COLOURS
from apps.events.admin.event_backfill import BackfillsEvents
from apps.events.admin.event_filters import ReceivedFilter, SourceFilter, TypeFilter, ValidFilter
from apps.events.models import Event, Source
from apps.events.store.anonymity import columns_of
from apps.events.store.timeline import gist
from apps.profiles.admin.privacy import is_masked, mask
from apps.profiles.models import Profile
from apps.sessions.models import Session


@admin.register(Event)
class EventAdmin(BackfillsEvents):
    """Events in the order of their arrival."""

    list_display = ("happened", "type_shown", "about", "person", "source", "problems_shown")
    list_filter = (TypeFilter, SourceFilter, ReceivedFilter, ValidFilter)
    list_filter_submit = True
    language = "events"
    list_before_template = "events/event_list_before.html"
    search_fields = ("type",)
    search_help_text = "An event's type, or the id of an event, a profile or a session: the whole of it"
    head_template = "events/event_head.html"
    fieldsets = (
        ("Properties", {"fields": ("properties_tree",)}),
        ("Traits", {"fields": ("traits_tree",)}),
        ("Context", {"fields": ("context_tree",)}),
        ("Problems", {"fields": ("problems_tree",)}),
        ("Event", {"classes": ("side",), "fields": ("person", "session", "source", "journey", "tags_shown")}),
        ("Times", {"classes": ("side",), "fields": ("happened", "received", "processed")}),
        (
            "Ids",
            {"classes": ("side",), "fields": ("id_shown", "message_id", "original_profile_id", "historical")},
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        """Read the names of profiles and sources with the events: no foreign key leads there."""
        profile = Profile.objects.filter(pk=OuterRef("profile_id"))
        name = Coalesce(NullIf("name", Value("")), "email", "primary_id", output_field=TextField())
        events: QuerySet[Event] = super().get_queryset(request)
        return events.annotate(
            person_name=Subquery(profile.values_list(name)),
            person_is_anonymous=Subquery(profile.values("is_anonymous")),
            source_name=Subquery(Source.objects.filter(pk=OuterRef("source_id")).values("name")),
        )

    def mask(self, request: HttpRequest, row: Any) -> None:
        """Show nobody to those who may not see personal data."""
        mask(request, row, columns_of)
        if is_masked(row):
            row.person_name = None

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Event], search_term: str
    ) -> tuple[QuerySet[Event], bool]:
        """Find by whole ids or types: each has an index."""
        term = search_term.strip()
        if not term:
            return queryset, False
        named = as_uuid(term)
        if named:
            # The events of a session are found by the index on its profile's, or on those that belong to nobody.
            owners = list(Session.objects.filter(pk=named, profile__isnull=False).values_list("profile_id", flat=True))
            of_session = Q(session_id=named) & (Q(profile_id=None) | Q(profile_id__in=owners))
            return queryset.filter(Q(id=named) | Q(profile_id=named) | of_session), False
        return queryset.filter(type=term), False

    @admin.display(description="Happened")
    def happened(self, row: Event) -> SafeString:
        """Show when it happened."""
        return moment(row.time)

    @admin.display(description="Received")
    def received(self, row: Event) -> SafeString:
        """Show when it arrived."""
        return moment(row.received_at)

    @admin.display(description="Stored")
    def processed(self, row: Event) -> SafeString:
        """Show when it was stored."""
        return moment(row.processed_at)

    @admin.display(description="Historical")
    def historical(self, row: Event) -> SafeString:
        """Show whether it was imported, and set nothing in motion."""
        return tree(row.is_silent)

    @admin.display(description="Id")
    def id_shown(self, row: Event) -> SafeString:
        """Show the id, to copy."""
        return copyable(row.id)

    @admin.display(description="Type")
    def type_shown(self, row: Event) -> SafeString:
        """Show the type, coloured by its place in the journey."""
        return badge(row.type, JOURNEY_COLOURS.get(row.journey or "", "grey"))

    @admin.display(description="About")
    def about(self, row: Event) -> str:
        """Say what it was about."""
        return gist(row)

    @admin.display(description="Profile")
    def person(self, row: Any) -> SafeString:
        """Link to whose it is."""
        name = row.person_name or Profile(id=row.profile_id, is_anonymous=row.person_is_anonymous is not False)
        return link("profiles_profile", row.profile_id, name)

    @admin.display(description="Session")
    def session(self, row: Event) -> SafeString:
        """Link to its session."""
        return link("cdp_sessions_session", row.session_id)

    @admin.display(description="Source")
    def source(self, row: Any) -> str:
        """Link to where it came in; the platform itself has no page."""
        if row.source_id == internal.SOURCE_ID:
            return internal.NAME
        return link("events_source", row.source_id, row.source_name or row.source_id)

    @admin.display(description="Problems")
    def problems_shown(self, row: Event) -> SafeString:
        """Show whether it was flagged, or how many fields could not be copied to the profile."""
        if not row.is_valid:
            return badge("flagged", "red")
        return badge(len(row.problems), "amber") if row.problems else NOTHING

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
        """Show what is not as its type says, and what could not be copied to the profile."""
        return tree(row.problems)
