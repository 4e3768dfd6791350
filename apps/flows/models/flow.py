"""What is done for people, step by step: the draft that somebody works on, and the versions that were published."""

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models

from apps.core.fields import Json
from apps.core.ids import new_id
from apps.core.impersonal import impersonal
from apps.core.snapshot import Remembered
from apps.segments.models.segment import KEY, KEY_MESSAGE

RESERVED = ("check", "import")  # flows/check, flows/import


@impersonal("configuration")
class Flow(Remembered):
    """A flow. What it does is said by its published version; a draft is never run for anybody."""

    class Kind(models.TextChoices):
        COLLECTION = "collection", "After events"
        SEGMENTATION = "segmentation", "Over everybody"

    class State(models.TextChoices):
        OFF = "off", "Off"  # nobody enters; who is in goes on
        ON = "on", "On"
        PAUSED = "paused", "Paused"  # nobody enters, nobody goes on, and the clocks of who is in stand still

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    key = models.CharField(max_length=100, unique=True, validators=[RegexValidator(KEY, KEY_MESSAGE)])
    name = models.CharField(max_length=120, unique=True)
    description = models.TextField(blank=True, default="")
    kind = models.CharField(max_length=12, choices=Kind, default=Kind.COLLECTION)
    state = models.CharField(max_length=8, choices=State, default=State.OFF)
    # Of two flows that would reach one person, the one with the greater number comes first.
    priority = models.SmallIntegerField(default=0)
    draft = Json(default=dict, blank=True)  # a definition, as `definition` reads it, or what is to become one
    draft_revision = models.PositiveIntegerField(default=0, editable=False)  # counts its changes
    draft_changed_at = models.DateTimeField(null=True, editable=False)
    draft_changed_by = models.CharField(max_length=200, blank=True, default="", editable=False)
    version = models.ForeignKey(  # the one that people enter; none: it was never published
        "FlowVersion", on_delete=models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )
    paused_at = models.DateTimeField(null=True, editable=False)
    # Why the platform has paused it; empty where somebody did.
    paused_because = models.TextField(blank=True, default="", editable=False)
    # Whether people enter once it goes on: as they did before it was paused.
    is_on_after_pause = models.BooleanField(default=True, editable=False)
    # So many runs a minute go on of those that an outage, or a pause, has made late; null: as fast as they can.
    catch_up_per_minute = models.PositiveIntegerField(null=True, blank=True)
    failures_since = models.DateTimeField(null=True, editable=False)  # what failed before is forgiven
    # It is paused when so many percent of the runs that ended in the last hour have failed; null: never.
    max_failure_percent = models.PositiveSmallIntegerField(null=True, blank=True, default=20)
    # Of one over everybody: when everybody was gone through last, and is to be again; null: not yet, and at once.
    passed_at = models.DateTimeField(null=True, editable=False)
    next_pass_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        permissions = [
            ("publish_flow", "Can publish flows, and switch them on, off and to pause"),
            ("start_flow", "Can let people enter flows by hand"),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse a key under which the API has something else. Raises ValidationError."""
        if self.key in RESERVED:
            raise ValidationError({"key": f"A flow cannot have the key {self.key}: the API has something else there."})


@impersonal("configuration")
class FlowVersion(Remembered):
    """A definition as it was published; it never changes."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    flow = models.ForeignKey(Flow, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    definition = Json()
    note = models.TextField(blank=True, default="")  # what has changed, in the words of who published it
    published_at = models.DateTimeField()
    published_by = models.CharField(max_length=200)
    # Where people who are in this version go on at their next node, where that is there; none: they end on this one.
    successor = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["flow", "number"], name="flow_version_number_unique")]

    def __str__(self) -> str:
        return f"{self.flow} {self.number}"
