"""Messages of which no event could be made: as they came, with why."""

from django.db import models

from apps.core.fields import Json
from apps.core.ids import new_id
from apps.inbound.models.bridge import Bridge


class BridgeDeadLetter(models.Model):
    """A message that was read and could not be taken; it can be taken later, once the mapping is fixed."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    bridge = models.ForeignKey(Bridge, on_delete=models.CASCADE, related_name="dead_letters")
    key = models.CharField(max_length=64)  # a hash of its coordinates, or one of its own
    message_key = models.CharField(max_length=512)  # by which its event is known, if it becomes one
    body = models.BinaryField()
    headers = Json(default=dict)
    about = Json(default=dict)
    sent_at = models.DateTimeField(null=True)  # by the broker's clock
    at = models.DateTimeField()  # when it was set aside
    problem = models.TextField(blank=True, default="")  # the reader's: it could not be decoded at all
    reason = models.TextField()  # why it was set aside
    n_tries = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = "dead letter of a bridge"
        verbose_name_plural = "dead letters of bridges"
        constraints = [models.UniqueConstraint(fields=["bridge", "key"], name="dead_letter_of_a_message")]
        indexes = [models.Index(fields=["bridge", "at"], name="dead_letters_by_time")]

    def __str__(self) -> str:
        return self.reason[:80]
