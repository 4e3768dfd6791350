"""What was refused: why, what was sent, and how to send it again; and how often, by day."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.decorators import action
from unfold.widgets import UnfoldAdminTextareaWidget

from apps.collector import accept
from apps.collector.envelope import Envelope
from apps.collector.refused import as_json, printable
from apps.collector.wire import Message
from apps.collector.wire.body import Malformed
from apps.core import reading
from apps.core.admin.shown import NOTHING, badge, moment, snippet
from apps.events import sources
from apps.events.admin.inbox import OfSource
from apps.events.models import RefusalCount, RefusedEvent
from apps.events.store import refusals


class PayloadField(forms.CharField):
    """The body of a request: any JSON."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            widget=UnfoldAdminTextareaWidget(attrs={"rows": 24, "class": "cdp-json", "spellcheck": "false"}), **options
        )

    def prepare_value(self, value: Any) -> Any:
        """Indent what is stored; what is being edited, or was cut short, stays as it is."""
        try:
            return as_json(reading.loads_lax(value), indent=2)
        except (AttributeError, ValueError, RecursionError):  # nothing there, no JSON, or too deep
            return value

    def clean(self, value: Any) -> str:
        """Refuse what is no JSON, with the place."""
        text = super().clean(value)
        try:
            return printable(reading.loads_lax(text))
        except (ValueError, RecursionError) as error:
            raise forms.ValidationError(f"This is no JSON. {reading.told(error)}") from None


class RefusedForm(forms.ModelForm[RefusedEvent]):
    """What was sent, to be fixed: what is saved would be taken now, as far as the event itself can tell."""

    payload = PayloadField(label="What was sent")

    class Meta:
        model = RefusedEvent
        fields = ("payload",)

    def clean_payload(self) -> str:
        """Look at it as the collector does."""
        payload: str = self.cleaned_data["payload"]
        row, body = self.instance, payload.encode()
        source = sources.find(str(row.source_id))
        if source is None:
            raise forms.ValidationError("Its source no longer exists.")
        try:
            parsed = Message(row.dialect, body, Envelope(source, row.received_at, **row.envelope)).parse()
        except Malformed as error:
            raise forms.ValidationError(error.refusal.message) from None
        accept.check(parsed, at=row.received_at)
        if parsed.refusals:
            raise forms.ValidationError([refusal.message for refusal in parsed.refusals])
        return payload


@admin.register(RefusedEvent)
class RefusedEventAdmin(OfSource):
    """Events that could not be taken, with the reason."""

    audits_values = False
    change_form_template = "admin/change_form.html"
    empty_list = "No event had to be refused lately."
    form = RefusedForm
    list_display = ("received", "code_shown", "field", "message", "source")
    search_fields = ("code",)
    actions = ["send_again"]
    fieldsets = (
        (None, {"fields": ("code_shown", "field", "message", "payload")}),
        ("Where it came from", {"fields": ("source", "received", "key", "address", "user_agent", "ip")}),
    )
    warn_unsaved_form = True
    actions_submit_line = ["save_and_send_again"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Let what was sent be fixed, where all of it is there."""
        return [name for name in super().get_readonly_fields(request, obj) if name != "payload"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow those who may fix, where there is something to fix."""
        is_cut = isinstance(obj, RefusedEvent) and not obj.is_whole
        return request.user.has_perm("events.change_refusedevent") and not is_cut

    @admin.action(description="Send again", permissions=["change"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[RefusedEvent]) -> None:
        """Send events through the pipeline again, as they are now."""
        self.record_all("sent again", request, queryset.only("pk"))
        n_sent = refusals.send_again(queryset.values_list("pk", flat=True))
        text = f"Sent again: {n_sent}. What is still wrong comes back."
        self.message_user(request, text, messages.SUCCESS if n_sent else messages.WARNING)

    @action(description="Save and send again", permissions=["change"])
    def save_and_send_again(self, request: HttpRequest, obj: RefusedEvent) -> None:
        """Send the event that was just fixed through the pipeline again."""
        self.send_again(request, RefusedEvent.objects.filter(pk=obj.pk))

    @admin.display(description="Received")
    def received(self, row: RefusedEvent) -> SafeString:
        """Show when it came."""
        return moment(row.received_at)

    @admin.display(description="Reason")
    def code_shown(self, row: RefusedEvent) -> SafeString:
        """Show the reason's code."""
        return badge(row.code, "amber")

    @admin.display(description="Key that was used")
    def key(self, row: RefusedEvent) -> SafeString:
        """Show by which id or write key the source was named."""
        return _text(row, "key")

    @admin.display(description="Came as")
    def address(self, row: RefusedEvent) -> str:
        """Show the dialect, and the call or the type of the webhook."""
        return f"{row.dialect} {row.envelope.get('call', '')}".strip()

    @admin.display(description="User agent")
    def user_agent(self, row: RefusedEvent) -> SafeString:
        """Show what sent it."""
        return _text(row, "user_agent")

    @admin.display(description="IP address")
    def ip(self, row: RefusedEvent) -> SafeString:
        """Show from where it came."""
        return _text(row, "ip")


def _text(row: RefusedEvent, name: str) -> SafeString:
    value = row.envelope.get(name)
    return snippet(str(value)) if value else NOTHING


@admin.register(RefusalCount)
class RefusalCountAdmin(OfSource):
    """How often something was refused, by day: what was no JSON, or named no source, is found here alone."""

    empty_list = "Nothing was refused lately."
    keyset = ("day", "id")
    list_display = ("day", "code_shown", "count", "source", "key", "last_told")
    list_display_links = None
    fieldsets = ((None, {"fields": ("day", "code_shown", "count", "source", "key", "last_told")}),)

    @admin.display(description="Reason")
    def code_shown(self, row: RefusalCount) -> SafeString:
        """Show the reason's code."""
        return badge(row.code, "amber")

    @admin.display(description="The last was told")
    def last_told(self, row: RefusalCount) -> str:
        """Show the message of the last one."""
        return row.message
