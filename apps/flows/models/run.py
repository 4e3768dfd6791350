"""People on their way through flows: a row a run, and a row for each thing that may wake it before its time."""

from datetime import UTC, datetime, timedelta
from typing import ClassVar, Final

from django.db import models

from apps.core.claims import Claimable
from apps.core.fields import Json
from apps.core.ids import new_id
from apps.core.impersonal import impersonal
from apps.core.snapshot import Remembered
from apps.flows.models.flow import Flow, FlowVersion

BEFORE_SPANS: Final = datetime(1970, 1, 1, tzinfo=UTC)  # of what was counted when nobody noted the time


class Run(Claimable):
    """Somebody on their way through a flow, or a run without a person; pinned to the version that it entered.

    `due_at` is the next moment at which something is to be done, whatever else may wake it before; null once it has
    ended, and while its flow is paused. See claims.py for the order of locks: profiles, then runs.
    """

    LEASE = timedelta(seconds=20)  # what is done under one takes a second; who died is missed after it
    MAX_ATTEMPTS: ClassVar = 10
    SUBJECT: ClassVar[str] = "profile_id"

    class Status(models.IntegerChoices):
        """How a run ended; one that merely stopped is never 'finished'."""

        LIVE = 1, "Under way"
        FINISHED = 2, "Finished"
        GOAL = 3, "Reached the goal"
        EXITED = 4, "Left by an exit rule"
        REMOVED = 5, "Removed"  # by hand, by an erasure, or as a consent was withdrawn: `reason` says which
        FAILED = 6, "Failed"
        EXPIRED = 7, "Expired"
        EDITED = 8, "Stopped by an edit"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    # No constraints in the database: rows are many, and each would be looked up. A flow takes its runs with it.
    flow = models.ForeignKey(Flow, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    version = models.ForeignKey(
        FlowVersion, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    profile_id = models.UUIDField(null=True)  # the living profile; null: it is about nobody
    original_profile_id = models.UUIDField(null=True)  # which it entered with
    session_id = models.UUIDField(null=True)
    parent_id = models.UUIDField(null=True)  # the run whose sub-flow it is
    # What makes entry unique; null where nothing has to be.
    entry_key = models.UUIDField(null=True)
    # What all runs of a person and a key have in common: earlier ones are found by it, whatever the rule was. Null: it
    # has no key, and is about somebody.
    entry_group = models.UUIDField(null=True)
    trigger = models.CharField(max_length=40, blank=True, default="")  # the id of the one that started it
    status = models.PositiveSmallIntegerField(choices=Status, default=Status.LIVE)
    reason = models.TextField(blank=True, default="")  # why it ended so, for people
    place = models.CharField(max_length=40, blank=True, default="")  # the node where it waits, the first if several
    state = Json()  # the engine's, see engine/state.py
    is_traced = models.BooleanField(default=False)  # each of its steps is kept
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    goal_at = models.DateTimeField(null=True)  # when it reached its goal, during it or after
    # What its clock is behind, as the flow was paused and everybody shifted: the engine's time is ours less that.
    behind = models.DurationField(default=timedelta)
    # When something was to be done, while the flow is paused.
    held_due_at = models.DateTimeField(null=True)
    title = ""  # what a page calls it: of whom it is, only some may see

    class Meta(Claimable.Meta):
        indexes = [
            *Claimable.Meta.indexes,
            models.Index(fields=["profile_id", "id"], name="run_profile"),  # a person's page
            models.Index(fields=["flow", "id"], name="run_flow"),  # a flow's list
            # Who was to go on while their flow is paused.
            models.Index(fields=["flow", "id"], condition=models.Q(held_due_at__isnull=False), name="run_held"),
            # Who waits where; and all that are under way in a flow.
            models.Index(fields=["flow", "place"], condition=models.Q(status=1), name="run_place"),
            models.Index(fields=["flow", "place"], condition=models.Q(status=6), name="run_failed"),  # who failed where
            models.Index(
                fields=["entry_group", "started_at"],
                condition=models.Q(entry_group__isnull=False),
                name="run_entry_group",
            ),
            # The oldest are forgotten: all of them, or all but what makes their entry unique.
            models.Index(
                fields=["ended_at"], condition=models.Q(ended_at__isnull=False) & ~models.Q(state={}), name="run_ended"
            ),
            # Who could not go on the last time: few, or somebody has to look at it.
            models.Index(fields=["id"], condition=~models.Q(error=""), name="run_error"),
        ]
        constraints = [
            *Claimable.Meta.constraints,
            # Of those that have one: most do not, and each entry in an index is a part of what a run costs.
            models.UniqueConstraint(
                fields=["entry_key"], condition=models.Q(entry_key__isnull=False), name="run_entry_key"
            ),
        ]

    def __str__(self) -> str:
        return self.title or str(self.id)


class Wait(models.Model):
    """Something that may wake a run before its time; looked for by (profile, type) as events come."""

    class Kind(models.IntegerChoices):
        EVENT = 1  # what a node waits for
        EXIT = 2  # an exit rule
        GOAL = 3  # it may outlive the run, until `expires_at`
        DELIVERY = 4  # `type` is the delivery's id
        CHILD = 5  # a sub-flow; `type` is the run's id
        SKIP = 6  # somebody decided that a token does not wait any longer

    ANYTHING: ClassVar[str] = "*"  # the type of one that any event of the person wakes

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    run_id = models.UUIDField()
    profile_id = models.UUIDField(null=True)
    kind = models.PositiveSmallIntegerField(choices=Kind)
    type = models.CharField(max_length=255)  # an event type, or an id
    token = models.PositiveIntegerField(default=0)  # of the run's tokens, the one that waits; 0: all of the run
    # Only what says the same wakes it: {path in the event: value as text}; null: all of the type do.
    match = Json(null=True)
    met = Json(default=list)  # the events that have woken it, as snapshots, until the run is advanced
    expires_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["profile_id", "type"], name="wait_profile_type"),
            models.Index(fields=["type"], condition=models.Q(kind__in=(4, 5)), name="wait_id"),
            models.Index(fields=["run_id"], name="wait_run"),
            models.Index(fields=["expires_at"], condition=models.Q(expires_at__isnull=False), name="wait_expires"),
        ]

    def __str__(self) -> str:
        return self.type


@impersonal("configuration")
class AwaitedType(Remembered):
    """A type of events that some run has waited for; see awaited.py."""

    type = models.CharField(max_length=255, primary_key=True)

    def __str__(self) -> str:
        return self.type


class Step(models.Model):
    """What happened at one node of a run that is traced."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    run_id = models.UUIDField(db_index=True)
    node = models.CharField(max_length=40)
    visit = models.PositiveIntegerField()
    at = models.DateTimeField()
    port = models.CharField(max_length=40, blank=True, default="")  # by which it was left; empty: it waits there
    took_us = models.PositiveIntegerField()
    told = Json(default=dict)  # input, output, and what conditions said; without what is secret
    error = models.TextField(blank=True, default="")

    def __str__(self) -> str:
        return f"{self.node} {self.visit}"


@impersonal("counts")
class NodeCount(models.Model):
    """How often a node of a version was left by a port, within a span; of entries the port is empty.

    The sum of all slots is it. How long a span is depends on its age, see runs/count_spans.py.
    """

    id = models.BigAutoField(primary_key=True)
    version = models.ForeignKey(FlowVersion, on_delete=models.CASCADE, related_name="counts", db_index=False)
    at = models.DateTimeField(default=BEFORE_SPANS)  # the end of the span
    node = models.CharField(max_length=40)
    port = models.CharField(max_length=40, blank=True, default="")
    slot = models.PositiveSmallIntegerField(default=0)  # of who counts: no two wait for each other until they commit
    n = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "at", "node", "port", "slot"], name="node_count_unique")
        ]

    def __str__(self) -> str:
        return f"{self.node} {self.port}"


class Assignment(models.Model):
    """The branch of a split that somebody drew: it stays, whatever becomes of the weights."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    flow = models.ForeignKey(Flow, on_delete=models.CASCADE, related_name="+")
    node = models.CharField(max_length=40)
    profile_id = models.UUIDField()
    branch = models.CharField(max_length=40)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["flow", "node", "profile_id"], name="assignment_unique")]
        indexes = [models.Index(fields=["profile_id"], name="assignment_profile")]

    def __str__(self) -> str:
        return self.branch


class LastValue(models.Model):
    """What a node that looks for changes has seen last of somebody, as a digest: it tells nobody what it was."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    flow = models.ForeignKey(Flow, on_delete=models.CASCADE, related_name="+")
    node = models.CharField(max_length=40)
    profile_id = models.UUIDField()
    digest = models.UUIDField()
    at = models.DateTimeField()  # when it changed to this
    forget_at = models.DateTimeField(null=True)  # null: when the flow is deleted, or the person

    class Meta:
        constraints = [models.UniqueConstraint(fields=["flow", "node", "profile_id"], name="last_value_unique")]
        indexes = [
            models.Index(fields=["profile_id"], name="last_value_profile"),
            models.Index(fields=["forget_at"], condition=models.Q(forget_at__isnull=False), name="last_value_forget"),
        ]

    def __str__(self) -> str:
        return f"{self.node} at {self.at:%Y-%m-%d %H:%M:%S}"
