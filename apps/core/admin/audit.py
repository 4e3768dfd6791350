"""The audit log, to look at."""

from django.apps import apps as django_apps
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch
from django.utils.safestring import SafeString

from apps.core.admin.browser import Browser
from apps.core.admin.shown import NOTHING, badge, link, moment, tree
from apps.core.models import AuditEntry


@admin.register(AuditEntry)
class AuditEntryAdmin(Browser):
    """Who did what, the latest first; nobody can change it here."""

    list_display = ("when", "actor_name", "action_shown", "object_shown", "details_shown", "ip")
    search_fields = ("object_id",)
    search_help_text = "A user's name, or the id of an object: the whole of it"
    fieldsets = (
        ("What was done", {"fields": ("action_shown", "object_shown", "details_shown")}),
        ("By whom", {"classes": ("side",), "fields": ("when", "actor_name", "actor", "ip")}),
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[AuditEntry], search_term: str
    ) -> tuple[QuerySet[AuditEntry], bool]:
        """Find by whole names or ids: each has an index."""
        term = search_term.strip()
        return (queryset.filter(Q(object_id=term) | Q(actor_name=term)) if term else queryset), False

    @admin.display(description="When")
    def when(self, row: AuditEntry) -> SafeString:
        """Show when it was done."""
        return moment(row.at)

    @admin.display(description="Action")
    def action_shown(self, row: AuditEntry) -> SafeString:
        """Show what was done."""
        return badge(row.action, "amber" if row.action in ("deleted", "erased", "anonymised") else "blue")

    @admin.display(description="Object")
    def object_shown(self, row: AuditEntry) -> SafeString | str:
        """Link to what it was done to, where that has a page."""
        if not row.object_id:
            return NOTHING
        name = row.details.get("name") or row.object_id
        try:
            kind = django_apps.get_model(row.object_type)._meta.verbose_name
            return link(row.object_type.replace(".", "_"), row.object_id, f"{kind} {name}")
        except (LookupError, ValueError, NoReverseMatch):  # of an older version, or without a page
            return f"{row.object_type} {name}"

    @admin.display(description="Details")
    def details_shown(self, row: AuditEntry) -> SafeString:
        """Show the rest, the name aside, which the object already shows."""
        return tree({name: value for name, value in row.details.items() if name != "name"})
