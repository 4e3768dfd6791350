"""Sources: where events come from, and how they are sent."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from django.contrib import admin
from django.contrib.humanize.templatetags.humanize import naturaltime
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from apps.core.admin import panels
from apps.core.admin.deleting import DeletedByName, counted
from apps.core.admin.settings_form import SCRIPT
from apps.core.admin.shown import NOTHING, badge, copyable, moment
from apps.core.encryption import Unreadable
from apps.core.typed_settings import SettingsError
from apps.events import webhook_signing
from apps.events.admin.addressed import Addressed, click_address
from apps.events.admin.source_form import SIGNING, WEBHOOKS, SourceForm
from apps.events.admin.webhook_example import example
from apps.events.models import IdentificationPoint, RefusalCount, Source, latest_arrival
from apps.events.webhook_signing import Signing
from apps.profiles.admin.consent import ConsentsField

RECENT: Final = timedelta(days=30)  # refusals that still say something
KIND_COLOURS = {"api": "blue", "webhook": "green", "redirect": "amber", "bridge": "grey"}


@admin.register(Source)
class SourceAdmin(DeletedByName, Addressed):
    """Where events come from, and how to send them."""

    slots = (*DeletedByName.slots, panels.HEAD, panels.COLUMNS)
    form = SourceForm
    list_display = ("name", "kind_shown", "channel", "state", "latest", "key")
    search_fields = ("name", "write_key")
    readonly_fields = ("id", "key", "latest", "latest_refusal", "how_to_send")
    warn_unsaved_form = True
    change_form_outer_before_template = "core/head.html"
    fieldsets = (
        (None, {"fields": ("name", "description", "kind", "channel", "is_enabled")}),
        ("How to send", {"fields": ("key", "id", "latest", "latest_refusal", "how_to_send")}),
        ("Who may send", {"fields": ("allowed_origins", "allowed_networks", "bots", "trusts_ids")}),
        ("What proves a message", {"fields": SIGNING}),
        ("What is kept", {"fields": ("required_consents", "is_ephemeral", "is_asynchronous")}),
        ("Whom webhooks are about", {"fields": WEBHOOKS}),
    )

    class Media:
        js = (SCRIPT,)

    def get_fieldsets(self, request: HttpRequest, obj: Source | None = None) -> Any:
        """Show how to send once there is something to send to; what only some kinds have, the page hides."""
        if obj is not None and obj.kind == Source.Kind.BRIDGE:  # nobody sends to it
            arrived = ("What arrives", {"fields": ("id", "latest", "latest_refusal")})
            return [arrived if part[0] == "How to send" else part for part in self.fieldsets]
        return [part for part in self.fieldsets if obj is not None or part[0] != "How to send"]

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Return the columns, with those that other apps add."""
        added = [(column.order, column) for column in panels.shown(Source, panels.COLUMNS, request)]
        return panels.in_order(self.list_display, added)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], **options: Any) -> HttpResponse:
        """Add what other apps show above the form."""
        row = options.get("obj")
        context["head"] = [each(row) for each in panels.shown(Source, panels.HEAD, request)] if row else []
        found: HttpResponse = super().render_change_form(request, context, **options)
        return found

    def save_model(self, request: HttpRequest, obj: Source, form: Any, change: Any) -> None:
        """Save, and note that a secret was replaced, which is nowhere else."""
        super().save_model(request, obj, form, change)
        if change and form is not None and form.typed_secrets:
            self.record("rekeyed", request, obj, fields=form.typed_secrets)

    def formfield_for_dbfield(self, db_field: models.Field[Any, Any], request: HttpRequest, **kwargs: Any) -> Any:
        """Offer the consent types."""
        if db_field.name == "required_consents":
            return ConsentsField(required=False, label="Required consents", help_text=db_field.help_text)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Source]:
        """Read when each one's latest event arrived."""
        sources: QuerySet[Source] = super().get_queryset(request).annotate(latest_at=latest_arrival())
        return sources

    def consequences(self, obj: Any) -> Iterator[str]:
        """Say who is still sending, and what goes along."""
        latest = f"The latest event came {naturaltime(obj.latest_at)}." if obj.latest_at else "It never sent an event."
        yield f"{latest} Whoever sends with its write key or id is refused (401) from then on."
        points = IdentificationPoint.objects.filter(source=obj).count()
        if n_links := obj.redirects.count():
            yield f"{counted(n_links, 'tracked link')} of it are deleted: whoever clicks one finds nothing."
        if points:
            yield f"{counted(points, 'identification point')} for its events alone are deleted."
        yield "Its events, and what they told about people, stay."

    @admin.display(description="Kind")
    def kind_shown(self, row: Source) -> SafeString:
        """Show the kind."""
        return badge(row.get_kind_display(), KIND_COLOURS.get(row.kind, "grey"))

    @admin.display(description="State")
    def state(self, row: Source) -> SafeString:
        """Show whether it is on."""
        return badge("on", "green") if row.is_enabled else badge("off", "red")

    @admin.display(description="Write key")
    def key(self, row: Source) -> SafeString:
        """Show the write key, to copy."""
        return copyable(row.write_key)

    @admin.display(description="Latest event")
    def latest(self, row: Any) -> SafeString:
        """Show when the latest event arrived."""
        return moment(row.latest_at) if row.latest_at else badge("waiting for the first event", "amber")

    @admin.display(description="Latest refusal")
    def latest_refusal(self, row: Source) -> SafeString:
        """Show what was refused last, and why, for who wonders why nothing arrives."""
        recent = RefusalCount.objects.filter(source_id=row.pk, day__gte=timezone.now() - RECENT)
        found = recent.order_by("-last_at").first()
        if found is None:
            return NOTHING
        return format_html("{} {} {}", moment(found.last_at), badge(found.code, "red"), found.message)

    @admin.display(description="Snippets")
    def how_to_send(self, row: Any) -> SafeString:
        """Show what to paste, with this source's ids and this server's address."""
        link = row.redirects.first()
        context = {"source": row, "host": row.host, "click": link and click_address(row.host, link)}
        if row.kind == Source.Kind.WEBHOOK:
            context["example"] = example(f"{row.host}/collect/invoice-paid/{row.pk}", _signing_of(row))
        return mark_safe(render_to_string("events/snippets.html", context))  # noqa: S308 - the template escapes


def _signing_of(row: Source) -> Signing:
    try:
        return webhook_signing.opened(row.signing, row.signing_secrets)
    except (SettingsError, Unreadable):  # the secret is to be entered anew
        return webhook_signing.opened({}, "")
