"""Events that are not what their type says, and wait for somebody to fix them."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models

from apps.core.fields import EventTypeField, Json


class QuarantinedEvent(models.Model):
    """An event that was accepted and set aside, with all that is needed to send it through the pipeline again.

    Its id is the key of its message where it has one: however often a client repeats it, it is here once.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    type = EventTypeField()
    source_id = models.UUIDField()
    time = models.DateTimeField()
    received_at = models.DateTimeField()
    problems = Json(default=list)  # [{field, message}] of the last check
    # What may be fixed.
    properties = Json(default=dict, blank=True)
    context = Json(default=dict, blank=True)
    # What surrounded it: the rest of the event and its payload; see collector.wire.replay
    payload = Json(default=dict)
    # Whose it may be, before anybody has looked: keys of the ids that came with it, for erasure.
    keys = ArrayField(models.UUIDField(), default=list)

    class Meta:
        indexes = [
            models.Index(fields=["type", "id"], name="quarantined_by_type"),  # the admin's filter, and dry runs
            models.Index(fields=["received_at", "id"], name="quarantined_by_time"),  # the admin's list, and retention
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.id}"

    @property
    def first_problem(self) -> dict[str, Any]:
        """What to show in a line."""
        return self.problems[0] if self.problems else {}
