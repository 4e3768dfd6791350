"""What waits, and what failed: 'nothing arrives' must explain itself."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.safestring import SafeString

from apps.core.admin.browser import Browser
from apps.core.admin.shown import badge, json_text, link, moment
from apps.events import internal
from apps.events.models import InboxItem, Source
from apps.events.store import inbox


class DeadLetters(admin.SimpleListFilter):
    """What was given up, by its partial index."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer what was given up."""
        return [("dead", "Dead letters")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[InboxItem]) -> QuerySet[InboxItem]:
        """Narrow the list."""
        return queryset.filter(dead_at__isnull=False) if self.value() == "dead" else queryset


class OfSource(Browser):
    """Rows that name a source, which may be gone."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Read the names of the sources with the rows: no foreign key leads there."""
        name = Source.objects.filter(pk=OuterRef("source_id")).values("name")
        rows: QuerySet[Any] = super().get_queryset(request).annotate(source_name=Subquery(name))
        return rows

    @admin.display(description="Source")
    def source(self, row: Any) -> str:
        """Link to where it came in; the platform itself has no page."""
        if row.source_id == internal.SOURCE_ID:
            return internal.NAME
        return link("events_source", row.source_id, row.source_name)


N_TOLD = 100  # the inbox may be full of what failed for one reason


@admin.register(InboxItem)
class InboxItemAdmin(OfSource):
    """Requests that were accepted and wait, or that failed on their own: dead letters."""

    empty_list = "All that was accepted has been processed."
    list_display = ("id", "dialect", "source", "received", "state", "error")
    list_filter = (DeadLetters,)
    actions = ["release"]
    fieldsets = (
        ("Body", {"fields": ("body_shown",)}),
        ("Request", {"classes": ("side",), "fields": ("dialect", "source", "received", "state", "attempts", "error")}),
    )

    @admin.action(description="Try again", permissions=["release"])
    def release(self, request: HttpRequest, queryset: QuerySet[InboxItem]) -> None:
        """Give what was set aside back to the ingest process; what is done already is not repeated."""
        some = [str(pk) for pk in queryset.values_list("pk", flat=True)[:N_TOLD]]
        n_released = inbox.release(queryset)
        self.record_action("released", request, name="requests", n=n_released, ids=some)
        self.message_user(request, f"{n_released} requests will be tried again.", messages.SUCCESS)

    def has_release_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow those who may change the inbox."""
        return request.user.has_perm("events.change_inboxitem")

    @admin.display(description="Received")
    def received(self, row: InboxItem) -> SafeString:
        """Show when it was accepted."""
        return moment(row.received_at)

    @admin.display(description="State")
    def state(self, row: InboxItem) -> SafeString:
        """Show whether it waits, rests before it is tried again, or was given up."""
        if row.dead_at:
            return badge("dead letter", "red")
        return badge("to be retried", "amber") if row.retry_at else badge("waits", "blue")

    @admin.display(description="Body")
    def body_shown(self, row: InboxItem) -> SafeString:
        """Show the request as it came."""
        return json_text(row.body)
