"""Sources and tracked links: what developers set up."""

from collections.abc import Iterator
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.humanize.templatetags.humanize import naturaltime
from django.db import models
from django.db.models import QuerySet, Value
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from apps.core.admin.base import ModelAdmin
from apps.core.admin.deleting import DeletedByName, counted
from apps.core.admin.shown import NOTHING, badge, copyable, moment
from apps.events.admin.event_type_named import known_type
from apps.events.models import IdentificationPoint, Redirect, Source, latest_arrival
from apps.profiles.admin.consent import ConsentsField

KIND_COLOURS = {"api": "blue", "webhook": "green", "redirect": "amber"}


class Addressed(ModelAdmin):
    """Pages that show addresses of ours, to be published."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Let each row know under which address the operator sees us: requests share everything else."""
        host = Value(f"{request.scheme}://{request.get_host()}")
        rows: QuerySet[Any] = super().get_queryset(request).annotate(host=host)
        return rows


def _click_address(host: str, link: Redirect) -> str:
    """Return where people click, to go on to where the link leads."""
    return host + reverse("redirect", args=[link.pk])


@admin.register(Source)
class SourceAdmin(DeletedByName, Addressed):
    """Where events come from, and how to send them."""

    list_display = ("name", "kind_shown", "channel", "state", "latest", "key")
    search_fields = ("name", "write_key")
    readonly_fields = ("id", "key", "latest", "how_to_send")
    warn_unsaved_form = True
    fieldsets = (
        (None, {"fields": ("name", "description", "kind", "channel", "is_enabled")}),
        ("How to send", {"fields": ("key", "id", "latest", "how_to_send")}),
        ("Who may send", {"fields": ("allowed_origins", "bots", "trusts_ids")}),
        ("What is kept", {"fields": ("required_consents", "is_ephemeral", "is_asynchronous")}),
        ("Webhooks", {"fields": ("creates_profiles", "profile_id_path", "session_id_path", "message_id_path")}),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Source | None = None) -> Any:
        """Show how to send once there is something to send to, and what only webhooks have to webhooks alone."""
        if obj is None:
            left_out = "How to send"
        else:
            left_out = "" if obj.kind == Source.Kind.WEBHOOK else "Webhooks"
        return [part for part in self.fieldsets if part[0] != left_out]

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

    @admin.display(description="Snippets")
    def how_to_send(self, row: Any) -> SafeString:
        """Show what to paste, with this source's ids and this server's address."""
        link = row.redirects.first()
        context = {"source": row, "host": row.host, "click": link and _click_address(row.host, link)}
        return mark_safe(render_to_string("events/snippets.html", context))  # noqa: S308 - the template escapes


class RedirectForm(forms.ModelForm[Redirect]):
    """Where a tracked link leads, and the event that a click is."""

    class Meta:
        model = Redirect
        fields = ("event_type",)  # the page names all of them
        help_texts: ClassVar = {"event_type": "Of clicks from now on; those that came before keep theirs."}

    def clean_event_type(self) -> str:
        """Refuse a type that there is not: nobody would find the clicks."""
        return known_type(self, "event_type")


@admin.register(Redirect)
class RedirectAdmin(Addressed):
    """Tracked links."""

    form = RedirectForm
    list_display = ("name", "url", "event_type", "is_enabled", "address")
    search_fields = ("name", "url")
    readonly_fields = ("address",)
    fields = ("name", "source", "url", "event_type", "properties", "is_enabled", "address")
    list_select_related = ("source",)
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}

    @admin.display(description="Address to publish")
    def address(self, row: Any) -> SafeString:
        """Show what people click, to copy."""
        return copyable(_click_address(row.host, row)) if row.created_at else NOTHING
