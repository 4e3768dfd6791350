"""Where events come from: sources and tracked links."""

import re
import secrets
from ipaddress import ip_network

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import OuterRef, Subquery

from apps.core import paths
from apps.core.fields import EncryptedText, EventTypeField, Json
from apps.core.ids import new_id
from apps.core.impersonal import impersonal
from apps.core.paths import PathError
from apps.core.snapshot import Remembered
from apps.events import platform_events
from apps.events.models.event import Event

ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s*]+/?|\*\.[^/\s*:]+|null", re.IGNORECASE)


def new_write_key() -> str:
    """Make a write key: 32 letters and digits. It names a source, it is no secret: browsers carry it in clear."""
    return secrets.token_hex(16)


@impersonal("configuration")
class Source(Remembered):
    """A place that sends events: a web site, a back end, a webhook, a tracked link."""

    class Kind(models.TextChoices):
        API = "api", "API and SDKs"
        WEBHOOK = "webhook", "Webhook"
        REDIRECT = "redirect", "Tracked links and pixels"
        BRIDGE = "bridge", "Bridges"
        INTERNAL = "internal", "The platform itself"

    class Bots(models.TextChoices):
        REFUSE = "refuse", "Refuse their events"
        FLAG = "flag", "Accept, and mark their sessions"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=120, unique=True)
    description = models.TextField(blank=True, default="")
    kind = models.CharField(max_length=20, choices=Kind, default=Kind.API)
    write_key = models.CharField(max_length=64, unique=True, default=new_write_key)
    channel = models.CharField(max_length=60, blank=True, default="")
    allowed_origins = ArrayField(
        models.CharField(max_length=200),
        default=list,
        blank=True,
        help_text="Pages that may send, separated by commas: https://shop.example, *.shop.example. Empty: any page.",
    )
    allowed_networks = ArrayField(
        models.CharField(max_length=50),
        default=list,
        blank=True,
        help_text="Addresses that may send, separated by commas: 203.0.113.7, 198.51.100.0/24. Empty: any address.",
    )
    is_enabled = models.BooleanField("enabled", default=True)
    trusts_ids = models.BooleanField(
        default=False,
        help_text="For your own servers alone: profile ids of the sender are adopted, and what it says of who somebody "
        "is, and of what they decided, is believed.",
    )
    bots = models.CharField(max_length=10, choices=Bots, default=Bots.REFUSE)
    required_consents = ArrayField(
        models.CharField(max_length=60),
        default=list,
        blank=True,
        help_text="Events are kept only of people who have given all of these. None: events are kept of everybody.",
    )
    is_ephemeral = models.BooleanField(
        "ephemeral",
        default=False,
        help_text="Events are processed and then forgotten; sessions and events are not stored.",
    )
    is_asynchronous = models.BooleanField(
        "asynchronous",
        default=False,
        help_text="Requests are answered once they are safe, and processed a moment later.",
    )
    # Webhooks: where in the properties the ids are found, and whether people are made of them.
    creates_profiles = models.BooleanField(
        default=False, help_text="Webhooks only: each call belongs to a profile. Otherwise its events have none."
    )
    profile_id_path = models.CharField(
        max_length=200, blank=True, default="", help_text="Dotted path in the properties."
    )
    session_id_path = models.CharField(
        max_length=200, blank=True, default="", help_text="Dotted path in the properties."
    )
    message_id_path = models.CharField(
        max_length=200,
        blank=True,
        default="",
        help_text="Dotted path in the properties: a message that comes again counts once. Empty: the usual headers, "
        "such as Webhook-Id and Idempotency-Key.",
    )
    # Webhooks: what proves a message, as `webhook_signing` has it: what is no secret, and JSON of what is one.
    signing = Json(default=dict, blank=True)
    signing_secrets = EncryptedText(blank=True, default="", editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse what no request could ever match: origins that no browser sends, and paths that lead nowhere."""
        mistakes = {}
        for origin in self.allowed_origins:
            if not ORIGIN.fullmatch(origin):
                mistakes["allowed_origins"] = f"{origin} is no origin such as https://shop.example or *.shop.example."
        for network in self.allowed_networks:
            try:
                ip_network(network)
            except ValueError:
                mistakes["allowed_networks"] = f"{network} is no address or network such as 198.51.100.0/24."
        for name in ("profile_id_path", "session_id_path", "message_id_path"):
            try:
                paths.parse(getattr(self, name) or "none")
            except PathError as error:
                mistakes[name] = str(error)
        if mistakes:
            raise ValidationError(mistakes)


def latest_arrival() -> Subquery:
    """Select when a source's latest event arrived: one look each into the index on (source_id, id)."""
    return Subquery(Event.objects.filter(source_id=OuterRef("pk")).order_by("-id").values("received_at")[:1])


@impersonal("configuration")
class Redirect(Remembered):
    """A tracked link: a click is recorded as an event, and goes on to the stored address."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=120, unique=True)
    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="redirects")
    event_type = EventTypeField(default="link-clicked")
    url = models.URLField("goes to", max_length=2000)
    properties = Json(default=dict, blank=True, help_text="Properties that each click's event carries.")
    takes_targets = models.BooleanField(
        "takes signed targets",
        default=False,
        help_text="Its address may name another one to go to, if we have signed that: for links that are made for each "
        "mail. What is not signed is refused.",
    )
    passes_parameters = models.BooleanField(
        "passes parameters on",
        default=False,
        help_text="utm_source and whatever else a click's address has are added to where it goes, unless that says "
        "the same itself.",
    )
    expires_at = models.DateTimeField("until", null=True, blank=True, help_text="Empty: for ever.")
    expired_url = models.URLField(
        "then goes to",
        max_length=2000,
        blank=True,
        default="",
        help_text="Where clicks go that come later. Empty: they are told that the link has expired.",
    )
    is_enabled = models.BooleanField("enabled", default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "tracked link"

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse addresses that are not web pages, javascript:, data: and the like, and events that only we report."""
        if self.event_type in platform_events.types():
            raise ValidationError({"event_type": "Only the platform itself tells of this."})
        for name in ("url", "expired_url"):
            address = getattr(self, name)
            if (address or name == "url") and not address.startswith(("http://", "https://")):
                raise ValidationError({name: "The address must start with http:// or https://."})
