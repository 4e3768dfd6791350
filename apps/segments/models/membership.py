"""Who belongs to a segment, since when, until when, and why. History is data."""

from django.db import models

from apps.core.ids import new_id
from apps.segments.models.segment import Segment


class Cause(models.TextChoices):
    """What made a person enter or leave."""

    EVENT = "event", "An event of the person"
    CHANGE = "change", "A change of the profile"
    TIME = "time", "Time went by"
    DEFINITION = "definition", "The segment was made or changed"
    LIST = "list", "The list was changed"
    FLOW = "flow", "A flow decided"


class Membership(models.Model):
    """That somebody is or was in a segment; current while `left_at` is null, as at most one of a person in it is."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="memberships", db_index=False)
    profile_id = models.UUIDField()  # the living profile; merges take it along
    entered_at = models.DateTimeField()
    entered_because = models.CharField(max_length=10, choices=Cause)
    left_at = models.DateTimeField(null=True)
    left_because = models.CharField(max_length=10, choices=Cause, blank=True, default="")

    class Meta:
        constraints = [
            # The members of a segment in the order of their ids, and that each is in it once.
            models.UniqueConstraint(
                fields=["segment", "profile_id"], condition=models.Q(left_at=None), name="membership_is_open_once"
            )
        ]
        indexes = [
            # The segments of the people of a batch, now and before.
            models.Index(fields=["profile_id"], name="membership_by_profile"),
            # How a segment grew: who entered since a day.
            models.Index(fields=["segment", "entered_at"], name="membership_by_entry"),
            # And how it shrank.
            models.Index(
                fields=["segment", "left_at"], condition=models.Q(left_at__isnull=False), name="membership_by_leaving"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.profile_id} in {self.segment_id}"
