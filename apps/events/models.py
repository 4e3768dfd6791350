"""Where events come from, what they mean, and where they are kept."""

import re
import secrets
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models

from apps.core import paths
from apps.core.fields import Json
from apps.core.ids import new_id
from apps.core.paths import PathError

ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s*]+/?|\*\.[^/\s*:]+|null", re.IGNORECASE)


def new_write_key() -> str:
    """Make a write key: 32 letters and digits. It names a source, it is no secret: browsers carry it in clear."""
    return secrets.token_hex(16)


class Source(models.Model):
    """A place that sends events: a web site, a back end, a webhook, a tracked link."""

    class Kind(models.TextChoices):
        API = "api", "API and SDKs"
        WEBHOOK = "webhook", "Webhook"
        REDIRECT = "redirect", "Tracked links"
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
    is_enabled = models.BooleanField("enabled", default=True)
    trusts_ids = models.BooleanField(
        default=False, help_text="Profile ids of the sender are adopted instead of being replaced by ours."
    )
    bots = models.CharField(max_length=10, choices=Bots, default=Bots.REFUSE)
    requires_consent = models.BooleanField(
        default=False, help_text="Events are kept only of people who have given at least one consent."
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
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse what no request could ever match: origins that no browser sends, and paths that lead nowhere."""
        mistakes = {}
        for origin in self.allowed_origins:
            if not ORIGIN.fullmatch(origin):
                mistakes["allowed_origins"] = f"{origin} is no origin such as https://shop.example or *.shop.example."
        for name in ("profile_id_path", "session_id_path"):
            try:
                paths.parse(getattr(self, name) or "none")
            except PathError as error:
                mistakes[name] = str(error)
        if mistakes:
            raise ValidationError(mistakes)


class Redirect(models.Model):
    """A tracked link: a click is recorded as an event, and goes on to the stored address."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=120, unique=True)
    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="redirects")
    event_type = models.CharField(max_length=128, default="link-clicked")
    url = models.URLField("goes to", max_length=2000)
    properties = Json(default=dict, blank=True, help_text="Properties that each click's event carries.")
    is_enabled = models.BooleanField("enabled", default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "tracked link"

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse addresses that are not web pages: javascript:, data: and the like."""
        if not self.url.startswith(("http://", "https://")):
            raise ValidationError({"url": "The address must start with http:// or https://."})


class EventType(models.Model):
    """What events of a type mean: which properties are searchable traits, and what they tell about the profile."""

    type = models.CharField(max_length=128, primary_key=True)
    name = models.CharField(max_length=120)
    group = models.CharField(max_length=40, blank=True, default="")
    definition = Json(default=dict, help_text="Journey, tags, traits, profile mapping, constants, computations.")
    is_builtin = models.BooleanField("built in", default=False)
    is_enabled = models.BooleanField("enabled", default=True)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.type


class Event(models.Model):
    """Something that happened. Rows are never changed by the pipeline once they are stored.

    The table is partitioned by month of `time` (see partitions.py); its primary key in the database is (id, time), and
    its indexes are in the migration that makes it. There are no foreign keys: partitions are dropped whole.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    time = models.DateTimeField()
    received_at = models.DateTimeField()
    processed_at = models.DateTimeField()
    type = models.CharField(max_length=128)
    source_id = models.UUIDField()
    session_id = models.UUIDField(null=True)
    profile_id = models.UUIDField(null=True)
    # The profile id that the event first came with: it outlives merges, so that they can be undone.
    original_profile_id = models.UUIDField(null=True)
    message_id = models.TextField(null=True)  # noqa: DJ001 - most events have none
    journey = models.TextField(null=True)  # noqa: DJ001
    tags = ArrayField(models.TextField(), default=list)
    is_silent = models.BooleanField(default=False)
    properties = Json(default=dict)
    traits = Json(default=dict)
    context = Json(default=dict)
    problems = Json(null=True)

    def __str__(self) -> str:
        return f"{self.type} {self.id}"


class MessageKey(models.Model):
    """The memory of what was accepted: a message seen before is dropped. Kept apart from events, and outlives them."""

    key = models.UUIDField(primary_key=True)
    received_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.key)


class InboxItem(models.Model):
    """A request that was accepted and waits to be processed; it is deleted in the transaction that processes it."""

    class Dialect(models.TextChoices):
        TRACK = "track"
        SEGMENT = "segment"
        WEBHOOK = "webhook"

    id = models.BigAutoField(primary_key=True)
    source_id = models.UUIDField()
    dialect = models.CharField(max_length=20, choices=Dialect)
    body = models.TextField()
    # What the body does not say: ip, user agent, call (the SDK's method) ...; see collector.wire.Envelope
    envelope = Json(default=dict)
    received_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True, default="")
    parked_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            # An operator looks at what failed; the ingest loop reads by id and skips it.
            models.Index(fields=["parked_at"], condition=models.Q(parked_at__isnull=False), name="inbox_parked"),
        ]

    def __str__(self) -> str:
        return f"{self.dialect} {self.id}"


class RefusedEvent(models.Model):
    """An event of a known source that could not be taken, with the reason: 'nothing arrives' must explain itself."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    source_id = models.UUIDField()
    received_at = models.DateTimeField()
    code = models.CharField(max_length=40)
    field = models.TextField(blank=True, default="")
    message = models.TextField()
    payload = models.TextField(blank=True, default="")

    class Meta:
        indexes = [models.Index(fields=["received_at"], name="refused_by_time")]  # retention deletes the oldest

    def __str__(self) -> str:
        return f"{self.code} {self.field}".strip()


def definition_of(event_type: EventType) -> dict[str, Any]:
    """Join the columns of an event type to the shape that `rules.compile` reads."""
    return {"id": event_type.type, "name": event_type.name, "group": event_type.group, **event_type.definition}
