"""Connections: other systems, whether we reach them, what waits for them, and who uses them."""

from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.db import transaction
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import action

from apps.bridges import backlog, connections, releasing
from apps.bridges.admin import connection_form
from apps.bridges.admin.connection_form import LIVE, TEST, kind_title, names_of
from apps.bridges.connection_kind import WORDS, Report, kinds
from apps.bridges.connections import InUse, NoTestSettings
from apps.bridges.models import Connection, Delivery
from apps.bridges.users import users_of
from apps.core import audit
from apps.core.admin.choosing import OfKinds
from apps.core.admin.deleting import DeletedByName
from apps.core.admin.settings_form import SCRIPT
from apps.core.admin.shown import NOTHING, badge, page_address
from apps.core.encryption import Unreadable
from apps.core.ids import as_uuid
from apps.core.mistakes import DefinitionError
from apps.core.typed_settings import SettingsError

COLOURS: Final = {"well": "green", "doubt": "amber", "failed": "red"}


class KindFilter(admin.SimpleListFilter):
    """The connections of one kind."""

    title = "kind"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer all kinds, as people call them."""
        return [(key, kind.title) for key, kind in kinds.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Connection]) -> QuerySet[Connection]:
        """Narrow the list."""
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(Connection)
class ConnectionAdmin(OfKinds, DeletedByName):
    """Other systems, and what lets us in."""

    kinds = kinds
    question = "What is to be reached?"
    list_display = ("name", "kind_shown", "leads_to", "state", "waiting")
    list_filter = ("is_enabled", KindFilter)
    list_filter_submit = True
    search_fields = ("name",)
    ordering = ("name",)
    readonly_fields = ("state", "waiting", "used_by")
    empty_list = "No connection yet. Add the mail server or the system that flows are to write to."
    warn_unsaved_form = True
    actions_detail = ("try_it", "release")
    form_of = staticmethod(connection_form.form_of)

    class Media:
        js = (SCRIPT,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Connection]:
        """Count what waits for each, in the same statement."""
        its = Delivery.objects.filter(connection_id=OuterRef("pk"), due_at__isnull=False).order_by()
        counted = Subquery(its.values("connection_id").annotate(n=Count("pk")).values("n"))
        found: QuerySet[Connection] = super().get_queryset(request).annotate(n_waiting=counted)
        return found

    def get_fieldsets(self, request: HttpRequest, obj: Connection | None = None) -> Any:
        """Show what the kind asks for, and how it goes once it is there."""
        kind = self.kind_of(request, obj)
        sends = kind not in kinds or kinds[kind].sends
        shown = ("state", "waiting", "used_by") if sends else ("state", "used_by")
        how = shown if obj else ()
        if kind not in kinds:
            return [(None, {"fields": ("name", "is_enabled", *how)})]
        return [
            (None, {"fields": ("name", "is_enabled", *how)}),
            (kinds[kind].title, {"fields": names_of(kind, LIVE), "description": kinds[kind].about}),
            ("Settings for tests", {"fields": ("tests_send", *names_of(kind, TEST))}),
            *([("How fast", {"fields": ("rate_per_sec", "in_flight")})] if sends else []),
        ]

    def save_model(self, request: HttpRequest, obj: Connection, form: Any, change: Any) -> None:
        """Save, and note that a secret was replaced, which is nowhere else."""
        connections.save(obj)
        if change and form is not None and form.typed_secrets:
            self.record("rekeyed", request, obj, fields=form.typed_secrets)

    def delete_model(self, request: HttpRequest, obj: Connection) -> None:
        """Delete it, unless somebody has begun to use it meanwhile."""
        connections.delete(obj)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Say so where it was used in the last moment."""
        try:
            return super().delete_view(request, object_id, extra_context)
        except InUse as error:
            self.message_user(request, f"It was not deleted. {error}", messages.ERROR)
            return HttpResponseRedirect(page_address("bridges_connection", unquote(object_id)))

    def consequences(self, obj: Connection) -> Iterator[str]:
        """Say what stays."""
        yield "Its settings and its secrets are gone."
        yield "What was delivered by it stays on record, until that is forgotten."

    def obstacles(self, obj: Any) -> Iterator[str]:
        """Say what needs it."""
        yield from connections.obstacles(obj)

    @action(description="Test", url_path="test", icon="network_check", permissions=["change"])
    def try_it(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Try it now, and say of each part how it went."""
        row = get_object_or_404(Connection, pk=unquote(object_id))
        shown = {**self.admin_site.each_context(request), "title": f"Test: {row}", "opts": self.opts, "row": row}
        if request.method == "POST":
            is_test = "test" in request.POST
            # By itself, and before: somebody else is asked, and nothing of ours is changed.
            audit.record_by_itself(
                "tested", actor=audit.actor_of(request), at=timezone.now(), object=row, name=row.name
            )
            report, problem = _tried(row, is_test=is_test)
            shown |= {"report": report, "problem": problem, "lines": lines_of(report), "is_test": is_test}
            shown["outcome"] = connections.outcome_of(row, report)
        return render(request, "bridges/try_it.html", shown)

    @action(description="Go on", url_path="release", icon="play_arrow", permissions=["release"])
    def release(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let one that is held, or rests, send again."""
        row = get_object_or_404(self.get_queryset(request), pk=unquote(object_id))
        if request.method == "POST":
            with transaction.atomic():
                releasing.release(row, now=timezone.now())
                self.record("released", request, row)
            self.message_user(request, f"{row} sends again.", messages.SUCCESS)
            return HttpResponseRedirect(page_address("bridges_connection", row.pk))
        shown = {**self.admin_site.each_context(request), "title": f"Go on: {row}", "opts": self.opts}
        shown |= {"row": row, "is_resting": _is_resting(row), "n_expired": backlog.n_expired(row) if row.held_at else 0}
        return render(request, "bridges/release.html", shown)

    def has_release_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Offer it for what sends."""
        id = as_uuid(str(object_id or ""))
        row = Connection.objects.filter(pk=id).first() if id else None
        return bool(self.has_change_permission(request, row)) and (row is None or _sends(row))

    @admin.display(description="Kind", ordering="kind")
    def kind_shown(self, row: Connection) -> str:
        """Show what it is."""
        return kind_title(row)

    @admin.display(description="Leads to")
    def leads_to(self, row: Connection) -> str | SafeString:
        """Show where it leads, without anything secret."""
        try:
            return connections.kind_of(row).leads_to(connections.opened(row))
        except (DefinitionError, SettingsError, Unreadable):
            return NOTHING

    @admin.display(description="State")
    def state(self, row: Connection) -> SafeString:
        """Show whether what is to be sent arrives."""
        if not row.is_enabled:
            return badge("off", "grey")
        try:
            connections.opened(row)
        except (DefinitionError, SettingsError, Unreadable) as error:
            return format_html("{} {}", badge("cannot send" if _sends(row) else "cannot be used", "red"), str(error))
        if row.held_at:
            return format_html("{} {}", badge("held", "red"), row.held_because)
        if _is_resting(row):
            until = timezone.localtime(row.rests_until)
            said = f"It failed {row.failures:,} times."
            return format_html("{} {}", badge(f"rests until {until:%H:%M:%S}", "amber"), said)
        return badge("on", "green")  # whether it would be let in, a test tells

    @admin.display(description="Waits", ordering="n_waiting")
    def waiting(self, row: Any) -> str | SafeString:
        """Show how much waits to be sent by it."""
        if not row.n_waiting:
            return NOTHING
        asked = urlencode({"connection": row.pk, "outcome": Delivery.Outcome.WAITING})
        address = f"{reverse('admin:bridges_delivery_changelist')}?{asked}"
        return format_html('<a class="cdp-link" href="{}">{}</a>', address, f"{row.n_waiting:,}")

    @admin.display(description="Used by")
    def used_by(self, row: Connection) -> SafeString | str:
        """Show what sends, or reads, by it."""
        found = [(user.address or "#", user.title) for user in users_of(row)]
        return format_html_join(", ", '<a class="cdp-link" href="{}">{}</a>', found) if found else "nobody yet"


def _sends(row: Connection) -> bool:
    return row.kind not in kinds or kinds[row.kind].sends


def _is_resting(row: Connection) -> bool:
    return row.rests_until is not None and row.rests_until > timezone.now()


def _tried(row: Connection, *, is_test: bool) -> tuple[Report, str]:
    try:
        return connections.tried(row, is_test=is_test), ""
    except (DefinitionError, SettingsError, NoTestSettings, Unreadable) as error:
        return Report(), str(error)


def lines_of(report: Report) -> list[tuple[Any, SafeString, str]]:
    """Return each part of a try with how it went, and a sentence."""
    found = report.findings
    return [(each.part.label, badge(WORDS[each.state], COLOURS[each.state]), each.told) for each in found]
