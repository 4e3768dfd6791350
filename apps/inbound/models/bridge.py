"""Bridges: from where messages come, and what is made of them; who reads for them, and how far they are."""

from typing import ClassVar

from django.db import models

from apps.bridges.models import Connection
from apps.core.fields import Json
from apps.core.ids import new_id
from apps.core.impersonal import impersonal
from apps.events.models import Source


@impersonal("configuration")
class Bridge(models.Model):
    """What brings messages from another system in, as events of a source."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=40)  # the name of one of bridge_kinds/
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="+")
    is_enabled = models.BooleanField("on", default=True, help_text="Off: nothing is read, and the broker keeps it.")
    # Documents as `core/typed_settings` reads them.
    settings = Json(default=dict, blank=True)
    mapping = Json(default=dict, blank=True)
    paused_at = models.DateTimeField(null=True, editable=False)
    # Goes up with whatever makes what was read before worthless: other settings, another mapping, another position.
    revision = models.PositiveIntegerField(default=1, editable=False)
    seek = Json(null=True, editable=False)  # as `bridge_kind.Seek` has it; the next consumer carries it out
    # Who reads, where only one may; nobody else stores anything until then.
    holder = models.CharField(max_length=100, blank=True, default="", editable=False)
    held_until = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    refers: ClassVar = "read for it"  # says why a source of theirs cannot be deleted

    def __str__(self) -> str:
        return self.name


@impersonal("who reads, and how it goes")
class Consumer(models.Model):
    """A process that reads for a bridge, as it has said last; one that has not been heard for a while is gone."""

    class State(models.TextChoices):
        """What it does."""

        CONNECTING = "connecting", "Connecting"
        READING = "reading", "Connected"
        FULL = "full", "Waits: the inbox is full"
        STANDBY = "standby", "Stands by"
        PAUSED = "paused", "Paused"
        FAILED = "failed", "Failed"

    id = models.BigAutoField(primary_key=True)
    bridge = models.ForeignKey(Bridge, on_delete=models.CASCADE, related_name="consumers")
    replica = models.CharField(max_length=100)
    state = models.CharField(max_length=12, choices=State, default=State.CONNECTING)
    heard_at = models.DateTimeField()
    connected_at = models.DateTimeField(null=True)
    failed_part = models.CharField(max_length=12, blank=True, default="")  # of connection_kind.Part
    error = models.TextField(blank=True, default="")  # the last one
    error_at = models.DateTimeField(null=True)
    n_read = models.PositiveBigIntegerField(default=0)  # messages since it has begun, each once
    per_sec = models.FloatField(default=0)  # of the last seconds
    last_message_at = models.DateTimeField(null=True)
    n_waiting = models.BigIntegerField(null=True)  # at the broker
    has_part = models.BooleanField(default=False)  # of `n_waiting`: others have theirs
    oldest_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["bridge", "replica"], name="consumer_of_a_bridge")]

    def __str__(self) -> str:
        return self.replica


@impersonal("how far reading is")
class Position(models.Model):
    """Where to go on in a place: written in the transaction that stores what was read there."""

    id = models.BigAutoField(primary_key=True)
    bridge = models.ForeignKey(Bridge, on_delete=models.CASCADE, related_name="positions")
    place = models.TextField()
    position = Json()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["bridge", "place"], name="position_in_a_place")]

    def __str__(self) -> str:
        return f"{self.place} {self.position}"


@impersonal("hashes of messages")
class Unsettled(models.Model):
    """Messages without coordinates that are stored, while the broker may not know that yet.

    If it delivers one of them again, it is passed over.
    """

    id = models.BigAutoField(primary_key=True)
    bridge = models.ForeignKey(Bridge, on_delete=models.CASCADE, related_name="+")
    fingerprint = models.CharField(max_length=32)
    stored_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["bridge", "fingerprint"], name="unsettled_of_a_bridge")]

    def __str__(self) -> str:
        return self.fingerprint
