"""How the runs of a flow end, counted as they do."""

from django.db import models

from apps.core.ids import NIL
from apps.core.impersonal import impersonal
from apps.flows.models.flow import Flow
from apps.flows.models.run import Run


@impersonal("counts")
class EndingCount(models.Model):
    """How many runs of a version ended in a way, within a span: the sum of all slots.

    A span is five minutes, and of what is over a month old a day.
    """

    id = models.BigAutoField(primary_key=True)
    # No constraint: to look the flow up costs as much as to count, and what runs of a deleted one left is forgotten.
    flow = models.ForeignKey(Flow, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    version_id = models.UUIDField(default=NIL)  # the nil UUID: nobody noted which
    at = models.DateTimeField()  # the end of the span
    status = models.PositiveSmallIntegerField(choices=Run.Status)
    slot = models.PositiveSmallIntegerField(default=0)  # of who counts: no two wait for each other until they commit
    n = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["flow", "at", "version_id", "status", "slot"], name="ending_count_unique")
        ]

    def __str__(self) -> str:
        return f"{self.at} {self.n}"
