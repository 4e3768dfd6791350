"""The form of a notification channel: addresses and secrets go in, and never out."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from unfold.widgets import UnfoldAdminTextInputWidget, UnfoldBooleanSwitchWidget

from apps.alerts.delivery import channel_kinds
from apps.alerts.models import Channel
from apps.core import egress
from apps.core.egress import Forbidden
from apps.core.encryption import Unreadable
from apps.core.signing import new_secret

STAYS = "It leads to {}, and is not shown again. Empty: it stays as it is."


class ChannelForm(forms.ModelForm[Channel]):
    """A way to tell somebody; `kind` is the name of its kind."""

    kind = ""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.made_secret = ""  # to be shown this once
        if "recipients" in self.fields:
            self.fields["recipients"].required = True
        if "web_address" in self.fields:
            self.fields["web_address"].required = not _is_kept(self.instance, "address")
            if _is_kept(self.instance, "address"):
                self.fields["web_address"].help_text = STAYS.format(masked(self.instance))

    def clean_recipients(self) -> str:
        """Refuse what is no e-mail address, by name."""
        lines: str = self.cleaned_data["recipients"].replace(",", "\n").replace(";", "\n")
        found = [line.strip() for line in lines.splitlines() if line.strip()]
        for line in found:
            try:
                validate_email(line)
            except ValidationError:
                raise ValidationError(f"{line} is no e-mail address.") from None
        return "\n".join(found)

    def clean_web_address(self) -> str:
        """Refuse what no request may go to, as far as that can be seen."""
        address: str = self.cleaned_data["web_address"].strip()
        if address:
            try:
                egress.target_of(address)
            except Forbidden as error:
                raise ValidationError(str(error)) from None
        return address

    def clean(self) -> dict[str, Any]:
        """Put what is secret where no page reads it."""
        cleaned = super().clean() or {}
        self.instance.kind = self.kind
        if cleaned.get("web_address"):
            self.instance.address = cleaned["web_address"]
        is_lost = not _is_kept(self.instance, "secret")
        if channel_kinds[self.kind].has_secret and (is_lost or cleaned.get("renews_secret")):
            self.instance.secret = self.made_secret = new_secret()
        return cleaned


def form_of(name: str) -> type[ChannelForm]:
    """Make the form of a kind."""
    kind = channel_kinds[name]
    fields: dict[str, Any] = {"kind": name}
    if not kind.has_recipients:
        widget = UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "spellcheck": "false"})
        fields["web_address"] = forms.CharField(
            label="Address", max_length=2_000, widget=widget, help_text=kind.address_hint
        )
    if kind.has_secret:
        fields["renews_secret"] = forms.BooleanField(
            label="Make a new secret",
            required=False,
            widget=UnfoldBooleanSwitchWidget,
            help_text="What is sent from then on is signed with it, and with the old one no more.",
        )
    return type("ChannelForm", (ChannelForm,), fields)


def masked(channel: Channel) -> str:
    """Show of an address what is no secret: where it leads."""
    try:
        target = egress.target_of(channel.address)
    except Forbidden:  # networks that were allowed once
        return "an address that is not allowed any more"
    except Unreadable:
        return "an address that no key opens: enter it anew"
    port = "" if target.port == egress.PORTS[target.scheme] else f":{target.port}"
    return f"{target.scheme}://{target.host}{port}/…"


def _is_kept(channel: Channel, name: str) -> bool:
    """Tell whether something secret is there, and some key opens it."""
    try:
        return bool(getattr(channel, name))
    except Unreadable:
        return False
