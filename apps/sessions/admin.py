"""The admin's pages of sessions."""

from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from apps.core.admin.browser import Browser
from apps.core.admin.shown import NOTHING, badge, link, moment, tree
from apps.events.models import Event, Source
from apps.profiles import anonymity, ledger
from apps.profiles.admin.privacy import mask
from apps.sessions.anonymity import columns_of
from apps.sessions.models import Session

N_EVENTS = 200


@admin.register(Session)
class SessionAdmin(Browser):
    """Sessions: where somebody came from, on which device, and what he did."""

    keyset = ("started_at", "id")
    list_display = (
        "started",
        "person",
        "device_shown",
        "country",
        "campaign",
        "page_count",
        "event_count",
        "lasted",
        "state",
    )
    list_select_related = ("profile",)
    fieldsets = (
        ("Session", {"fields": ("id", "client_id", "person", "source", "channel", "state")}),
        (
            "Visit",
            {
                "fields": (
                    "started_at",
                    "last_seen_at",
                    "visit_count",
                    "page_count",
                    "event_count",
                    "entry_page",
                    "exit_page",
                )
            },
        ),
        ("Where from", {"fields": ("referrer", "campaign", "country", "language", "place_shown")}),
        ("Device", {"fields": ("device_tree", "os_tree", "app_tree", "is_bot")}),
        ("Events", {"fields": ("events_shown",)}),
        ("Raw", {"classes": ("tab",), "fields": ("context_tree", "properties_tree")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Name all fields, those that are computed included."""
        return [name for _, options in self.fieldsets for name in options["fields"]]

    def mask(self, request: HttpRequest, row: Session) -> None:
        """Show nobody to those who may not see personal data."""
        mask(request, row, columns_of)
        if row.profile:
            mask(request, row.profile, anonymity.columns_of)

    @admin.display(description="Started")
    def started(self, row: Session) -> SafeString:
        """Show when it began."""
        return moment(row.started_at)

    @admin.display(description="Profile")
    def person(self, row: Session) -> SafeString:
        """Link to whose it is."""
        return link("profiles_profile", row.profile_id, row.profile)

    @admin.display(description="Device")
    def device_shown(self, row: Session) -> str:
        """Say on what, in a few words."""
        return " · ".join(filter(None, (row.app.get("name"), row.os.get("name"), row.device.get("type"))))

    @admin.display(description="Campaign")
    def campaign(self, row: Session) -> str:
        """Say what brought him, in a few words."""
        return " / ".join(filter(None, (row.utm.get("source"), row.utm.get("medium"), row.utm.get("campaign"))))

    @admin.display(description="Lasted")
    def lasted(self, row: Session) -> str:
        """Show minutes and seconds."""
        minutes, secs = divmod(int(row.duration_secs), 60)
        return f"{minutes}:{secs:02}"

    @admin.display(description="State")
    def state(self, row: Session) -> SafeString:
        """Show whether it goes on."""
        return badge(row.status, {"active": "green", "started": "blue"}.get(row.status, "grey"))

    @admin.display(description="Source")
    def source(self, row: Session) -> SafeString:
        """Link to where it came in."""
        return link("events_source", row.source_id, Source.objects.filter(pk=row.source_id).first())

    @admin.display(description="Place")
    def place_shown(self, row: Session) -> SafeString:
        """Show the place."""
        return tree(row.geo)

    @admin.display(description="Device")
    def device_tree(self, row: Session) -> SafeString:
        """Show the device."""
        return tree(row.device)

    @admin.display(description="System")
    def os_tree(self, row: Session) -> SafeString:
        """Show the operating system."""
        return tree(row.os)

    @admin.display(description="Application")
    def app_tree(self, row: Session) -> SafeString:
        """Show the application."""
        return tree(row.app)

    @admin.display(description="Context")
    def context_tree(self, row: Session) -> SafeString:
        """Show what the client said of itself."""
        return tree(row.context)

    @admin.display(description="Properties")
    def properties_tree(self, row: Session) -> SafeString:
        """Show the session's properties."""
        return tree(row.properties)

    @admin.display(description="In order")
    def events_shown(self, row: Session) -> SafeString:
        """List the events in order, by the index on the profile's events where there is a profile."""
        whose = ledger.belonging_to(ledger.living_id(row.profile_id)) if row.profile_id else Q(profile_id=None)
        events = Event.objects.filter(whose, session_id=row.id).order_by("time", "id")
        rows = ((moment(event.time), link("events_event", event.id, event.type)) for event in events[:N_EVENTS])
        return format_html_join("", '<dl class="cdp-tree"><dt>{}</dt><dd>{}</dd></dl>', rows) or NOTHING
