"""The admin's pages of sessions."""

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString

from apps.core.admin.browser import Browser
from apps.core.admin.panels import MAIN, SIDE
from apps.core.admin.shown import badge, copyable, link, moment, tree
from apps.profiles import anonymity
from apps.profiles.admin.privacy import mask
from apps.sessions.anonymity import columns_of
from apps.sessions.models import Session


@admin.register(Session)
class SessionAdmin(Browser):
    """Sessions: where somebody came from, on which device, and what they did."""

    slots = (MAIN, SIDE, "Session")
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
    head_template = "sessions/session_head.html"
    fieldsets = (
        ("Context", {"fields": ("context_tree",)}),
        ("Properties", {"fields": ("properties_tree",)}),
        ("Session", {"classes": ("side",), "fields": ("person", "channel", "state", "lasted", "seen")}),
        (
            "Where from",
            {
                "classes": ("side",),
                "fields": ("referrer", "campaign", "place_shown", "language", "entry_page", "exit_page"),
            },
        ),
        ("Device", {"classes": ("side",), "fields": ("device_tree", "os_tree", "app_tree", "bot")}),
        ("Ids", {"classes": ("side",), "fields": ("id_shown", "client_id")}),
    )

    def mask(self, request: HttpRequest, row: Session) -> None:
        """Show nobody to those who may not see personal data."""
        mask(request, row, columns_of)
        if row.profile:
            mask(request, row.profile, anonymity.masked_columns_of)

    @admin.display(description="Started")
    def started(self, row: Session) -> SafeString:
        """Show when it began."""
        return moment(row.started_at)

    @admin.display(description="Last seen")
    def seen(self, row: Session) -> SafeString:
        """Show the time of the latest event."""
        return moment(row.last_seen_at)

    @admin.display(description="Bot")
    def bot(self, row: Session) -> SafeString:
        """Show whether the device belongs to a machine."""
        return tree(row.is_bot)

    @admin.display(description="Id")
    def id_shown(self, row: Session) -> SafeString:
        """Show the id, to copy."""
        return copyable(row.id)

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
        """Say what brought them, in a few words."""
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
