"""Notification channels: who is told, whether it goes well, and a try."""

from collections.abc import Iterator
from typing import Any, Final

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import action

from apps.alerts import delivery, notices
from apps.alerts.admin import channel_form
from apps.alerts.admin.channel_form import masked
from apps.alerts.delivery import DeliveryError, channel_kinds
from apps.alerts.models import Channel
from apps.core import audit
from apps.core.admin.choosing import OfKinds
from apps.core.admin.deleting import DeletedByName, counted
from apps.core.admin.shown import NOTHING, badge, moment, page_address

# What the audit log would not have, as it has no values of either.
RECORDED: Final = {"web_address": "redirected", "renews_secret": "rekeyed"}


@admin.register(Channel)
class ChannelAdmin(OfKinds, DeletedByName):
    """Who is told."""

    kinds = channel_kinds
    question = "How are people to be told?"
    list_display = ("name", "kind_shown", "to_shown", "state", "latest")
    search_fields = ("name",)
    ordering = ("name",)
    readonly_fields = ("state", "latest")
    empty_list = "Nobody is told of anything yet. Add a mailbox, a webhook or a room of Slack."
    actions_detail = ("send_a_test",)
    form_of = staticmethod(channel_form.form_of)
    warn_unsaved_form = True

    def get_fieldsets(self, request: HttpRequest, obj: Channel | None = None) -> Any:
        """Show what the kind has."""
        kind = channel_kinds.get(self.kind_of(request, obj))
        to = "recipients" if kind is None or kind.has_recipients else "web_address"
        secret = ("renews_secret",) if kind and kind.has_secret and obj else ()
        return [(None, {"fields": ("name", "is_enabled", to, *secret, *(("state", "latest") if obj else ()))})]

    def save_model(self, request: HttpRequest, obj: Channel, form: Any, change: Any) -> None:
        """Save, and show a secret that was made, this once."""
        super().save_model(request, obj, form, change)
        for name, verb in RECORDED.items():
            if change and form is not None and name in form.changed_data:
                self.record(verb, request, obj)
        if form is not None and form.made_secret:
            told = "Copy the secret now, it is never shown again: <code class='cdp-copy'>{}</code>"
            messages.warning(request, format_html(told, form.made_secret))

    @action(description="Send a test", url_path="test", icon="send", permissions=["change"])
    def send_a_test(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Send something that says that nothing is wrong, and tell what came of it."""
        channel = get_object_or_404(Channel, pk=unquote(object_id))
        if request.method == "POST":
            # By itself, and before: an address is asked, and nothing of ours is changed.
            audit.record_by_itself(
                "tested", actor=audit.actor_of(request), at=timezone.now(), object=channel, name=channel.name
            )
            try:
                delivery.send(channel, notices.try_of(channel))
            except DeliveryError as error:
                self.message_user(request, f"It was not sent. {error}", messages.ERROR)
            else:
                self.message_user(request, "It was sent. Look whether it has arrived.", messages.SUCCESS)
            return HttpResponseRedirect(page_address("alerts_channel", channel.pk))
        shown = {**self.admin_site.each_context(request), "title": f"Send a test: {channel}", "opts": self.opts}
        return render(request, "alerts/send_a_test.html", {**shown, "channel": channel, "to": _to(channel)})

    def consequences(self, obj: Channel) -> Iterator[str]:
        """Say who is told instead."""
        n_chosen = obj.alerts.count()
        if n_chosen:
            yield f"{counted(n_chosen, 'alert')} chose it. One that chose no other tells all channels from then on."
        yield "What is still to be sent by it, and what was, is deleted."

    @admin.display(description="Kind")
    def kind_shown(self, row: Channel) -> str:
        """Show how people are told."""
        return channel_kinds[row.kind].title if row.kind in channel_kinds else row.kind

    @admin.display(description="To")
    def to_shown(self, row: Channel) -> str:
        """Show whom it reaches, as far as that is no secret."""
        return _to(row)

    @admin.display(description="State")
    def state(self, row: Channel) -> SafeString:
        """Show whether what is to be sent arrives."""
        if not row.is_enabled:
            return badge("off", "grey")
        lacks = channel_kinds[row.kind].lacks() if row.kind in channel_kinds else ""
        if lacks:
            return format_html("{} {}", badge("cannot send", "red"), lacks)
        waiting = row.notifications.filter(due_at__isnull=False).exclude(error="").order_by("-created_at").first()
        if waiting:
            return format_html("{} {}", badge("is tried again", "red"), waiting.error)
        return badge("on", "green")

    @admin.display(description="Latest notification")
    def latest(self, row: Channel) -> SafeString:
        """Show when something was sent last."""
        latest = row.notifications.filter(sent_at__isnull=False).order_by("-sent_at").first()
        return moment(latest.sent_at) if latest else NOTHING


def _to(channel: Channel) -> str:
    return ", ".join(channel.recipients.split()) or masked(channel)
