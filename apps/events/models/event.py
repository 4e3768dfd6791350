"""Events, and the memory of which messages brought them."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models

from apps.core.fields import EventTypeField, Json
from apps.core.ids import new_id
from apps.core.impersonal import impersonal


class Event(models.Model):
    """Something that happened. Rows are never changed by the pipeline once they are stored.

    The table is partitioned by month of `time` (see partitions.py); its primary key in the database is (id, time), and
    its indexes are in the migration that makes it. There are no foreign keys: partitions are dropped whole.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    time = models.DateTimeField()
    received_at = models.DateTimeField()
    processed_at = models.DateTimeField()
    type = EventTypeField()
    source_id = models.UUIDField()
    session_id = models.UUIDField(null=True)
    profile_id = models.UUIDField(null=True)
    # The profile id that the event first came with: it outlives merges, so that they can be undone.
    original_profile_id = models.UUIDField(null=True)
    message_id = models.TextField(null=True)  # noqa: DJ001 - most events have none
    journey = models.TextField(null=True)  # noqa: DJ001
    tags = ArrayField(models.TextField(), default=list)
    is_silent = models.BooleanField(default=False)
    # False: it is not what its type says (`problems` has why), and nothing was made of it.
    is_valid = models.BooleanField(default=True)
    properties = Json(default=dict)
    traits = Json(default=dict)
    context = Json(default=dict)
    problems = Json(null=True)

    def __str__(self) -> str:
        return f"{self.type} {self.id}"


@impersonal("hashes of messages, without which an old message could come again")
class MessageKey(models.Model):
    """The memory of what was accepted: a message seen before is dropped. Kept apart from events, and outlives them."""

    key = models.UUIDField(primary_key=True)
    received_at = models.DateTimeField()
    # A checksum of what a message with an id of its own said, to tell a repetition from another message of that id.
    content = models.IntegerField(null=True)

    class Meta:
        # Retention deletes the oldest. Rows lie in the order of their arrival: ranges of blocks are index enough.
        indexes = [BrinIndex(fields=["received_at"], name="message_key_by_time")]

    def __str__(self) -> str:
        return str(self.key)
