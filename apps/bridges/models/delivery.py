"""What leaves the house: a row a message to another system, until it is there or will never be."""

from datetime import timedelta
from typing import ClassVar, Final

from django.db import models
from django.db.models import Q

from apps.bridges.models.connection import Connection
from apps.core.claims import Claimable
from apps.core.fields import Json
from apps.core.ids import new_id

LASTS: Final = timedelta(hours=72)  # from when it is planned, whatever its connection does
KEPT_TRIES: Final = 10


class Delivery(Claimable):
    """One message to one receiver. It is tried by time and not by count: until its deadline.

    What was refused, expired or cancelled can be tried again by hand, under the same key.
    """

    LEASE: ClassVar = timedelta(minutes=1)
    # None is given up as it was tried too often: leases that are lost count, too, and `deadline_at` ends it.
    MAX_ATTEMPTS: ClassVar = 32_000

    class Outcome(models.TextChoices):
        """What became of it."""

        WAITING = "waiting", "Waiting"
        DELIVERED = "delivered", "Delivered"
        REFUSED = "refused", "Refused"
        EXPIRED = "expired", "Expired"
        CANCELLED = "cancelled", "Cancelled"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    # No constraint in the database: rows are many, and each would be looked up. They stay when their connection goes.
    connection = models.ForeignKey(
        Connection, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    # By which the receiver knows a repetition: the same for all tries. Who plans the same twice plans it once.
    key = models.CharField(max_length=200, unique=True)
    origin = models.CharField(max_length=20)  # what planned it: "flow"
    origin_id = models.UUIDField(null=True)  # which one of these: the run
    parent_id = models.UUIDField(null=True)  # what that belongs to: the flow
    profile_id = models.UUIDField(null=True)  # the profile that it was planned for, a raw id; null: it is about nobody
    request = Json()  # as the connection's kind reads it
    is_test = models.BooleanField(default=False)  # goes by the connection's settings for tests
    created_at = models.DateTimeField()
    deadline_at = models.DateTimeField()
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.WAITING)
    answer = Json(null=True)  # the last one
    tries = Json(default=list)  # the last ten: when, what came of it, how many milliseconds it took
    n_tries = models.PositiveIntegerField(default=0)
    ended_at = models.DateTimeField(null=True)

    class Meta(Claimable.Meta):
        verbose_name_plural = "deliveries"
        indexes = [
            # Each connection is served by itself, so that a dead one holds nobody else.
            models.Index(fields=["connection", "due_at", "id"], condition=Q(due_at__isnull=False), name="delivery_due"),
            models.Index(fields=["origin_id"], condition=Q(origin_id__isnull=False), name="delivery_origin"),
            models.Index(fields=["profile_id", "id"], condition=Q(profile_id__isnull=False), name="delivery_profile"),
            # What somebody may have to look at.
            models.Index(
                fields=["outcome", "id"],
                condition=Q(outcome__in=("refused", "expired", "cancelled")),
                name="delivery_lost",
            ),
        ]

    def __str__(self) -> str:
        return self.key
