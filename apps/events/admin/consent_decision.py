"""The ledger of what people decided, and by which events."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.core.admin.browser import Browser
from apps.core.admin.shown import badge, link, moment
from apps.core.ids import NIL, as_uuid
from apps.events import internal
from apps.profiles import ledger
from apps.profiles.admin.consent import type_choices
from apps.profiles.admin.shown import SaidByEvent, people_by_id, person
from apps.profiles.models import ConsentDecision


class ConsentTypeFilter(admin.SimpleListFilter):
    """The decisions about one type, by the index on it."""

    title = "consent type"
    parameter_name = "type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer all types."""
        return type_choices()

    def queryset(self, request: HttpRequest, queryset: QuerySet[ConsentDecision]) -> QuerySet[ConsentDecision]:
        """Narrow the list."""
        return queryset.filter(consent_type_id=self.value()) if self.value() else queryset


@admin.register(ConsentDecision)
class ConsentDecisionAdmin(SaidByEvent, Browser):
    """Who agreed to what, and who withdrew it: the latest first, never changed."""

    list_display = ("decided", "person", "consent_type", "decision", "wording", "ends", "source")
    list_select_related = ("consent_type",)
    list_filter = (ConsentTypeFilter,)
    search_fields = ("profile_id",)
    search_help_text = "The id of a profile, old or new: the whole of it"
    fieldsets = (
        ("Decision", {"fields": ("person", "consent_type", "decision", "decided", "ends", "wording_shown")}),
        (
            "Proof",
            {
                "classes": ("side",),
                "fields": (*("source", "session", "event", "recorded", "actor_name", "reference", "ip", "user_agent"),),
            },
        ),
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[ConsentDecision], search_term: str
    ) -> tuple[QuerySet[ConsentDecision], bool]:
        """Find a person's decisions, by the index on profiles."""
        term = search_term.strip()
        own = ledger.raw_ids([ledger.living_id(as_uuid(term) or NIL)]) if term else []
        return (queryset.filter(profile_id__in=own) if term else queryset), False

    def prepare(self, request: HttpRequest, rows: list[Any]) -> None:
        """Find whose decisions they are, and where they came in."""
        people = people_by_id(request, (row.profile_id for row in rows))
        named = internal.names_of(row.source_id for row in rows)
        for row in rows:
            row.person, row.source_name = people.get(row.profile_id), named.get(row.source_id, row.source_id)

    @admin.display(description="Decided")
    def decided(self, row: ConsentDecision) -> SafeString:
        """Show when it was decided."""
        return moment(row.decided_at)

    @admin.display(description="Recorded")
    def recorded(self, row: ConsentDecision) -> SafeString:
        """Show when we learned of it."""
        return moment(row.recorded_at)

    @admin.display(description="Person")
    def person(self, row: Any) -> SafeString:
        """Link to whose decision it is."""
        return person(row.profile_id, row.person)

    @admin.display(description="Decision")
    def decision(self, row: ConsentDecision) -> SafeString:
        """Show what was decided."""
        return badge("agreed", "green") if row.is_granted else badge("withdrawn", "red")

    @admin.display(description="Wording")
    def wording(self, row: ConsentDecision) -> str:
        """Show the version of the text."""
        return f"version {row.text_version}"

    @admin.display(description="Wording")
    def wording_shown(self, row: ConsentDecision) -> SafeString:
        """Show the text that the decision was about."""
        text = row.consent_type.texts.filter(version=row.text_version).first()
        return format_html("version {}: {}", row.text_version, text.text if text else "")

    @admin.display(description="Holds until")
    def ends(self, row: ConsentDecision) -> SafeString:
        """Show when it ends by itself."""
        return moment(row.valid_until)

    @admin.display(description="Source")
    def source(self, row: Any) -> SafeString | str:
        """Link to where it came in; the platform itself has no page."""
        if row.source_id == internal.SOURCE_ID:
            return internal.NAME
        return link("events_source", row.source_id, row.source_name)

    @admin.display(description="Session")
    def session(self, row: ConsentDecision) -> SafeString:
        """Link to the session in which it was decided."""
        return link("cdp_sessions_session", row.session_id)
