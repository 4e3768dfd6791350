"""Runs of heartbeats, to look at."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from apps.core.admin.browser import Browser
from apps.core.admin.named_filter import NamedFilter
from apps.core.admin.shown import link, moment, rows
from apps.heartbeats.admin import shown
from apps.heartbeats.models import Heartbeat, HeartbeatRun


class HeartbeatFilter(NamedFilter):
    """The runs of one heartbeat, by the index of its history."""

    title = "heartbeat"
    parameter_name = "heartbeat"
    model = Heartbeat


class OutcomeFilter(admin.SimpleListFilter):
    """What came of runs: most have nothing to say."""

    title = "outcome"
    parameter_name = "outcome"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer what one looks for."""
        return [("said", "Said something"), ("failed", "Failed")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[HeartbeatRun]) -> QuerySet[HeartbeatRun]:
        """Narrow the list."""
        match self.value():
            case "said":
                return queryset.filter(n_said__gt=0)
            case "failed":
                return queryset.exclude(error="")
        return queryset


@admin.register(HeartbeatRun)
class HeartbeatRunAdmin(Browser):
    """The history of heartbeats, the latest run first; it goes back thirty days."""

    empty_list = "No heartbeat has run yet."
    list_display = ("began", "heartbeat_shown", "trigger_shown", "took", "due", "said", "suppressed", "outcome_shown")
    list_filter = (HeartbeatFilter, OutcomeFilter)
    list_filter_submit = True
    list_select_related = ("heartbeat",)
    fieldsets = (
        ("Figures", {"fields": ("figures",)}),
        ("Run", {"classes": ("side",), "fields": ("heartbeat_shown", "trigger_shown", "began", "ended", "took")}),
        ("Outcome", {"classes": ("side",), "fields": ("outcome_shown",)}),
    )

    def prepare(self, request: HttpRequest, rows: list[Any]) -> None:
        """Tell rows who looks at them: not everybody is led to whom they spoke of."""
        for row in rows:
            row.user = request.user

    @admin.display(description="Began")
    def began(self, row: HeartbeatRun) -> SafeString:
        """Show when it began."""
        return moment(row.started_at)

    @admin.display(description="Ended")
    def ended(self, row: HeartbeatRun) -> SafeString:
        """Show when it ended."""
        return moment(row.finished_at)

    @admin.display(description="Heartbeat")
    def heartbeat_shown(self, row: HeartbeatRun) -> SafeString:
        """Link to what ran."""
        return link("heartbeats_heartbeat", row.heartbeat_id, row.heartbeat)

    @admin.display(description="Began by")
    def trigger_shown(self, row: HeartbeatRun) -> SafeString | str:
        """Say what began it."""
        return shown.trigger(row)

    @admin.display(description="Took")
    def took(self, row: HeartbeatRun) -> str:
        """Say how long it took."""
        return shown.took(row)

    @admin.display(description="Due")
    def due(self, row: HeartbeatRun) -> str:
        """Show how many were to be spoken of."""
        return shown.due(row)

    @admin.display(description="Said")
    def said(self, row: Any) -> SafeString | str:
        """Link to what it said."""
        return shown.said(row, row.user)

    @admin.display(description="Suppressed")
    def suppressed(self, row: HeartbeatRun) -> str:
        """Show of how many nothing had to be said."""
        return f"{row.n_suppressed:,}"

    @admin.display(description="Outcome")
    def outcome_shown(self, row: HeartbeatRun) -> SafeString:
        """Show what became of it."""
        return shown.outcome(row)

    @admin.display(description="Figures")
    def figures(self, row: Any) -> SafeString:
        """Show what it saw, and what came of it."""
        behind = f"{row.lag_secs:,.0f} s behind, as events were waiting" if row.lag_secs >= 1 else ""
        return rows(
            [
                ("Looked at", f"{row.n_seen:,}", "silent for long enough"),
                ("Due", shown.due(row), "of those of whom it speaks, not told before"),
                ("Said", shown.said(row, row.user), ""),
                ("Suppressed", f"{row.n_suppressed:,}", "their client had said so, or nobody is known"),
                ("Clock", moment(row.clock), behind),
            ]
        )
