"""Bridges: what comes in from other systems, and how it goes."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import DropdownFilter

from apps.core.admin.base import ChangeList
from apps.core.admin.deleting import DeletedByName, counted
from apps.core.admin.settings_form import SCRIPT
from apps.core.admin.shown import link, moment, tree
from apps.inbound import definitions
from apps.inbound.admin import bridge_form, bridge_shown
from apps.inbound.admin.bridge_form import ITS, MAPPING, known_of, names_of
from apps.inbound.admin.bridge_pages import SEES_MESSAGES, BridgePages
from apps.inbound.admin.languages import MESSAGES
from apps.inbound.bridge_kind import BridgeKind, kinds
from apps.inbound.bridge_status import Health, statuses
from apps.inbound.mapping import MappingSettings
from apps.inbound.models import Bridge

STATES = {Health.FAILED: "Nothing comes in", Health.WAITS: "Waits", Health.WELL: "Connected"}


class KindFilter(DropdownFilter):
    """The bridges of one kind."""

    title = "kind"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer all kinds, as people call them."""
        return [(key, kind.title) for key, kind in sorted(kinds.items(), key=lambda item: item[1].order)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Bridge]) -> QuerySet[Bridge]:
        """Narrow the list."""
        return queryset.filter(kind=self.value()) if self.value() else queryset


class StateFilter(DropdownFilter):
    """How they go, by what their processes say: it is in no column, and there are not many bridges."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer what matters of it."""
        return [(health.value, told) for health, told in STATES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Bridge]) -> QuerySet[Bridge]:
        """Narrow the list."""
        if self.value() not in STATES:
            return queryset
        found = statuses(Bridge.objects.all(), now=timezone.now())
        return queryset.filter(pk__in=[pk for pk, status in found.items() if status.health == self.value()])


class BridgeChangeList(ChangeList):
    """A list whose rows know how they go."""

    result_list: Any

    def get_results(self, request: HttpRequest) -> None:
        """Ask for all rows of the page at once."""
        super().get_results(request)
        rows = list(self.result_list)
        found = statuses(rows, now=timezone.now())
        for row in rows:
            row.status = found[row.pk]
            row.sees_dead = request.user.has_perm(SEES_MESSAGES)
        self.result_list = rows


@admin.register(Bridge)
class BridgeAdmin(BridgePages, DeletedByName):
    """What brings messages in, as events of a source."""

    kinds = kinds
    question = "Where do the events come from?"
    list_display = ("name", "kind_shown", "reads", "source_shown", "state", "waits", "rate", "latest", "dead")
    list_filter = (KindFilter, StateFilter)
    list_filter_submit = True
    list_select_related = ("source",)
    search_fields = ("name",)
    ordering = ("name",)
    readonly_fields = ("kind_shown", "reads", "settings_shown")
    empty_list = "No bridge yet. Add one, and let in what a broker, a mailbox, a database or a folder already has."
    warn_unsaved_form = True
    form_of = staticmethod(bridge_form.form_of)
    change_form_outer_before_template = "inbound/status_above.html"
    change_form_after_template = "inbound/preview.html"
    change_form_outer_after_template = "inbound/positions.html"

    class Media:
        js = (SCRIPT,)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[BridgeChangeList]:
        """Let rows know how they go."""
        return BridgeChangeList

    def get_fieldsets(self, request: HttpRequest, obj: Bridge | None = None) -> Any:
        """Show what the kind asks for, and what is made of messages."""
        kind = kinds.get(self.kind_of(request, obj))
        common = ("name", "is_enabled", *(("connection",) if kind and kind.connection_kind else ()), "source")
        may = self.has_change_permission(request, obj) if obj else True
        if kind is None or not may:
            return [(None, {"fields": (*common, "kind_shown", "reads", "settings_shown")})]
        return [
            (None, {"fields": common}),
            (kind.title, {"fields": names_of(kind.settings, ITS), "description": kind.about}),
            ("Messages", {"fields": names_of(MappingSettings, MAPPING), "description": _hints(kind)}),
        ]

    def get_form(self, request: HttpRequest, obj: Any = None, change: Any = False, **kwargs: Any) -> Any:  # noqa: FBT002 - as Django calls it
        """Tell the form who fills it in: they may ask only about what they may see."""
        form = super().get_form(request, obj, change=change, **kwargs)
        form.user = request.user
        return form

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse what tells its reader what they may not see."""
        may = super().has_change_permission(request, obj)
        return may and not (isinstance(obj, Bridge) and _hides(request, obj))

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], **options: Any) -> HttpResponse:
        """Add how it goes, and whether somebody may look at messages."""
        row = options.get("obj")
        if row is not None:
            context |= {**self.status_of(request, row), **bridge_shown.positions(row)}
        kind = kinds.get(self.kind_of(request, row))
        may = self.has_change_permission(request, row) if row else True
        if kind and may:
            context |= {
                "previews": self.kind_of(request, row),
                "may_see_messages": request.user.has_perm(SEES_MESSAGES),
                "kind_title": kind.title,
                "lists_places": kind.places is not None,
            }
        found: HttpResponse = super().render_change_form(request, context, **options)
        return found

    def save_model(self, request: HttpRequest, obj: Bridge, form: Any, change: Any) -> None:
        """Save, with a source of its own where there is to be one."""
        if form is not None and form.makes_a_source:
            source = definitions.source_of_its_own(obj.name)
            source.save()
            self.record("added", request, source)
            obj.source = source
        definitions.save(obj)

    def consequences(self, obj: Bridge) -> Iterator[str]:
        """Say what goes, and what stays."""
        n_dead, n_positions = obj.dead_letters.count(), obj.positions.count()
        yield f"Its events stay, and so does its source {obj.source}, which may be used again."
        yield "Nothing is read any more. The other side keeps what it has, and what it knows of us, such as a group."
        if n_dead:
            yield f"{counted(n_dead, 'dead letter')} of it are gone for good: messages that never became events."
        if n_positions:
            yield f"How far it is in {counted(n_positions, 'place')} is forgotten: another bridge begins anew."
        n_consumers = obj.consumers.count()
        if n_consumers:
            stop = "stops" if n_consumers == 1 else "stop"
            yield f"{counted(n_consumers, 'process', 'processes')} {stop} reading for it within seconds."

    @admin.display(description="Kind", ordering="kind")
    def kind_shown(self, row: Bridge) -> str:
        """Show what it is."""
        return bridge_shown.kind_title(row)

    @admin.display(description="Reads")
    def reads(self, row: Bridge) -> str | SafeString:
        """Show what it reads."""
        return bridge_shown.reads(row)

    @admin.display(description="Source", ordering="source__name")
    def source_shown(self, row: Bridge) -> SafeString:
        """Lead to the source of its events."""
        return link("events_source", row.source_id, row.source)

    @admin.display(description="State")
    def state(self, row: Any) -> SafeString:
        """Show how it goes."""
        return bridge_shown.state(row.status)

    @admin.display(description="Waits")
    def waits(self, row: Any) -> SafeString | str:
        """Show how much waits to be read."""
        return bridge_shown.waiting(row.status)

    @admin.display(description="A second")
    def rate(self, row: Any) -> SafeString | str:
        """Show how fast messages come in."""
        return bridge_shown.rate(row.status)

    @admin.display(description="Last message")
    def latest(self, row: Any) -> SafeString:
        """Show when the last one was stored."""
        return moment(row.status.last_message_at)

    @admin.display(description="Dead letters")
    def dead(self, row: Any) -> SafeString | str:
        """Lead to what could not be taken."""
        return bridge_shown.dead_letters(row, row.status) if row.sees_dead else f"{row.status.n_dead:,}"

    @admin.display(description="Settings")
    def settings_shown(self, row: Bridge) -> SafeString:
        """Show what was set, to those who only look."""
        return tree(bridge_shown.settings_of(row))


def _hides(request: HttpRequest, row: Bridge) -> bool:
    """Tell whether its condition may tell what somebody may not read."""
    return MESSAGES.is_hidden_from(request.user, str(row.mapping.get("condition", "")))


def _hints(kind: BridgeKind) -> SafeString:
    """Say what templates may refer to."""
    lines = format_html_join("", "<div><dt><code>{}</code></dt><dd>{}</dd></div>", known_of(kind))
    said = (
        "What they become. A text such as <code>message@body.order.id</code> stands for what the message has there, "
        "and <code>order-{{{{message@body.order.id}}}}</code> puts it into a text. There are:"
    )
    return format_html(f'{said}<dl class="cdp-rows cdp-known">{{}}</dl>', lines)
