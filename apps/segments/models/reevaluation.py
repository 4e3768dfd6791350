"""Re-evaluation: segments are evaluated for many people at once, page by page, in the background."""

from datetime import timedelta

from django.db import models

from apps.core.claims import Claimable
from apps.core.fields import Json
from apps.core.ids import new_id
from apps.core.impersonal import impersonal


@impersonal("counts")
class Reevaluation(models.Model):
    """A run through people, to evaluate segments for them. Of each kind one is under way at a time.

    These rows and those of its pages are the truth; jobs in the queue only name them.
    """

    class Kind(models.TextChoices):
        FULL = "full", "Everybody, as time goes by"
        BUILD = "build", "Everybody, for new definitions"
        INCREMENTAL = "incremental", "Whose profiles were changed"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=12, choices=Kind)
    requested_by = models.CharField(max_length=150)
    # What is evaluated: {key of a segment: version of its definition when the run began}.
    segments = Json(default=dict)
    started_at = models.DateTimeField()
    heartbeat_at = models.DateTimeField()  # the last sign of life
    finished_at = models.DateTimeField(null=True)
    n_pages = models.PositiveIntegerField(default=0)
    n_pages_done = models.PositiveIntegerField(default=0)
    n_profiles = models.PositiveBigIntegerField(default=0)  # to look at, when it began
    n_seen = models.PositiveBigIntegerField(default=0)
    n_entered = models.PositiveBigIntegerField(default=0)
    n_left = models.PositiveBigIntegerField(default=0)
    n_skipped = models.PositiveIntegerField(default=0)  # starts that found it under way
    # {key of a segment: what went wrong at last}; those of pages that were set aside.
    problems = Json(default=dict)

    class Meta:
        verbose_name = "re-evaluation run"
        constraints = [
            models.UniqueConstraint(
                fields=["kind"], condition=models.Q(finished_at=None), name="reevaluation_of_a_kind_one_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} run of {self.started_at:%Y-%m-%d %H:%M:%S}"

    @property
    def percent(self) -> int:
        """How much is done."""
        return 100 * self.n_pages_done // self.n_pages if self.n_pages else 100


@impersonal("bounds of ids, and counts")
class ReevaluationPage(Claimable):
    """The people of a run whose ids lie within bounds. It is evaluated again and again until that went well."""

    MAX_ATTEMPTS = 3
    BACKOFF = (timedelta(minutes=1),)

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(Reevaluation, on_delete=models.CASCADE, related_name="pages")
    number = models.PositiveIntegerField()
    after = models.UUIDField()
    until = models.UUIDField()  # included
    n_seen = models.PositiveBigIntegerField(default=0)
    n_entered = models.PositiveBigIntegerField(default=0)
    n_left = models.PositiveBigIntegerField(default=0)
    problems = Json(default=dict)  # {key of a segment: what went wrong in the last attempt}

    class Meta(Claimable.Meta):
        constraints = [
            *Claimable.Meta.constraints,
            models.UniqueConstraint(fields=["run", "number"], name="reevaluation_page_by_number"),
        ]

    def __str__(self) -> str:
        return f"page {self.number} of {self.run_id}"
