"""Long jobs that people start and watch, the record of what people did, and the keys of programs."""

from datetime import datetime
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models

from apps.core.fields import Json
from apps.core.ids import new_id
from apps.core.impersonal import impersonal


class TaskQuerySet(models.QuerySet["Task"]):
    """Queries over tasks."""

    def runnable(self) -> "TaskQuerySet":
        """Narrow to those that workers carry on."""
        return self.filter(state__in=Task.RUNNABLE)

    def unfinished(self) -> "TaskQuerySet":
        """Narrow to those that have not ended: workers carry them on, or a person has to let them go on."""
        return self.filter(state__in=Task.UNFINISHED)


@impersonal("what staff started; parameters are ids of requests and configuration")
class Task(models.Model):
    """A long job that somebody started: what it does, how far it is, and how it ended.

    The row is the truth, the job in the queue only a nudge: a task goes on from `position` whoever carries it on.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Running"
        PAUSED = "paused", "Paused"  # until a person lets it go on
        DONE = "done", "Done"
        FAILED = "failed", "Failed"  # a person may try it again
        CANCELLED = "cancelled", "Cancelled"  # for good

    RUNNABLE = (State.WAITING, State.RUNNING)
    UNFINISHED = (*RUNNABLE, State.PAUSED)

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=60)  # a key of `tasks.kinds`
    params = Json(default=dict)
    requested_by = models.CharField(max_length=150)  # a name, so that it outlives the account
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    progress = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(null=True)  # unknown until a step has counted
    position = Json(default=dict)  # where the next step goes on, and what it has to remember
    message = models.TextField(blank=True, default="")
    max_rate = models.PositiveIntegerField(null=True)  # rows a second; None: as fast as it goes
    rests_until = models.DateTimeField(null=True)  # so that it keeps its rate
    samples = Json(default=list)  # of its progress: see pace.py
    n_lines = models.PositiveIntegerField(default=0)  # of its log, those that are no longer kept among them
    n_failed = models.PositiveIntegerField(default=0)  # rows, those that are not listed among them
    n_pardoned = models.PositiveIntegerField(default=0)  # of these, when somebody last let it go on
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    advanced_at = models.DateTimeField()  # the last sign of life
    finished_at = models.DateTimeField(null=True)

    objects = TaskQuerySet.as_manager()

    class Meta:
        indexes = [
            # The sweeper looks for those that nobody carries on.
            models.Index(
                fields=["advanced_at"], condition=models.Q(state__in=["waiting", "running"]), name="task_unfinished"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind.replace('_', ' ').replace('-', ' ')} of {self.created_at:%Y-%m-%d %H:%M}"

    def page(self, most: int) -> int:
        """Return how many rows its next step should take: a second's worth, where it has a rate to keep."""
        return min(most, max(1, self.max_rate)) if self.max_rate else most

    @property
    def percent(self) -> int | None:
        """How much is done; None while the total is unknown."""
        if self.state == Task.State.DONE:
            return 100
        return min(100, 100 * self.progress // self.total) if self.total else None

    @property
    def params_shown(self) -> dict[str, Any]:
        """The parameters that say something: those that are empty are left out."""
        return {name: value for name, value in self.params.items() if value not in (None, "", [], {})}


@impersonal("what a task said of its progress; rows by their ids")
class TaskLogLine(models.Model):
    """A line of a task's log."""

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="lines")
    number = models.PositiveIntegerField()  # in its task, from 1
    at = models.DateTimeField()
    text = models.CharField(max_length=500)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["task", "number"], name="task_line_once")]

    def __str__(self) -> str:
        return self.text


@impersonal("ids of rows, and why nothing could be done with them")
class TaskFailure(models.Model):
    """A row that a task could do nothing with."""

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="failures")
    number = models.PositiveIntegerField()  # in its task, from 1
    at = models.DateTimeField()
    row = models.CharField(max_length=200)
    reason = models.CharField(max_length=500)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["task", "number"], name="task_failure_once")]

    def __str__(self) -> str:
        return f"{self.row}: {self.reason}"


class AuditEntry(models.Model):
    """Who did what to which object, when, and from where; rows are added, and never taken away (see audit.py)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    at = models.DateTimeField()
    actor = models.CharField(max_length=64)  # user:<id>, key:<prefix> or system, as in the provenance of profiles
    actor_name = models.CharField("who", max_length=150)  # as it was then, so that it outlives the account
    ip = models.CharField("from", max_length=45, blank=True, default="")
    action = models.CharField(max_length=60)
    object_type = models.CharField(max_length=100, blank=True, default="")
    object_id = models.CharField(max_length=64, blank=True, default="")
    details = Json(default=dict)  # never personal data: it outlives an erasure

    class Meta:
        verbose_name_plural = "audit entries"
        indexes = [
            # All that was done to one object, and all that one person did, the latest first.
            models.Index(fields=["object_id", "id"], name="audit_by_object"),
            models.Index(fields=["actor_name", "id"], name="audit_by_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.action} by {self.actor_name}"


@impersonal("keys of programs")
class ApiKey(models.Model):
    """What lets a program in: a name, what it is good for, and the hash of its secret (see keys.py)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=120, help_text="Who uses it, and what for.")
    prefix = models.CharField(max_length=16, unique=True, editable=False)
    digest = models.CharField(max_length=64, editable=False)
    scopes = ArrayField(models.CharField(max_length=40), default=list)
    is_enabled = models.BooleanField(default=True)
    created_by = models.CharField(max_length=150, editable=False)  # a name, so that it outlives the account
    created_at = models.DateTimeField(editable=False)
    expires_at = models.DateTimeField(null=True, blank=True, help_text="Empty: it does not expire.")
    last_used_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = "API key"

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix})"

    def is_valid(self, now: datetime) -> bool:
        """Tell whether it lets anybody in."""
        return self.is_enabled and (self.expires_at is None or now < self.expires_at)


@impersonal("names of processes")
class Beat(models.Model):
    """When a process last showed that it lives (see beats.py)."""

    name = models.CharField(max_length=20, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} at {self.at:%Y-%m-%d %H:%M:%S}"
