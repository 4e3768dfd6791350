"""What was noticed of all that comes in, and is no event: arrivals, refusals by day, and types that nobody planned."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models

from apps.core.impersonal import impersonal


@impersonal("counts, and how sources were named that there are not")
class RefusalCount(models.Model):
    """How often something was refused on a day, of a source or of somebody who named none that there is."""

    day = models.DateField()  # UTC
    source_id = models.UUIDField(null=True)
    key = models.CharField(max_length=64, blank=True, default="")  # how a source was named that there is not
    code = models.CharField(max_length=40)
    count = models.BigIntegerField()
    last_at = models.DateTimeField()
    message = models.TextField(blank=True, default="")  # what the last one was told

    class Meta:
        verbose_name_plural = "refusals by day"
        constraints = [
            models.UniqueConstraint(
                fields=["day", "source_id", "key", "code"], nulls_distinct=False, name="refusals_counted_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.code}"


@impersonal("counts")
class ArrivalCount(models.Model):
    """How many events of a source arrived in five minutes: what was taken and what was refused, history left out."""

    source_id = models.UUIDField()
    at = models.DateTimeField()  # when the five minutes begin
    taken = models.BigIntegerField(default=0)
    refused = models.BigIntegerField(default=0)
    latest_at = models.DateTimeField(null=True)  # when the last one arrived of those that were taken

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source_id", "at"], name="arrivals_counted_once")]
        # Retention deletes the oldest. Rows lie in the order of their arrival: ranges of blocks are index enough.
        indexes = [BrinIndex(fields=["at"], name="arrivals_by_time")]

    def __str__(self) -> str:
        return f"{self.taken} at {self.at:%Y-%m-%d %H:%M}"


@impersonal("counts")
class UnplannedType(models.Model):
    """A type of events that came, though nobody has defined it: a new one, or one that is misspelt."""

    type = models.CharField(max_length=128)
    source_id = models.UUIDField()
    count = models.BigIntegerField()
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    class Meta:
        verbose_name = "unplanned event type"
        constraints = [models.UniqueConstraint(fields=["type", "source_id"], name="unplanned_type_once")]
        indexes = [models.Index(fields=["last_seen_at", "id"], name="unplanned_by_time")]

    def __str__(self) -> str:
        return self.type
