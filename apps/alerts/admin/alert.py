"""Alerts: what is watched, whether all is well now, what was found before, and a pause for who knows already."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.db import models, transaction
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import action
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from apps.alerts import notifying
from apps.alerts.admin import alert_form
from apps.alerts.models import Alert, Channel
from apps.alerts.symptoms import Shape, kinds
from apps.collector.health import SILENT_SECS
from apps.core import beats, commands
from apps.core.admin.choosing import OfKinds
from apps.core.admin.deleting import DeletedByName, counted
from apps.core.admin.shown import badge, moment, page_address

SEVERITY_COLOURS: Final = {"info": "blue", "warning": "amber", "critical": "red"}
PAUSES: Final = {1: "One hour", 8: "Eight hours", 24: "A day", 168: "A week"}
N_LATEST: Final = 5  # incidents above the form
N_SHOWN: Final = 50  # with those that unfold below them
OPEN: Final = Q(incidents__opened_at__isnull=False, incidents__recovered_at=None)
NOBODY_EVALUATES: Final = (
    "Nothing is being watched: no process evaluates alerts. {start} A crontab does it, too: docs/operations.md."
)
NO_CHANNEL: Final = (
    "Nobody is told: there is no notification channel yet that is on. Incidents are shown here, and at home."
)


@admin.register(Alert)
class AlertAdmin(OfKinds, DeletedByName):
    """What is watched."""

    kinds = kinds
    question = "What is to be watched?"
    list_display = ("name", "kind_shown", "severity_shown", "state", "looked")
    list_filter = ("severity", "is_enabled")
    list_filter_submit = True
    search_fields = ("name",)
    ordering = ("name",)
    readonly_fields = ("state", "looked")
    empty_list = "Nothing is watched. Add what you want to be told of."
    warn_unsaved_form = True
    actions_detail = ("mute",)
    form_of = staticmethod(alert_form.form_of)
    change_form_before_template = "alerts/incidents.html"
    list_before_template = "alerts/warnings.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Alert]:
        """Count what is open."""
        found: QuerySet[Alert] = super().get_queryset(request).annotate(n_open=Count("incidents", filter=OPEN))
        return found

    def get_fieldsets(self, request: HttpRequest, obj: Alert | None = None) -> Any:
        """Show what the kind has, and how it is once it exists."""
        kind = kinds.get(self.kind_of(request, obj))
        params = tuple(param.name for param in kind.params) if kind else ()
        return [
            (None, {"fields": ("name", "severity", "is_enabled", *(("state", "looked") if obj else ()))}),
            *([("What is watched", {"fields": params, "description": kind.about})] if kind and params else []),
            ("When it is told", {"fields": ("for_minutes", "recovery_minutes", "remind_hours", "muted_until")}),
            ("Who is told, and of what", {"fields": ("channels", "description")}),
        ]

    def formfield_for_dbfield(self, db_field: models.Field[Any, Any], request: HttpRequest, **kwargs: Any) -> Any:
        """Offer channels to be ticked, and refuse reminders without a pause."""
        if db_field.name == "channels":
            kwargs["widget"] = UnfoldAdminCheckboxSelectMultipleWidget()
            kwargs["queryset"] = Channel.objects.order_by("name")
            return db_field.formfield(**kwargs)
        if db_field.name == "remind_hours":
            kwargs["min_value"] = 1
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Say above the list why nobody would be told."""
        response: HttpResponse = super().changelist_view(request, {**(extra_context or {}), "warnings": _warnings()})
        return response

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show above the form what was found lately, and who was told of it."""
        alert = self.get_object(request, unquote(object_id))
        shown = {**(extra_context or {}), "warnings": _warnings()}
        if alert:
            incidents = alert.incidents.filter(opened_at__isnull=False).order_by("-id")
            found = list(incidents.prefetch_related("notifications__channel")[:N_SHOWN])
            shown |= {"incidents": found[:N_LATEST], "earlier_incidents": found[N_LATEST:]}
            shown["told"] = notifying.channels_of(alert)
            shown["is_muted"] = alert.is_muted(timezone.now())
        response: HttpResponse = super().change_view(request, object_id, form_url, shown)
        return response

    @action(description="Mute", url_path="mute", icon="notifications_paused", permissions=["change"])
    def mute(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let nobody be told for a while, or let them be told again."""
        alert = get_object_or_404(Alert, pk=unquote(object_id))
        if request.method == "POST":
            hours = request.POST.get("hours", "")
            until = timezone.now() + timedelta(hours=int(hours)) if hours in map(str, PAUSES) else None
            with transaction.atomic():
                Alert.objects.filter(pk=alert.pk).update(muted_until=until)
                self.record("muted" if until else "unmuted", request, alert, **({"hours": int(hours)} if until else {}))
            told = f"Nobody is told of {alert} before {timezone.localtime(until):%Y-%m-%d %H:%M}." if until else ""
            self.message_user(request, told or f"{alert} is told of again.", messages.SUCCESS)
            return HttpResponseRedirect(page_address("alerts_alert", alert.pk))
        shown = {**self.admin_site.each_context(request), "title": f"Mute: {alert}", "opts": self.opts}
        is_muted = alert.is_muted(timezone.now())
        return render(request, "alerts/mute.html", {**shown, "alert": alert, "pauses": PAUSES, "is_muted": is_muted})

    def consequences(self, obj: Alert) -> Iterator[str]:
        """Say what is no longer watched."""
        yield "Nobody is told any more when it happens."
        yield f"Its history is deleted: {counted(obj.incidents.count(), 'incident')}."

    @admin.display(description="Watches")
    def kind_shown(self, row: Alert) -> SafeString:
        """Show what is watched, and from when on it counts."""
        if row.kind not in kinds:
            return format_html("{}", row.kind)
        kind = kinds[row.kind]
        values = kind.values(row.params)
        briefs = [param.brief.format(values[param.name]) for param in kind.params if param.shape is Shape.NUMBER]
        title = "" if kind.title == row.name and briefs else kind.title  # the name stands beside it
        return format_html('{} <small class="cdp-none">{}</small>', title, ", ".join(briefs))

    @admin.display(description="Severity", ordering="severity")
    def severity_shown(self, row: Alert) -> SafeString:
        """Show how bad it is."""
        return badge(row.get_severity_display(), SEVERITY_COLOURS[row.severity])

    @admin.display(description="State")
    def state(self, row: Any) -> SafeString:
        """Show whether all is well."""
        if not row.is_enabled:
            return badge("off", "grey")
        if row.problem:
            return badge(row.problem, "red")
        if row.is_muted(timezone.now()):
            until = timezone.localtime(row.muted_until)
            return badge(f"{row.n_open} open, " * bool(row.n_open) + f"muted until {until:%Y-%m-%d %H:%M}", "blue")
        if row.n_open:
            return badge(f"{row.n_open} open", SEVERITY_COLOURS[row.severity])
        return badge("all is well", "green") if row.looked_at else badge("not looked at yet", "grey")

    @admin.display(description="Looked at", ordering="looked_at")
    def looked(self, row: Alert) -> SafeString:
        """Show when it was evaluated last."""
        return moment(row.looked_at)


def _warnings() -> list[str]:
    """Say why nobody would be told."""
    heard = beats.last().get(beats.Name.ALERTS)
    silence = timedelta(seconds=SILENT_SECS[beats.Name.ALERTS])
    found = (
        [NOBODY_EVALUATES.format(start=commands.start("alerts"))]
        if heard is None or timezone.now() - heard > silence
        else []
    )
    return found if Channel.objects.filter(is_enabled=True).exists() else [*found, NO_CHANNEL]
