"""What was accepted and waits, and what could not be taken."""

import json

from django.contrib.postgres.fields import ArrayField
from django.db import models

from apps.core.fields import Json
from apps.core.ids import new_id


class InboxItem(models.Model):
    """A request that was accepted and waits to be processed; it is deleted in the transaction that processes it."""

    class Dialect(models.TextChoices):
        TRACK = "track"
        SDK = "sdk", "SDK"
        WEBHOOK = "webhook"
        REPLAY = "replay"  # an event that was set aside, and is sent through the pipeline again
        PLATFORM = "platform"  # what the platform itself says; see events.emitting

    id = models.BigAutoField(primary_key=True)
    source_id = models.UUIDField()
    dialect = models.CharField(max_length=20, choices=Dialect)
    body = models.TextField()
    # What the body does not say: ip, user agent, call (the SDK's method) ...; see collector.wire.Envelope
    envelope = Json(default=dict)
    received_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True, default="")
    dead_at = models.DateTimeField(null=True)  # of a dead letter: it failed on its own, and waits for somebody
    retry_at = models.DateTimeField(null=True)  # of one that the database had no room for

    class Meta:
        indexes = [
            # The ingest loop takes the oldest. Without it the planner thinks that few wait, and reads all of them.
            models.Index(fields=["id"], condition=models.Q(dead_at=None, retry_at=None), name="inbox_waiting"),
            # An operator looks at what failed.
            models.Index(fields=["dead_at"], condition=models.Q(dead_at__isnull=False), name="inbox_dead"),
            # Ingest looks for what is to be tried again.
            models.Index(fields=["retry_at"], condition=models.Q(retry_at__isnull=False), name="inbox_retry"),
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
    # What was sent: the body of a request with this event alone, in its dialect. See collector.refused
    payload = models.TextField(blank=True, default="")
    dialect = models.CharField(max_length=20, blank=True, default="")
    envelope = Json(default=dict)  # as an inbox item has it: ip, user agent, the key that was used ...
    # Session, profile and identifiers that it came with, as a batch locks them: an erasure finds it by these.
    keys = ArrayField(models.UUIDField(), default=list)

    class Meta:
        indexes = [models.Index(fields=["received_at"], name="refused_by_time")]  # retention deletes the oldest

    def __str__(self) -> str:
        return f"{self.code} {self.field}".strip()

    @property
    def is_whole(self) -> bool:
        """Tell whether all that was sent is here, so that it can be sent again."""
        try:
            json.loads(self.payload)
        except (ValueError, RecursionError):
            return False
        return bool(self.dialect)
