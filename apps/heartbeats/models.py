"""Heartbeats, their runs, and the ledger of the silences that were told of."""

from datetime import timedelta
from typing import ClassVar

from django.db import models

from apps.core.claims import Claimable
from apps.core.fields import EventTypeField
from apps.core.ids import new_id
from apps.core.impersonal import impersonal
from apps.events.models import Source
from apps.profiles.models import ConsentType
from apps.segments.models import Segment


@impersonal("configuration")
class Heartbeat(Claimable):
    """A rule that looks for silence by the clock, and says so, once for each silence or each person.

    `definitions` saves it; `due_at` is its next run. It is never given up: whoever runs it may die as often as may be.
    """

    LEASE = timedelta(seconds=60)  # renewed with each page; so long nobody goes on after a crash
    MAX_ATTEMPTS: ClassVar = 32_000
    STUCK: ClassVar = 5  # attempts of which none came to an end: somebody should look

    class Rearm(models.TextChoices):
        """When it speaks again of whom it has spoken of."""

        ONCE = "once", "Never again"
        SILENCE = "silence", "After each new silence"

    class FirstRun(models.TextChoices):
        """What becomes of those who were silent for long when it was switched on."""

        RIPENING = "ripening", "Only who becomes silent from now on"
        ALL = "all", "Everybody who is silent already, too"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=120, unique=True)
    is_enabled = models.BooleanField("enabled", default=True)
    strategy = models.CharField(max_length=60)  # the key of one in strategies/
    # What it says: the strategy's own event, or one whose type an operator made.
    event_type = EventTypeField(blank=True, help_text="Empty: what is usual for the strategy.")
    wait_period = models.DurationField(help_text="How long somebody has to be silent.")
    # A cron expression in the time zone of the platform. Empty: it only runs when somebody says so.
    schedule = models.CharField(max_length=120, blank=True, default="* * * * *")
    # Of whom it speaks; without any, of everybody.
    source = models.ForeignKey(
        Source, on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="Who came through it."
    )
    segment = models.ForeignKey(
        Segment, on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="Who is in it."
    )
    consent = models.ForeignKey(
        ConsentType, on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="Who has given it."
    )
    condition = models.TextField(blank=True, default="")
    includes_bots = models.BooleanField(default=False)
    rearm = models.CharField("speaks again", max_length=10, choices=Rearm, default=Rearm.ONCE)
    first_run = models.CharField(max_length=10, choices=FirstRun, default=FirstRun.RIPENING)
    max_per_run = models.PositiveIntegerField(
        "at most a run", default=10_000, help_text="What is over it comes with the next run."
    )
    # Silences that ripened before are not told of, unless the first run is for all: since it is as it is.
    counted_from = models.DateTimeField(null=True, editable=False)
    # Everybody whose last activity was before was looked at by a run that came to its end; see running.py.
    seen_until = models.DateTimeField(null=True, editable=False)
    seen_through_at = models.DateTimeField(null=True, editable=False)  # when a run began with the first of all
    requested_by = models.CharField(
        max_length=150, blank=True, default="", editable=False
    )  # of the next run, if by hand
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta(Claimable.Meta):
        constraints = [
            *Claimable.Meta.constraints,
            models.CheckConstraint(condition=models.Q(wait_period__gt=timedelta(0)), name="heartbeat_waits"),
        ]

    def __str__(self) -> str:
        return self.name


@impersonal("counts")
class HeartbeatRun(models.Model):
    """One run of a heartbeat, in slices: whoever goes on with it begins where the last one stopped."""

    class Trigger(models.TextChoices):
        CRON = "cron", "By the clock"
        HAND = "hand", "By hand"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    heartbeat = models.ForeignKey(Heartbeat, on_delete=models.CASCADE, related_name="runs")
    trigger = models.CharField(max_length=10, choices=Trigger)
    requested_by = models.CharField(max_length=150, blank=True, default="")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    clock = models.DateTimeField()  # all that was received until then is stored: the run's idea of now
    lag_secs = models.FloatField(default=0)  # by which it is behind, for what waits in the inbox
    n_seen = models.PositiveBigIntegerField(default=0)  # silent for long enough, told of or not
    n_due = models.PositiveBigIntegerField(default=0)  # in its scope, and not told of before
    n_said = models.PositiveBigIntegerField(default=0)
    n_suppressed = models.PositiveBigIntegerField(default=0)  # the client had said so itself, or there is nobody
    is_complete = models.BooleanField(default=False)  # whether all that was due, so far, was told of
    error = models.TextField(blank=True, default="")
    # Behind whom it began, and where it goes on.
    since = models.DateTimeField(null=True, editable=False)
    after_hour = models.DateTimeField(null=True, editable=False)
    after_id = models.UUIDField(null=True, editable=False)

    class Meta:
        indexes = [
            # The history of a heartbeat, newest first; and the oldest are deleted.
            models.Index(fields=["heartbeat", "-started_at"], name="heartbeat_run_by_start"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["heartbeat"], condition=models.Q(finished_at=None), name="heartbeat_run_one_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"{self.heartbeat} at {self.started_at:%Y-%m-%d %H:%M:%S}"


class Silence(models.Model):
    """The ledger: that a heartbeat told of a silence, or need not. By its key each is told once, whoever looks."""

    id = models.BigAutoField(primary_key=True)
    heartbeat_id = models.UUIDField()  # no foreign key: one on the spot has no row
    # The raw id of a profile, of which a person has a row each, or the id of a session.
    subject_id = models.UUIDField()
    began_at = models.DateTimeField()  # the last activity
    ripened_at = models.DateTimeField()
    said_at = models.DateTimeField(null=True)  # null: it was suppressed, or said of another id of the person

    class Meta:
        constraints = [
            # The subject first: by it a run looks up whom it found, a page what was said of somebody, an erasure all.
            models.UniqueConstraint(fields=["subject_id", "heartbeat_id", "began_at"], name="silence_is_told_once")
        ]

    def __str__(self) -> str:
        return f"{self.subject_id} since {self.began_at:%Y-%m-%d %H:%M:%S}"
